"""Unit tests open no socket: one that tries fails, whatever the code under test does with exceptions."""

import socket
from typing import Never

import pytest


def _refuse(_sock: socket.socket, *address: object) -> Never:
    # Not an `Exception`, so that no retry and no `except OSError` swallows it.
    pytest.fail(f"a unit test opened a socket to {address}: it belongs into tests/integration")


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    for call in ("bind", "connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, call, _refuse)

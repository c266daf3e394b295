"""Unit tests open no socket: one that tries fails, whatever the code under test does with exceptions."""

import socket
import threading
from collections.abc import Callable

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    # A devnet that other tests of this process share goes on in threads of its own; those are older than this test.
    older = set(threading.enumerate()) - {threading.current_thread()}

    def refusing(call: Callable[..., object]) -> Callable[..., object]:
        def guarded(sock: socket.socket, *arguments: object) -> object:
            if threading.current_thread() in older:
                return call(sock, *arguments)
            # Not an `Exception`, so that no retry and no `except OSError` swallows it.
            pytest.fail(f"a unit test opened a socket to {arguments}: it belongs into tests/integration")

        return guarded

    for name in ("bind", "connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refusing(getattr(socket.socket, name)))

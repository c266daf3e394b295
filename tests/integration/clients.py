"""Clients of a shared devnet: each test names the people it acts for, so that no two share transaction nonces."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from attrs import evolve

import xl2
from xl2.config import Config
from xl2.errors import Reverted
from xl2_devnet.devnet_file import Description

_TIMES = 5


def config_of(devnet: Description, folder: Path) -> Config:
    """The devnet's configuration, from a file in `folder`, with a brisk poll."""
    file = folder / "devnet.json"
    file.write_bytes(devnet.to_json())
    config = xl2.load(file)
    return evolve(config, relayer=evolve(config.relayer, poll_seconds=0.2))


def file_of(devnet: Description, folder: Path, **changed: object) -> Path:
    """The devnet's file in `folder`, with keys at the top changed."""
    file = folder / "devnet.json"
    file.write_bytes(orjson.dumps({**orjson.loads(devnet.to_json()), **changed}))
    return file


@asynccontextmanager
async def client_of(
    devnet: Description, folder: Path, role: str, hooks: xl2.WalletHooks | None = None
) -> AsyncIterator[xl2.AsyncClient]:
    """A client that signs as one of the devnet's people."""
    async with xl2.connect_async(config_of(devnet, folder), key=role, hooks=hooks) as client:
        yield client


async def with_little_time(transfer: Callable[[], Awaitable[xl2.Sent]]) -> xl2.Sent:
    """What is sent to be overdue soon: on a busy machine it may be so before a block has it, and is sent once more."""
    for _ in range(_TIMES):
        with contextlib.suppress(Reverted):
            return await transfer()
    return await transfer()

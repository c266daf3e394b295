"""
Beside: walks of a module that begin at once, as relayers' do, each told of by a test of its own.

Comes in: walks by name, each for accounts of its own. Goes out: what each of them failed with, or None. Promise: all
are walked to their end, whatever becomes of another.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import TypeVar

from eth_account import Account

from tests.integration.clients import client_of
from tests.waiting import PATIENCE_SECONDS
from xl2.core.types import address
from xl2.ports import CrossingState
from xl2_devnet import Description

Name = TypeVar("Name")
#: What a walk failed with.
Failure = BaseException | None


async def walked(walks: Mapping[Name, Awaitable[None]]) -> Mapping[Name, Failure]:
    """How each of them ended."""
    return dict(zip(walks, await asyncio.gather(*walks.values(), return_exceptions=True), strict=True))


async def travelled(devnet: Description, folder: Path, role: str, origin: str, destination: str) -> None:
    """Ether arrives over both rollups' own bridges, followed by its first hash alone; then nothing is left to do."""
    recipient = Account.create().address
    async with client_of(devnet, folder, role) as client:
        begun = await client.travel(origin, destination, "0.25", recipient)

        done = await client.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)
        again = await client.advance(begun.first.sent.tx_hash)

        chain = client._parts.chain(destination)
        assert await chain.balance(address(recipient)) == 10**18 // 4
    assert done.journey.second is not None
    last = done.journey.current
    assert (last.state, last.rollup) == (CrossingState.ARRIVED, devnet.chain(destination).chain_id)
    assert last.cargo.amount == 10**18 // 4
    assert again.acts == ()


def told(failure: Failure) -> None:
    """Raise what a walk failed with."""
    if failure is not None:
        raise failure

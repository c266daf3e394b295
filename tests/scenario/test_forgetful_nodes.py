"""Nodes that are no archive: what was shown long ago cannot be shown again from its old block, and messages go on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

import xl2
from tests.devnet_clocks import UNDISPUTED
from tests.devnet_user import User
from tests.integration.clients import client_of
from tests.waiting import PATIENCE_SECONDS, until
from xl2_adapters.rpc import Call, RpcClient
from xl2_devnet import Description, Options, up
from xl2_devnet.accounts import account

A, B = "op-a", "op-b"
#: As few as leave time to prove on a busy machine: 25 seconds of blocks.
STATES = 100


@pytest.fixture
async def forgetful() -> AsyncIterator[Description]:
    """A devnet of its own, whose nodes keep few states."""
    async with up(Options(clocks=evolve(UNDISPUTED, states_kept=STATES))) as devnet:
        yield devnet


async def forget(devnet: Description) -> None:
    """Let every chain go on until no state is kept that is kept now."""
    users = [User(devnet.chain(name), account("bob").private_key) for name in (A, B)]
    heights = [int(str(await user.rpc.call("eth_blockNumber")), 16) for user in users]
    async with RpcClient(devnet.chain("l1").node_url) as l1:
        # An L2 has a block for each block of its L1, and hurries while it is behind.
        await l1.batch([Call("evm_mine", ())] * (STATES + 1))
    for user, height in zip(users, heights, strict=True):

        async def look(user: User = user, height: int = height) -> bool | None:
            return int(str(await user.rpc.call("eth_blockNumber")), 16) > height + STATES or None

        await until(look, f"{STATES} more blocks of {user.chain.name}")
        await user.close()


async def carried(client: xl2.AsyncClient, via: str) -> xl2.Relayed:
    sent = await client.send(A, B, client.contract(B, "notebook"), b"still here", fee_wei=0)
    return await client.relay(sent.id, "delivered", PATIENCE_SECONDS, via=via)


async def test_messages_are_delivered_when_the_blocks_shown_last_are_forgotten(
    forgetful: Description, tmp_path: Path
) -> None:
    async with client_of(forgetful, tmp_path, "alice") as client:
        for via in ("proven", "routed"):
            await carried(client, via)
        await forget(forgetful)

        for via in ("proven", "routed"):
            again = await carried(client, via)

            # On a busy machine its block may be final by now.
            assert again.status.state in {xl2.State.DELIVERED, xl2.State.CONFIRMED}
            assert again.acts[-1].evidence == via

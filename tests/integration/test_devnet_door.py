"""The door of a kind that is not anvil's own: its methods, its hashes, and nothing else of the node."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from xl2.errors import RpcRejected
from xl2_adapters.rpc import Call, RpcClient, RpcLimits
from xl2_adapters.rpc_wire import Json
from xl2_devnet.anvil import anvil
from xl2_devnet.controls import BATCHES, Controls
from xl2_devnet.gate import Gate
from xl2_devnet.proxy import door
from xl2_devnet.rollup import PASS, Pass
from xl2_devnet.safe_head import SafeHead
from xl2_devnet.system_transaction import system_transaction
from xl2_devnet.toolchain import ANVIL, find

TICKET = "0x" + "7a" * 32
NOWHERE = "0x" + "00" * 19 + "c8"


@frozen(kw_only=True)
class House:
    """An empty L2's anvil, and a door to it whose kind answers two methods itself."""

    node: RpcClient
    users: RpcClient
    controls: Controls
    safe_head: SafeHead
    aliases: dict[str, str]


async def batch_of(params: Sequence[Any]) -> Json | Pass:
    """A method that anvil does not have."""
    if not params:
        raise RpcRejected("missing value for required argument 0", endpoint="", rpc_code=-32602)
    return {"batch": params[0]}


async def call_to_nowhere(params: Sequence[Any]) -> Json | Pass:
    """A contract that only the node knows."""
    return "0x2a" if params[0].get("to") == NOWHERE else PASS


@pytest.fixture
async def house() -> AsyncIterator[House]:
    binary = find(ANVIL, {"HOME": str(Path.home()), "PATH": "/usr/bin:/bin"})
    arguments = ["--network", "optimism", "--no-mining", "--order", "fifo", "--disable-pool-balance-checks"]
    controls, aliases = Controls(), dict[str, str]()
    async with (
        anvil(binary, "l2", port=0, arguments=[*arguments, "--chain-id", "901", "--slots-in-an-epoch", "1"]) as running,
        RpcClient(running.url, limits=RpcLimits(max_attempts=1)) as node,
    ):
        safe_head = SafeHead(chain="l2", l2=node, controls=controls)
        answers = {"zks_getBatch": batch_of, "eth_call": call_to_nowhere}
        gate = Gate(node, gas_limit=30_000_000)
        async with (
            door(running.url, gate, answers=answers, aliases=aliases, safe_head=safe_head) as url,
            RpcClient(url, limits=RpcLimits(max_attempts=1)) as users,
        ):
            yield House(node=node, users=users, controls=controls, safe_head=safe_head, aliases=aliases)


async def test_a_method_of_the_kind_is_answered_and_its_refusal_told(house: House) -> None:
    assert await house.users.call("zks_getBatch", 7) == {"batch": 7}
    with pytest.raises(RpcRejected, match="missing value"):
        await house.users.call("zks_getBatch")


async def test_what_the_kind_passes_on_anvil_answers_and_methods_of_the_operator_nobody(house: House) -> None:
    answered = await house.users.try_batch(
        [
            Call("eth_call", ({"to": NOWHERE, "data": "0x"}, "latest")),
            Call("eth_call", ({"to": "0x" + "11" * 20, "data": "0x"}, "latest")),
            Call("eth_chainId", ()),
            Call("evm_mine", ()),
        ]
    )

    assert answered[:3] == ["0x2a", "0x", "0x385"]
    assert isinstance(answered[3], RpcRejected)


async def test_a_transaction_is_found_by_the_hash_that_the_real_chain_would_give_it(house: House) -> None:
    sent = system_transaction(bytes(32), sender="0x" + "aa" * 20, to="0x" + "bb" * 20, gas=100_000, aliases=(TICKET,))
    await house.node.call("eth_sendRawTransaction", "0x" + sent.raw.hex())
    await house.node.call("evm_mine")
    house.aliases.update(dict.fromkeys(sent.aliases, sent.tx_hash))

    by_ticket, by_hash, unknown = await house.users.batch(
        [Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in (TICKET, sent.tx_hash, "0x" + "01" * 32)]
    )
    alone: Any = await house.users.call("eth_getTransactionByHash", TICKET)

    assert isinstance(by_ticket, dict)
    assert isinstance(by_hash, dict)
    assert by_ticket == {**by_hash, "transactionHash": TICKET}
    assert alone["hash"] == TICKET
    assert unknown is None


async def test_safe_and_finalized_stand_still_from_the_block_after_batches_are_withheld(house: House) -> None:
    async def numbers() -> list[int]:
        calls = [Call("eth_getBlockByNumber", (tag, False)) for tag in ("latest", "safe", "finalized")]
        found: Any = await house.users.batch(calls)
        return [int(block["number"], 16) for block in found]

    async def mine(blocks: int) -> None:
        await house.node.call("anvil_mine", hex(blocks))
        await house.safe_head.look()

    await mine(5)
    before = await numbers()
    house.controls.withhold(BATCHES, "l2")
    await mine(1)
    held = await numbers()
    await mine(5)
    later = await numbers()
    house.controls.give(BATCHES, "l2")
    await mine(1)

    assert before == [5, 4, 3]
    assert held == [6, 5, 4]
    assert later == [11, 5, 4]
    assert await numbers() == [12, 11, 10]

"""
Deposits of the OP Stack: what L1's portal is asked for, and where L2 has it.

Promise: what is told of L2 comes from its blocks; that a deposit was asked for, from L1's receipt.
"""

from collections.abc import Mapping
from typing import Any

from tests.devnet_user import User
from tests.waiting import until
from xl2_devnet.abi import op_stack
from xl2_devnet.op_stack.derive import DEPOSITOR, user_deposit
from xl2_devnet.op_stack.genesis import PREDEPLOYS

PORTAL, L1_BLOCK = op_stack("OptimismPortal2"), op_stack("L1Block")
ETHER = 10**18
_DEPOSIT_GAS = 100_000


def deposit(to: str, value: int, data: bytes = b"") -> bytes:
    """The call of L1's portal that asks for a deposit."""
    return PORTAL.call("depositTransaction", to, value, _DEPOSIT_GAS, False, data)


def deposits_in(receipt: Mapping[str, Any]) -> list[str]:
    """L2 hashes of the deposits that an L1 transaction asked for."""
    topic = PORTAL.topic("TransactionDeposited")
    return [user_deposit(log).tx_hash for log in receipt["logs"] if log["topics"][0] == topic]


async def first_derived(user: User) -> int:
    """The first block that follows an L1 block: those before it are the genesis and what was deployed with it."""
    number = 1
    while (await user.block(number, full=True))["transactions"][0]["from"] != DEPOSITOR:
        number += 1
    return number


async def advance(user: User, blocks: int) -> None:
    """Return when a chain has so many blocks more."""
    start = int((await user.block("latest"))["number"], 16)

    async def look() -> bool | None:
        return True if int((await user.block("latest"))["number"], 16) >= start + blocks else None

    await until(look, f"{blocks} blocks of {user.chain.name}")


async def told_origins(l1: User, l2: User, first: int) -> list[int]:
    """The L1 block that L1Block names at each L2 block from `first` on; each with L1's own hash, or the test fails."""
    head = int((await l2.block("latest"))["number"], 16)
    origins = []
    for number in range(first, head + 1):
        request: Any = {"from": l2.address, "to": PREDEPLOYS["L1Block"]}
        told, block_hash = [
            str(await l2.rpc.call("eth_call", {**request, "data": "0x" + L1_BLOCK.call(name).hex()}, hex(number)))
            for name in ("number", "hash")
        ]
        origins.append(int(told, 16))
        assert block_hash == (await l1.block(origins[-1]))["hash"]
    return origins

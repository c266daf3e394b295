"""What L1 asks a ZK-stack L2 of the devnet for, as transactions of the L2, and what comes back of it."""

from typing import Any, cast

import pytest
from attrs import evolve
from eth_abi import encode
from eth_utils import keccak

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.zk_stack import gas
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.zk_stack.batch import GENESIS, Batch, false
from xl2_devnet.zk_stack.contracts import zk_stack
from xl2_devnet.zk_stack.derive import ZkDerivation
from xl2_devnet.zk_stack.genesis import BOOTLOADER, SYSTEM_CONTEXT
from xl2_devnet.zk_stack.operations import Operation, Operations

ORIGIN = L1Origin(number=7, hash="0x" + "ab" * 32, parent_hash="0x" + "00" * 32, timestamp=1, base_fee=1)
SENDER, TO, REFUND = ("0x" + byte * 20 for byte in ("11", "22", "33"))
OPERATION = Operation(
    canonical_hash=keccak(b"canonical"),
    sender=SENDER,
    to=TO,
    value=5,
    data=b"call",
    gas_limit=1_000_000,
    gas_price=2,
    minted=10_000_000,
    refund_recipient=REFUND,
)


class L1:
    """An L1 whose logs hold one operation."""

    name = "l1"

    async def call(self, method: str, *params: Any) -> Any:  # noqa: ARG002
        assert method == "eth_getLogs"
        return [log_of(OPERATION)]


class L2:
    """An L2 that ran it, with a receipt of this status."""

    name = "l2"

    def __init__(self, status: str) -> None:
        self.status = status

    async def batch(self, calls: list[Call]) -> list[Any]:
        return [{"status": self.status, "gasUsed": "0x7530"} for _ in calls]


def log_of(operation: Operation) -> dict[str, Any]:
    """The Mailbox's event for it."""
    word = {name: int(getattr(operation, name), 16) for name in ("sender", "to", "refund_recipient")}
    transaction: tuple[Any, ...] = (
        255, word["sender"], word["to"], operation.gas_limit, 800, operation.gas_price, 0, 0, 0, operation.value,
        (operation.minted, word["refund_recipient"], 0, 0), operation.data, b"", [], b"", b"",
    )  # fmt: skip
    kind = "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256[4],bytes,bytes,uint256[],bytes,bytes)"  # noqa: E501
    values: list[Any] = [0, operation.canonical_hash, 0, transaction, []]
    data = encode(["uint256", "bytes32", "uint64", kind, "bytes[]"], values)
    return {"topics": [zk_stack("IZkSync").topic("NewPriorityRequest")], "data": "0x" + data.hex()}


def derivation(status: str = "0x1") -> ZkDerivation:
    operations = Operations(cast("RpcClient", L1()), "0x" + "44" * 20)
    return ZkDerivation(cast("RpcClient", L2(status)), operations)


def test_what_an_opening_tells_is_read_back() -> None:
    opening = derivation().opening(ORIGIN, 3)
    calldata = opening.raw[-(4 + 96) :]

    told = derivation().told({"from": BOOTLOADER, "to": SYSTEM_CONTEXT, "input": "0x" + calldata.hex()})

    assert told == Told(number=7, hash=ORIGIN.hash, sequence_number=3)
    assert derivation().told({"from": SENDER, "input": "0x" + calldata.hex()}) is None
    assert derivation().told({"from": BOOTLOADER, "input": "0x"}) is None
    assert derivation().opening(ORIGIN, 4).tx_hash != opening.tx_hash


async def test_an_operation_is_known_by_the_hash_that_l1_gave_it() -> None:
    (deposit,) = await derivation().deposits(ORIGIN)

    assert Operation.of(log_of(OPERATION)) == OPERATION
    assert deposit.aliases == ("0x" + OPERATION.canonical_hash.hex(),)
    assert deposit.sender == SENDER
    assert deposit == OPERATION.transaction


@pytest.mark.parametrize("status", ["0x1", "0x0"])
async def test_what_was_paid_too_much_is_refunded_and_the_value_too_where_the_call_failed(status: str) -> None:
    block = {"transactions": ["0x" + "99" * 32, OPERATION.transaction.tx_hash]}

    followed = await derivation(status).follow_ups(block)

    around = OPERATION.gas_limit - gas.body(OPERATION.gas_limit, len(OPERATION.data))
    refund = OPERATION.minted - OPERATION.value - (around + 30_000) * OPERATION.gas_price
    assert refund > 0
    assert refund.to_bytes(3, "big") in followed[0].raw
    assert bytes.fromhex(REFUND[2:]) in followed[0].raw
    assert [one.sender for one in followed[1:]] == ([] if status == "0x1" else [SENDER])
    assert len({one.sender for one in followed}) == len(followed), "anvil takes one of a sender in a block"
    assert await derivation(status).follow_ups(block) == followed, "a function of the block alone"


def test_a_fee_is_never_more_than_the_gas_that_was_bought() -> None:
    assert OPERATION.fee(10**9) == OPERATION.gas_limit * OPERATION.gas_price


def test_a_batch_of_nothing_is_the_genesis_that_the_diamond_begins_at() -> None:
    assert GENESIS.stored[0] == GENESIS.stored[3] == GENESIS.stored[6] == 0
    assert GENESIS.operations_hash == keccak(b"")
    assert GENESIS.logs_root == bytes(32)


def test_operations_of_a_batch_are_hashed_in_their_order() -> None:
    one, two = keccak(b"1"), keccak(b"2")
    batch = Batch(
        number=1, first_block=1, last_block=2, block_hash="", state_root="0x" + "00" * 32, timestamp=1,
        operations=(one, two),
    )  # fmt: skip

    assert batch.operations_hash == keccak(keccak(keccak(b"") + one) + two)
    assert evolve(batch, operations=(two, one)).operations_hash != batch.operations_hash
    assert false(batch).state_root != batch.state_root

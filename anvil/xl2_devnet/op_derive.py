"""
OP Stack derivation: blocks and deposit events of L1 become the deposit transactions of L2, byte by byte.

Pure. L1 headers and logs come in as JSON-RPC gives them; raw type 0x7E transactions go out. Promise: the same L1 block
gives the same bytes, whose hash is the L2 transaction's hash, as any OP Stack node derives it. When they are sealed
into blocks is `op_node`'s.
Source: OP Stack specification, "Deposits" and "L1 attributes deposited transaction" (Ecotone).
"""

from collections.abc import Mapping
from typing import Any

import rlp
from attrs import frozen
from eth_utils import keccak

from xl2_devnet.abi import op_stack
from xl2_devnet.op_genesis import PREDEPLOYS
from xl2_devnet.op_l1 import BASE_FEE_SCALAR, BLOB_BASE_FEE_SCALAR

#: Account that sets L1Block.
DEPOSITOR = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"
#: First byte of a deposit transaction, which no user can sign.
DEPOSIT_TYPE = 0x7E
DEPOSIT_TOPIC = op_stack("OptimismPortal2").topic("TransactionDeposited")

_USER_DEPOSIT, _L1_ATTRIBUTES = 0, 1
_L1_ATTRIBUTES_GAS = 1_000_000
_SET_L1_BLOCK = keccak(text="setL1BlockValuesEcotone()")[:4]


@frozen(kw_only=True)
class L1Origin:
    """The L1 block that an L2 block is derived from, as far as L2 is told of it."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    base_fee: int

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> "L1Origin":
        """From a block of `eth_getBlockByNumber`."""
        return cls(
            number=int(block["number"], 16),
            hash=block["hash"],
            parent_hash=block["parentHash"],
            timestamp=int(block["timestamp"], 16),
            base_fee=int(block.get("baseFeePerGas") or "0x0", 16),
        )


@frozen(kw_only=True)
class Deposit:
    """One deposit transaction."""

    source_hash: bytes
    #: Lower-case hex.
    sender: str
    raw: bytes

    @property
    def tx_hash(self) -> str:
        """Hash of the L2 transaction."""
        return "0x" + keccak(self.raw).hex()


def l1_attributes(origin: L1Origin, sequence_number: int, batcher_hash: bytes) -> Deposit:
    """The first transaction of an L2 block: sets L1Block. `sequence_number` counts L2 blocks of one origin from 0."""
    block_hash = bytes.fromhex(origin.hash[2:])
    calldata = (
        _SET_L1_BLOCK
        + BASE_FEE_SCALAR.to_bytes(4, "big")
        + BLOB_BASE_FEE_SCALAR.to_bytes(4, "big")
        + sequence_number.to_bytes(8, "big")
        + origin.timestamp.to_bytes(8, "big")
        + origin.number.to_bytes(8, "big")
        + origin.base_fee.to_bytes(32, "big")
        + (1).to_bytes(32, "big")  # blob base fee: nothing here posts blobs
        + block_hash
        + batcher_hash
    )
    return _deposit(
        _source_hash(_L1_ATTRIBUTES, block_hash, sequence_number),
        sender=DEPOSITOR,
        to=PREDEPLOYS["L1Block"],
        gas=_L1_ATTRIBUTES_GAS,
        data=calldata,
    )


def user_deposit(log: Mapping[str, Any]) -> Deposit:
    """The deposit transaction that a `TransactionDeposited` log of the portal asks for.

    `opaqueData` (version 0) is packed: mint 32, value 32, gas 8, is creation 1, data.
    """
    event = op_stack("OptimismPortal2").event(log)
    if event is None or event.name != "TransactionDeposited":
        raise ValueError(f"not a TransactionDeposited log: {log}")
    opaque: bytes = event.arguments["opaqueData"]
    return _deposit(
        _source_hash(_USER_DEPOSIT, bytes.fromhex(log["blockHash"][2:]), int(log["logIndex"], 16)),
        sender=event.arguments["from"].lower(),
        to=None if opaque[72] else event.arguments["to"],
        mint=int.from_bytes(opaque[:32], "big"),
        value=int.from_bytes(opaque[32:64], "big"),
        gas=int.from_bytes(opaque[64:72], "big"),
        data=opaque[73:],
    )


def _source_hash(domain: int, l1_block_hash: bytes, index: int) -> bytes:
    inner = keccak(l1_block_hash + index.to_bytes(32, "big"))
    return keccak(domain.to_bytes(32, "big") + inner)


def _deposit(
    source_hash: bytes, *, sender: str, to: str | None, gas: int, data: bytes, mint: int = 0, value: int = 0
) -> Deposit:
    recipient = bytes.fromhex(to[2:]) if to else b""
    # The last flag but one, `isSystemTx`, is false since Regolith.
    fields: list[bytes | int] = [source_hash, bytes.fromhex(sender[2:]), recipient, mint, value, gas, b"", data]
    return Deposit(
        source_hash=source_hash, sender=sender, raw=bytes([DEPOSIT_TYPE]) + rlp.encode([_scalar(f) for f in fields])
    )


def _scalar(value: bytes | int) -> bytes:
    return value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8, "big")

"""
OP Stack derivation: blocks and deposit events of L1 become the deposit transactions of L2, byte by byte.

L1 headers and logs come in as JSON-RPC gives them; system transactions go out. Promise: the same L1 block gives the
same bytes, whose hash is the L2 transaction's hash, as any OP Stack node derives it. When they are sealed into blocks
is `sequencer`'s.
Source: OP Stack specification, "Deposits" and "L1 attributes deposited transaction" (Ecotone).
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils import keccak

from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import mapping, sequence
from xl2_devnet.abi import op_stack
from xl2_devnet.op_stack.genesis import PREDEPLOYS
from xl2_devnet.op_stack.l1 import BASE_FEE_SCALAR, BLOB_BASE_FEE_SCALAR
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.system_transaction import SystemTransaction, system_transaction

log = logging.getLogger(__name__)

#: Account that sets L1Block.
DEPOSITOR = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001"
DEPOSIT_TOPIC = op_stack("OptimismPortal2").topic("TransactionDeposited")

_USER_DEPOSIT, _L1_ATTRIBUTES = 0, 1
_L1_ATTRIBUTES_GAS = 1_000_000
_SET_L1_BLOCK = keccak(text="setL1BlockValuesEcotone()")[:4]


class OpDerivation:
    """Derivation of one L2 of the OP Stack."""

    def __init__(self, *, name: str, l1: RpcClient, portal: str, batcher_hash: bytes) -> None:
        """`portal`: the rollup's, on L1. `batcher_hash`: as SystemConfig has it."""
        self.name = name
        self._l1 = l1
        self._portal = portal
        self._batcher_hash = batcher_hash

    def opening(self, origin: L1Origin, sequence_number: int) -> SystemTransaction:
        """L1Info."""
        return l1_attributes(origin, sequence_number, self._batcher_hash)

    def told(self, transaction: Mapping[str, Any]) -> Told | None:
        """What L1Info tells, if this is one."""
        return told(transaction)

    async def deposits(self, origin: L1Origin) -> Sequence[SystemTransaction]:
        """What the portal took in."""
        found = await self._l1.call(
            "eth_getLogs", {"blockHash": origin.hash, "address": self._portal, "topics": [DEPOSIT_TOPIC]}
        )
        logs = [mapping(entry, self._l1.name) for entry in sequence(found, self._l1.name)]
        if logs:
            log.debug("deposits", extra={"fields": {"chain": self.name, "l1_block": origin.number, "count": len(logs)}})
        return [user_deposit(entry) for entry in logs]

    async def follow_ups(self, block: Mapping[str, Any]) -> Sequence[SystemTransaction]:  # noqa: ARG002 - the protocol's
        """Nothing: an OP Stack block calls for no other."""
        return ()


def l1_attributes(origin: L1Origin, sequence_number: int, batcher_hash: bytes) -> SystemTransaction:
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
    return system_transaction(
        _source_hash(_L1_ATTRIBUTES, block_hash, sequence_number),
        sender=DEPOSITOR,
        to=PREDEPLOYS["L1Block"],
        gas=_L1_ATTRIBUTES_GAS,
        data=calldata,
    )


def told(transaction: Mapping[str, Any]) -> Told | None:
    """What an L1 attributes transaction tells of the origin; None for any other transaction."""
    calldata = bytes.fromhex(transaction["input"][2:])
    if str(transaction["from"]).lower() != DEPOSITOR or calldata[:4] != _SET_L1_BLOCK:
        return None
    return Told(
        sequence_number=int.from_bytes(calldata[12:20], "big"),
        number=int.from_bytes(calldata[28:36], "big"),
        hash="0x" + calldata[100:132].hex(),
    )


def user_deposit(log: Mapping[str, Any]) -> SystemTransaction:
    """The deposit transaction that a `TransactionDeposited` log of the portal asks for.

    `opaqueData` (version 0) is packed: mint 32, value 32, gas 8, is creation 1, data.
    """
    event = op_stack("OptimismPortal2").event(log)
    if event is None or event.name != "TransactionDeposited":
        raise ValueError(f"not a TransactionDeposited log: {log}")
    opaque: bytes = event.arguments["opaqueData"]
    return system_transaction(
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

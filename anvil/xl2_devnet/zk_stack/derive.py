"""
ZK derivation: blocks and priority operations of L1 become the system transactions of a ZK-stack L2.

L1 blocks come in, transactions go out. Promise: operations run in the order of L1, each once, with the value and the
sender that L1 gave them; what was paid above value and gas goes to the refund recipient, and the value as well where
the call failed, as the bootloader does it. Unlike on a real chain every L2 block tells its L1 origin, in calldata that
no contract reads: the devnet's sequencer takes up from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping, quantity
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.system_transaction import SystemTransaction, system_transaction
from xl2_devnet.zk_stack.genesis import BOOTLOADER, SYSTEM_CONTEXT
from xl2_devnet.zk_stack.operations import Operation, Operations

#: Not a function of the real SystemContext, which knows nothing of L1's blocks.
_OPEN = keccak(text="xl2DevnetOrigin(uint64,bytes32,uint64)")[:4]
_OPEN_TYPES = ["uint64", "bytes32", "uint64"]
_OPEN_GAS, _REFUND_GAS = 100_000, 100_000


class ZkDerivation:
    """Derivation of one L2. Implements `rollup.Derivation`."""

    def __init__(self, l2: RpcClient, operations: Operations) -> None:
        """`l2`: the anvil itself."""
        self._l2 = l2
        self._operations = operations

    def opening(self, origin: L1Origin, sequence_number: int) -> SystemTransaction:
        """From the bootloader to the SystemContext, as a real chain opens a block."""
        told = encode(_OPEN_TYPES, [origin.number, bytes.fromhex(origin.hash[2:]), sequence_number])
        return system_transaction(
            keccak(b"opening" + told), sender=BOOTLOADER, to=SYSTEM_CONTEXT, gas=_OPEN_GAS, data=_OPEN + told
        )

    def told(self, transaction: Mapping[str, Any]) -> Told | None:
        """From the calldata of the opening."""
        calldata = bytes.fromhex(transaction["input"][2:])
        if transaction["from"] != BOOTLOADER or calldata[:4] != _OPEN:
            return None
        number, block_hash, sequence_number = decode(_OPEN_TYPES, calldata[4:])
        return Told(number=number, hash="0x" + block_hash.hex(), sequence_number=sequence_number)

    async def deposits(self, origin: L1Origin) -> Sequence[SystemTransaction]:
        """Priority operations of the block."""
        return [operation.transaction for operation in await self._operations.of_block(origin.hash)]

    async def follow_ups(self, block: Mapping[str, Any]) -> Sequence[SystemTransaction]:
        """Refunds of the operations in the block."""
        known = await self._operations.by_tx_hash()
        here = [known[tx_hash] for tx_hash in block["transactions"] if tx_hash in known]
        receipts = await self._l2.batch(
            [Call("eth_getTransactionReceipt", (operation.transaction.tx_hash,)) for operation in here]
        )
        follow: list[SystemTransaction] = []
        for operation, found in zip(here, receipts, strict=True):
            receipt = mapping(found, self._l2.name)
            used = quantity(receipt["gasUsed"], self._l2.name)
            refund = operation.minted - operation.value - operation.fee(used)
            if refund > 0:
                follow.append(_refund(operation, refund))
            has_failed = quantity(receipt["status"], self._l2.name) != 1
            # Where it failed, the value that was minted for it is still its sender's.
            if has_failed and operation.value and operation.sender != operation.refund_recipient:
                follow.append(_value_back(operation))
        return follow


def _refund(operation: Operation, wei: int) -> SystemTransaction:
    source = keccak(b"refund" + operation.canonical_hash)
    # Through an account of its own: anvil takes one system transaction of a sender in a block.
    sender = "0x" + source[12:].hex()
    return system_transaction(
        source, sender=sender, to=operation.refund_recipient, gas=_REFUND_GAS, mint=wei, value=wei
    )


def _value_back(operation: Operation) -> SystemTransaction:
    return system_transaction(
        keccak(b"value back" + operation.canonical_hash),
        sender=operation.sender,
        to=operation.refund_recipient,
        gas=_REFUND_GAS,
        value=operation.value,
    )

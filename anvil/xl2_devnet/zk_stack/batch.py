"""
ZK batch: a range of L2 blocks as it is committed on L1, byte by byte.

L2 blocks, what their transactions said to L1 and what became of priority operations come in; the structs that the
Executor takes go out. Promise: logs, their order and their Merkle root are true; priority operations stand in the order
of the blocks. Standing for the real thing: the state root is the EVM's, and in place of the state's differences stands
the number of the last L2 block.
Source: `Executor.sol` and `IExecutor.sol` of @matterlabs/zksync-contracts 0.6.1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen
from eth_utils import keccak

from xl2.core.types import Hash32, address
from xl2.errors import Fatal
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json, mapping, quantity, sequence
from xl2_adapters.zk_stack.logs import (
    SYSTEM_CONTEXT,
    TREE_HEIGHT,
    L2Log,
    message_log,
    root_and_paths,
    status_log,
)
from xl2_devnet.abi import stand_in
from xl2_devnet.zk_stack.genesis import L1_MESSENGER
from xl2_devnet.zk_stack.l1 import GENESIS_COMMITMENT, GENESIS_HASH
from xl2_devnet.zk_stack.operations import Operation

_MESSENGER = stand_in("L1Messenger")
_SENT = _MESSENGER.topic("L1MessageSent")
_MOST_LOGS = 1 << TREE_HEIGHT


class TooManyLogs(Fatal):
    """One L2 block said more to L1 than a batch can hold."""

    default_remedy = "A real sequencer would have closed the block before. Start a new devnet, and send less at once."


@frozen(kw_only=True)
class Said:
    """A log of a batch, its transaction (none: it is the batch's own), and the message that it stands for."""

    log: L2Log
    tx_hash: str = ""
    message: bytes | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Batch:
    """A batch. Number 0 is the genesis, which holds nothing."""

    number: int
    first_block: int
    last_block: int
    #: Hash of the last block, and its state root, in hex as JSON-RPC has them.
    block_hash: str
    state_root: str
    timestamp: int
    said: tuple[Said, ...] = ()
    #: Canonical hashes of its priority operations.
    operations: tuple[bytes, ...] = ()
    #: Place in the batch of the first transaction of each of its blocks.
    offsets: tuple[int, ...] = ()
    #: What L1 made of it when it was committed.
    commitment: bytes = b""

    @property
    def logs_root(self) -> Hash32:
        """Root of its log tree."""
        return root_and_paths([one.log.leaf for one in self.said])[0] if self.said else Hash32(bytes(32))

    @property
    def operations_hash(self) -> bytes:
        """Rolling hash of its priority operations."""
        rolling = keccak(b"")
        for canonical_hash in self.operations:
            rolling = keccak(rolling + canonical_hash)
        return rolling

    @property
    def stored(self) -> tuple[Any, ...]:
        """`StoredBlockInfo`."""
        return (
            self.number, bytes.fromhex(self.state_root[2:]), 0, len(self.operations), self.operations_hash,
            self.logs_root, self.timestamp, self.commitment,
        )  # fmt: skip

    @property
    def committing(self) -> tuple[Any, ...]:
        """`CommitBlockInfo`."""
        logs = b"".join(one.log.encode() for one in self.said)
        messages = [one.message for one in self.said if one.message is not None]
        return (
            self.number, self.timestamp, 0, bytes.fromhex(self.state_root[2:]), len(self.operations), self.logs_root,
            self.operations_hash, bytes(4), self.last_block.to_bytes(8, "big"),
            len(self.said).to_bytes(4, "big") + logs, messages, [],
        )  # fmt: skip

    def tx_number(self, block: int, index: int) -> int:
        """Place in the batch of the `index`-th transaction of a block."""
        return self.offsets[block - self.first_block] + index


GENESIS = Batch(
    number=0,
    first_block=0,
    last_block=0,
    block_hash="",
    state_root="0x" + GENESIS_HASH.hex(),
    timestamp=0,
    commitment=GENESIS_COMMITMENT,
)


def false(batch: Batch) -> Batch:
    """The same with a state root that is not the chain's."""
    return evolve(batch, state_root="0x" + keccak(text="false").hex())


async def build(l2: RpcClient, known: Mapping[str, Operation], before: Batch, upto: int) -> Batch:
    """The batch behind `before` whose last block is at most `upto`, as far as its logs fit.

    `known`: priority operations by the hash of their transaction.

    Raises:
        TooManyLogs: not even one block fits.
    """
    first = before.last_block + 1
    blocks: list[Mapping[str, Any]] = [
        mapping(block, l2.name)
        for block in await l2.batch([Call("eth_getBlockByNumber", (hex(n), False)) for n in range(first, upto + 1)])
    ]
    messages = await _messages(l2, first, upto)
    statuses = await _statuses(l2, [tx for block in blocks for tx in block["transactions"] if tx in known])
    said: list[Said] = []
    operations: list[bytes] = []
    offsets = [0]
    for block in blocks:
        of_block = list(_said(block["transactions"], offsets[-1], messages, statuses, known))
        # One place is the SystemContext's.
        if len(said) + len(of_block) > _MOST_LOGS - 1:
            break
        said += of_block
        operations += [known[tx].canonical_hash for tx in block["transactions"] if tx in known]
        offsets.append(offsets[-1] + len(block["transactions"]))
    if len(offsets) == 1:
        raise TooManyLogs(f"block {first} of {l2.name} said more to L1 than {_MOST_LOGS - 1} things")
    last = blocks[len(offsets) - 2]
    timestamp = quantity(last["timestamp"], l2.name)
    opening = L2Log(
        tx_number=0,
        sender=SYSTEM_CONTEXT,
        key=Hash32(timestamp.to_bytes(32, "big")),
        value=Hash32(bytes.fromhex(before.state_root[2:])),
    )
    return Batch(
        number=before.number + 1,
        first_block=first,
        last_block=quantity(last["number"], l2.name),
        block_hash=last["hash"],
        state_root=last["stateRoot"],
        timestamp=timestamp,
        said=(Said(log=opening), *said),
        operations=tuple(operations),
        offsets=tuple(offsets[:-1]),
    )


def _said(
    tx_hashes: Sequence[str],
    offset: int,
    messages: Mapping[str, Sequence[tuple[str, bytes]]],
    statuses: Mapping[str, bool],
    known: Mapping[str, Operation],
) -> Sequence[Said]:
    """What the transactions of a block said, an operation's outcome behind what its call said."""
    found: list[Said] = []
    for number, tx_hash in enumerate(tx_hashes, offset):
        for sender, message in messages.get(tx_hash, ()):
            found.append(Said(log=message_log(number, address(sender), message), tx_hash=tx_hash, message=message))
        if tx_hash in known:
            canonical_hash = Hash32(known[tx_hash].canonical_hash)
            outcome = status_log(number, canonical_hash, succeeded=statuses[tx_hash])
            found.append(Said(log=outcome, tx_hash=tx_hash))
    return found


async def _messages(l2: RpcClient, first: int, upto: int) -> dict[str, list[tuple[str, bytes]]]:
    """(sender, message) by transaction hash, in their order."""
    where: Json = {"fromBlock": hex(first), "toBlock": hex(upto), "address": L1_MESSENGER, "topics": [_SENT]}
    found: dict[str, list[tuple[str, bytes]]] = {}
    for entry in sequence(await l2.call("eth_getLogs", where), l2.name):
        log: Mapping[str, Any] = mapping(entry, l2.name)
        event = _MESSENGER.event(log)
        if event is not None:
            sent = (event.arguments["_sender"], event.arguments["_message"])
            found.setdefault(log["transactionHash"], []).append(sent)
    return found


async def _statuses(l2: RpcClient, tx_hashes: Sequence[str]) -> dict[str, bool]:
    receipts = await l2.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
    return {
        tx_hash: quantity(mapping(receipt, l2.name)["status"], l2.name) == 1
        for tx_hash, receipt in zip(tx_hashes, receipts, strict=True)
    }

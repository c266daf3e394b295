"""
Gate: users' transactions enter the open block of an L2 only behind its deposits.

Raw transactions come in, the node's answers go out. anvil fills a block in the order of arrival, so the sequencer lays
L1Info and deposits into the pool first and then opens the gate; while it seals a block the gate is closed and senders
wait. Promise: what a user sends never stands before a deposit, never takes a deposit's place in the pool, and is
forgotten only when it is in a block or the node refuses it. Which methods users may call at all is `proxy`'s.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

import rlp
from attrs import frozen
from eth_utils import keccak

from xl2.errors import RpcRejected
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json
from xl2_devnet.system_transaction import DEPOSIT_TYPE

#: What op-geth says to a raw transaction of a type that only the sequencer makes.
TYPE_NOT_SUPPORTED = "transaction type not supported"
#: Places of nonce and gas limit in the RLP list of each type of transaction (0: legacy).
_FIELDS = {0: (0, 2), 1: (1, 3), 2: (1, 4), 3: (1, 4), 4: (1, 4)}

#: Of how many users' transactions it is remembered what they were, once they are in blocks.
_REMEMBERED = 8192


@frozen(kw_only=True)
class Waiting:
    """A user's transaction until it is in a block."""

    raw: str
    tx_hash: str
    tx_nonce: int
    gas: int


class Gate:
    """The way of users' transactions into the open block of one L2."""

    def __init__(self, node: RpcClient, *, gas_limit: int) -> None:
        """`node`: the L2's anvil itself. `gas_limit`: of a block."""
        self._node = node
        self._gas_limit = gas_limit
        self._change = asyncio.Condition()
        self._open = False
        self._sending = 0
        self._room = 0
        self._holds_deposits = False
        self._waiting: dict[str, Waiting] = {}
        #: What blocks hold of late, the newest last, should they be taken back.
        self._sealed: OrderedDict[str, Waiting] = OrderedDict()

    async def send(self, raws: Sequence[str]) -> list[Json | RpcRejected]:
        """Send raw transactions, in this order, into the first open block with room; the node's answer to each."""
        read = [read_raw(raw, self._node.name) for raw in raws]
        answers: list[Json | RpcRejected] = [None] * len(raws)
        left = []
        for place, transaction in enumerate(read):
            if isinstance(transaction, RpcRejected):
                answers[place] = transaction
            else:
                left.append((place, transaction))
        while left:
            part = await self._enter([transaction for _, transaction in left])
            try:
                sent = await self._node.try_batch([_sending(transaction) for transaction in part])
                for (place, transaction), answer in zip(left, sent, strict=False):
                    answers[place] = answer
                    if not isinstance(answer, RpcRejected):
                        self._waiting[transaction.tx_hash] = transaction
            finally:
                await self._leave()
            left = left[len(part) :]
        return answers

    @contextlib.asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Nobody sends within; the sequencer seals a block and lays out the next, then calls `opened`."""
        async with self._change:
            self._open = False
            await self._change.wait_for(lambda: not self._sending)
        yield
        async with self._change:
            self._open = True
            self._change.notify_all()

    def sealed(self, tx_hashes: Sequence[str]) -> bool:
        """Forget what is in a block; whether anything of the users' is left in the pool."""
        for tx_hash in tx_hashes:
            if (transaction := self._waiting.pop(tx_hash, None)) is not None:
                self._sealed[tx_hash] = transaction
        while len(self._sealed) > _REMEMBERED:
            self._sealed.popitem(last=False)
        return bool(self._waiting)

    def take_back(self, tx_hashes: Sequence[str]) -> None:
        """What stood in blocks that are no more waits again, before everything else, in its old order."""
        again = {tx_hash: self._sealed.pop(tx_hash) for tx_hash in tx_hashes if tx_hash in self._sealed}
        self._waiting = again | self._waiting

    async def lay_out(self, *, deposit_gas: int, holds_deposits: bool) -> None:
        """The next block begins, its deposits are in the pool: what was left over follows them.

        `holds_deposits`: besides L1Info. anvil files every deposit under (sender, nonce 0), so that the first
        transaction of the same sender would push it out; those wait for a block without deposits.
        """
        self._room = self._gas_limit - deposit_gas
        self._holds_deposits = holds_deposits
        again = []
        for transaction in self._waiting.values():
            if transaction.gas > self._room:
                break
            if not (holds_deposits and transaction.tx_nonce == 0):
                self._room -= transaction.gas
                again.append(transaction)
        answers = await self._node.try_batch([_sending(transaction) for transaction in again])
        for transaction, answer in zip(again, answers, strict=True):
            if isinstance(answer, RpcRejected):
                del self._waiting[transaction.tx_hash]

    async def _enter(self, transactions: Sequence[Waiting]) -> Sequence[Waiting]:
        """Wait for an open block with room for the first; as many of them as it has room for."""
        async with self._change:
            await self._change.wait_for(lambda: self._open and self._fits(transactions[0]))
            taken = 0
            while taken < len(transactions) and self._fits(transactions[taken]):
                self._room -= transactions[taken].gas
                taken += 1
            self._sending += 1
            return transactions[:taken]

    async def _leave(self) -> None:
        async with self._change:
            self._sending -= 1
            self._change.notify_all()

    def _fits(self, transaction: Waiting) -> bool:
        if self._holds_deposits and transaction.tx_nonce == 0:
            return False
        # One that fits no block goes to the node at once, which says so.
        return transaction.gas <= self._room or transaction.gas > self._gas_limit


def _sending(transaction: Waiting) -> Call:
    return Call("eth_sendRawTransaction", (transaction.raw,))


def read_raw(raw: str, endpoint: str) -> Waiting | RpcRejected:
    """What the gate must know of a raw transaction in hex, or what a node would say to such bytes."""
    try:
        encoded = bytes.fromhex(raw.removeprefix("0x"))
        kind = encoded[0] if encoded[0] < 0xC0 else 0
        if kind == DEPOSIT_TYPE:
            return RpcRejected(TYPE_NOT_SUPPORTED, endpoint=endpoint, rpc_code=-32000)
        nonce_at, gas_at = _FIELDS[kind]
        fields = rlp.decode(encoded[1:] if kind else encoded)
        # A blob transaction travels with its blobs, one level down.
        fields = fields[0] if kind == 3 and isinstance(fields[0], list) else fields
        return Waiting(
            raw=raw,
            tx_hash="0x" + keccak(encoded).hex(),
            tx_nonce=int.from_bytes(fields[nonce_at], "big"),
            gas=int.from_bytes(fields[gas_at], "big"),
        )
    except (ValueError, IndexError, KeyError, TypeError, rlp.exceptions.DecodingError):
        return RpcRejected("failed to decode signed transaction", endpoint=endpoint, rpc_code=-32602)

"""
Ledger: blocks and transactions in memory, each block with the state of outbox and inbox after it.

Comes in: transactions by `broadcast`, or a test's own words (`mine`, `reorg`, `fail`, `forget`). Goes out: whatever
`xl2.ports.Blocks` asks. Promise: a question about a block is answered by that block's state, so a reorg changes just
what a reorg changes. Balances are what the test says and are never spent.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import (
    ZERO_HASH,
    Address,
    BlockNumber,
    ChainId,
    Hash32,
    Timestamp,
    Wei,
)
from xl2.errors import NotYet, Reverted, RpcUnavailable, Xl2Error
from xl2.ports import (
    Block,
    Broadcast,
    Call,
    Fees,
    Place,
    Rates,
    SignedTransaction,
    TxLook,
    TxQuote,
    TxReceipt,
)
from xl2.testing import calls
from xl2.testing.contracts import Context, Judge, Recipient, Refusal, State, execute
from xl2.testing.keys import transaction_of

_LAG = {Finality.LATEST: 0, Finality.SAFE: 1, Finality.FINALIZED: 2, Finality.SETTLED: 2}
T = TypeVar("T")

_GAS_LIMIT = 30_000_000
_CALL_GAS = 100_000


@frozen(kw_only=True)
class Included:
    """A transaction in a block."""

    tx_hash: Hash32
    sender: Address
    tx_nonce: int
    succeeded: bool


@frozen(kw_only=True)
class Mined:
    """A block, and what it made of the state before it."""

    block: Block
    state: State
    included: tuple[Included, ...] = ()


class MemoryLedger:
    """Blocks of a chain. Implements `xl2.ports.Blocks`."""

    def __init__(self, state: State, judge: Judge, time: int = 1_700_000_000) -> None:
        """`state`: before the first block. `judge`: whether evidence shows a head."""
        self._judge = judge
        self._salt = 0
        genesis = Block(
            number=BlockNumber(0),
            hash=keccak(state.chain.to_bytes(8)),
            parent_hash=ZERO_HASH,
            timestamp=Timestamp(time),
            gas_limit=_GAS_LIMIT,
        )
        self._blocks = [Mined(block=genesis, state=state)]
        self._pool: dict[tuple[Address, int], SignedTransaction] = {}
        self._faults: deque[Xl2Error] = deque()
        #: The endpoint answers nothing while this is set.
        self.is_down = False
        #: Each broadcast is in a block at once; else only when `mine` is called.
        self.automine = True
        self.base_fee = 10**9
        #: What each transaction costs beside its gas, as rollups charge for bytes on L1.
        self.data_fee = Wei(0)
        self.funds: dict[Address, int] = {}
        #: Contracts that take messages, by address; any other account has no code.
        self.recipients: dict[Address, Recipient] = {}
        #: Verifiers that a recipient accepts, as a bitmap; any where it is not named.
        self.policies: dict[Address, int] = {}
        #: Gas that a delivery takes for each message that it carries, beside a round number.
        self.message_gas = 0
        #: Verifiers that stand for every log.
        self.verifiers = 1 | 1 << 128
        #: Raw transactions in the order they came, forgotten ones too.
        self.broadcasts: list[bytes] = []

    # --- words of a test

    @property
    def state(self) -> State:
        """What outbox and inbox hold at the tip."""
        return self._tip.state

    def mine(self, blocks: int = 1, seconds: int = 1) -> None:
        """Make blocks, `seconds` apart; the first takes what waits in the pool."""
        for _ in range(blocks):
            self._append(*self._take_pool(seconds), seconds=seconds)

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by one more of other, empty ones."""
        del self._blocks[-depth:]
        self._salt += 1
        for _ in range(depth + 1):
            self._append(self._tip.state, ())

    def fail(self, *errors: Xl2Error) -> None:
        """Answer the next questions with these errors."""
        self._faults.extend(errors)

    # --- blocks

    @property
    def chain(self) -> ChainId:
        """EIP-155 id."""
        return self._tip.state.chain

    async def answers_for(self, *, within_seconds: float = 0.0) -> ChainId:  # noqa: ARG002 - it is never swapped
        """EIP-155 id."""
        return self.chain

    async def head(self, finality: Finality) -> Block:
        """Newest block; `safe` is one behind, `finalized` two."""
        self._fault()
        return self._blocks[max(0, len(self._blocks) - 1 - _LAG[finality])].block

    async def block(self, number: BlockNumber) -> Block:
        """Block at a height."""
        self._fault()
        return self._at(number).block

    async def balance(self, account: Address) -> Wei:
        """What the test said; a thousand ether where it said nothing."""
        return Wei(self.funds.get(account, 10**21))

    async def code(self, account: Address) -> bytes:
        """Some code for recipients."""
        return b"\xfe" if account in self.recipients else b""

    async def fees(self) -> Fees:
        """The base fee that was set, and one gwei."""
        return Fees(base_fee=Wei(self.base_fee), priority_fee=Wei(10**9))

    async def rates(self) -> Rates:
        """The fees, and the data fee spread over a thousand bytes."""
        return Rates(fees=await self.fees(), byte_fee=Wei(self.data_fee // 1000))

    async def simulate(self, call: Call, sender: Address) -> int:
        """Gas, in round numbers."""
        self._fault()
        known = calls.read(call.data)
        if known is not None:
            try:
                execute(self._tip.state, known, self._context(sender, call.value))
            except Refusal as refusal:
                name = str(refusal)
                raise Reverted(
                    f"{call.what} would revert: {name}", endpoint="memory", revert=name.encode()
                ) from refusal
        carried = int.from_bytes(known.segment[34:36]) if isinstance(known, calls.Deliver) else 0
        return call.gas_limit or _CALL_GAS + carried * self.message_gas

    async def quote(self, call: Call, sender: Address) -> TxQuote:
        """What a call takes, by the answers to the single questions."""
        return TxQuote(
            gas=await self.simulate(call, sender),
            fees=await self.fees(),
            tx_nonce=await self.tx_nonce(sender),
            pending_nonce=await self.tx_nonce(sender, pending=True),
            balance=await self.balance(sender),
            data_fee=self.data_fee,
        )

    def explain(self, revert: bytes) -> str:
        """The error's name."""
        return revert.decode()

    def error_name(self, revert: bytes) -> str | None:
        """The error's name."""
        return revert.decode() or None

    async def tx_nonce(self, account: Address, *, pending: bool = False) -> int:
        """Next transaction nonce."""
        self._fault()
        nonce = sum(1 for one in self._all_included() if one.sender == account and one.tx_nonce >= 0)
        while pending and (account, nonce) in self._pool:
            nonce += 1
        return nonce

    async def broadcast(self, raw: bytes) -> Broadcast:
        """Take a transaction of `MemorySigner` into the pool."""
        self._fault()
        signed = transaction_of(raw)
        self.broadcasts.append(raw)
        one = signed.transaction
        if any(included.tx_hash == signed.hash for included in self._all_included()):
            return Broadcast.ACCEPTED
        if one.tx_nonce < await self.tx_nonce(signed.sender):
            return Broadcast.NONCE_USED
        old = self._pool.get((signed.sender, one.tx_nonce))
        if old is not None and old.hash != signed.hash and one.max_fee * 10 < old.transaction.max_fee * 11:
            return Broadcast.UNDERPRICED
        self._pool[signed.sender, one.tx_nonce] = signed
        if self.automine:
            self.mine()
        return Broadcast.ACCEPTED

    def forget(self) -> None:
        """Empty the pool, as a node that restarts does."""
        self._pool.clear()

    async def tx_receipt(self, tx_hash: Hash32) -> TxReceipt | None:
        """Receipt of an included transaction."""
        self._fault()
        for mined in self._blocks:
            for one in mined.included:
                if one.tx_hash == tx_hash:
                    return TxReceipt(
                        tx_hash=tx_hash,
                        block=mined.block.number,
                        block_hash=mined.block.hash,
                        succeeded=one.succeeded,
                        gas_used=_CALL_GAS,
                        cost=Wei(_CALL_GAS * self.base_fee),
                    )
        return None

    async def look(self, account: Address, tx_hashes: Sequence[Hash32]) -> TxLook:
        """Nonces and receipts, by the answers to the single questions."""
        found = {tx_hash: await self.tx_receipt(tx_hash) for tx_hash in tx_hashes}
        return TxLook(
            head=self._tip.block.number,
            tx_nonce=await self.tx_nonce(account),
            pending_nonce=await self.tx_nonce(account, pending=True),
            receipts={tx_hash: receipt for tx_hash, receipt in found.items() if receipt is not None},
        )

    async def transaction_at(self, account: Address, tx_nonce: int) -> Hash32 | None:
        """The transaction in a block that used a nonce."""
        at = (account, tx_nonce)
        return next((one.tx_hash for one in self._all_included() if (one.sender, one.tx_nonce) == at), None)

    async def close(self) -> None:
        """Nothing is open."""

    # --- below

    @property
    def _tip(self) -> Mined:
        return self._blocks[-1]

    def _at(self, number: BlockNumber) -> Mined:
        if number >= len(self._blocks):
            raise NotYet(f"chain {self.chain} has no block {number} yet")
        return self._blocks[number]

    def _fault(self) -> None:
        if self.is_down:
            raise RpcUnavailable(f"the node of chain {self.chain} is down", endpoint="memory")
        if self._faults:
            raise self._faults.popleft()

    def _context(self, sender: Address, value: Wei, seconds: int = 0) -> Context:
        return Context(
            sender=sender,
            value=value,
            now=Timestamp(self._tip.block.timestamp + seconds),
            recipients=self.recipients,
            policies=self.policies,
            judge=self._judge,
        )

    def _take_pool(self, seconds: int) -> tuple[State, tuple[Included, ...]]:
        """Execute what is next of each account and pays the base fee."""
        state = self._tip.state
        included: list[Included] = []
        for (sender, nonce), signed in sorted(self._pool.items(), key=lambda item: item[0]):
            done = sum(1 for one in (*self._all_included(), *included) if one.sender == sender and one.tx_nonce >= 0)
            if nonce != done or signed.transaction.max_fee < self.base_fee:
                continue
            del self._pool[sender, nonce]
            known = calls.read(signed.transaction.data)
            succeeded = True
            try:
                context = self._context(sender, signed.transaction.value, seconds)
                state = state if known is None else execute(state, known, context)
            except Refusal:
                succeeded = False
            included.append(Included(tx_hash=signed.hash, sender=sender, tx_nonce=nonce, succeeded=succeeded))
        return state, tuple(included)

    def _append(self, state: State, included: tuple[Included, ...], seconds: int = 1) -> None:
        parent = self._tip.block
        content = b"".join(one.tx_hash for one in included)
        block = Block(
            number=BlockNumber(parent.number + 1),
            hash=keccak(parent.hash + self._salt.to_bytes(8) + content),
            parent_hash=parent.hash,
            timestamp=Timestamp(parent.timestamp + seconds),
            gas_limit=_GAS_LIMIT,
        )
        self._blocks.append(Mined(block=block, state=state, included=included))

    def _all_included(self) -> Iterator[Included]:
        return (one for mined in self._blocks for one in mined.included)

    def _new(
        self, of: Callable[[State], Sequence[T]], first: BlockNumber, last: BlockNumber
    ) -> Iterator[tuple[T, Place]]:
        """What blocks appended to a part of the state, and where."""
        for number in range(max(1, first), min(last + 1, len(self._blocks))):
            mined, before = self._blocks[number], self._blocks[number - 1]
            for index, one in enumerate(of(mined.state)[len(of(before.state)) :]):
                yield one, place_in(mined, index)


def place_in(mined: Mined, index: int) -> Place:
    """Where the `index`-th event of a block stands; its first successful transaction made it."""
    by = next((one for one in mined.included if one.succeeded), None)
    return Place(
        block=mined.block.number,
        block_hash=mined.block.hash,
        tx_hash=by.tx_hash if by else ZERO_HASH,
        log_index=index,
    )

"""
Held: the nonces of one account that are ours: open ones, and those whose inclusion may yet be taken back.

No I/O. Comes in: attempts and receipts. Goes out: what is open, and below which nonce none is free. Promise: a nonce is
open, or remembered as included, or free: never two of these.
"""

import asyncio

from attrs import define, field

from xl2.core.types import BlockNumber
from xl2.flow.nonces import Told, taken_back
from xl2.ports import Broadcast, SignedTransaction, TxReceipt

#: So many included transactions are remembered, in case a reorg takes them back.
_REMEMBERED = 256


@define(kw_only=True, eq=False)
class Open:
    """Attempts at one nonce, none of which is known to be included."""

    #: Oldest first, each paying more than the one before.
    attempts: list[SignedTransaction]
    what: str
    #: When the newest attempt was made, and when it was last sent, in steady time.
    since: float
    sent_at: float
    #: What the chain said of the newest attempt; None: nobody knows whether it arrived.
    outcome: Broadcast | None = None
    #: How often in a row a node refused the newest attempt for good.
    refusals: int = 0
    #: What the last one said.
    refused_with: str = ""
    #: Whoever begins it still writes it down or sends it: nobody else sends it meanwhile.
    is_in_hand: bool = False
    #: A block by which the nonce was used while no attempt was seen included.
    used_by: BlockNumber | None = None
    #: Looks in a row that found it so, and those of them that found the block final.
    looks: int = 0
    final_looks: int = 0
    #: The receipt; None where the nonce went to a transaction of another.
    done: "asyncio.Future[TxReceipt | None]" = field(factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def tx_nonce(self) -> int:
        """The nonce."""
        return self.newest.transaction.tx_nonce

    @property
    def newest(self) -> SignedTransaction:
        """The attempt that pays most."""
        return self.attempts[-1]


@define(kw_only=True, eq=False)
class Held:
    """What one account holds."""

    open: dict[int, Open] = field(factory=dict)
    #: Counts up with each inclusion: who asked the chain before one knows that the answer is older.
    inclusions: int = 0
    _included: dict[int, Open] = field(factory=dict)
    #: One more than the highest nonce that was ever known of; None before the first.
    _expected: int | None = None

    @property
    def floor(self) -> int:
        """No nonce below was free when we last knew."""
        return max(self._included, default=-1) + 1

    @property
    def expected(self) -> int | None:
        """One more than the highest nonce that we ever knew of, None before we knew of any."""
        return self._expected

    def expect(self, following: int) -> None:
        """All nonces below this one are known of."""
        self._expected = max(self._expected or 0, following)

    def in_order(self) -> list[Open]:
        """What is open, lowest nonce first."""
        return [self.open[nonce] for nonce in sorted(self.open)]

    def adopt(self, signed: SignedTransaction, what: str, now: float) -> None:
        """Hold what an earlier process left in the journal, attempt by attempt."""
        nonce = signed.transaction.tx_nonce
        entry = self.open.setdefault(nonce, Open(attempts=[], what=what, since=now, sent_at=now))
        entry.attempts.append(signed)

    def begin(self, signed: SignedTransaction, what: str, now: float) -> Open:
        """Hold a free nonce by a first attempt at it."""
        nonce = signed.transaction.tx_nonce
        self.expect(nonce + 1)
        entry = self.open[nonce] = Open(attempts=[signed], what=what, since=now, sent_at=now, is_in_hand=True)
        return entry

    def include(self, entry: Open, receipt: TxReceipt) -> None:
        """One of the attempts is in a block."""
        nonce = entry.tx_nonce
        del self.open[nonce]
        self._included[nonce] = entry
        while len(self._included) > _REMEMBERED:
            del self._included[min(self._included)]
        self.inclusions += 1
        if not entry.done.done():
            entry.done.set_result(receipt)

    def give_up(self, entry: Open) -> None:
        """The nonce went to a transaction of another, or the bytes were refused."""
        self.open.pop(entry.tx_nonce, None)
        if not entry.done.done():
            entry.done.set_result(None)

    def doubtful(self, told: Told) -> list[Open]:
        """What was included, by our knowledge, at nonces that a chain says are unused."""
        return [self._included[nonce] for nonce in taken_back(self._included, told)]

    def reopen(self, entry: Open, now: float) -> Open:
        """A reorg took an inclusion back: the same bytes are open again."""
        nonce = entry.tx_nonce
        self._included.pop(nonce, None)
        again = Open(attempts=entry.attempts, what=entry.what, since=now, sent_at=now)
        return self.open.setdefault(nonce, again)

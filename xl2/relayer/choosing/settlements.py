"""
Settlements: which receipts of a lane are proven back next, of those that the origin has not settled.

Comes in: receipts in the order of their log. Goes out: neighbours for one settlement. Promise: a refund waits for no
price, whoever recorded the expiry; what else is proven back brings this relayer what that costs now, with the margin,
and no other choice of neighbours would leave more. What does not pay waits for more to come or for gas to fall, says
so, and holds up nothing behind it. A receipt can be proven for as long as its lane stands, so no fee is lost by that,
and whoever wants it sooner may do it himself. Where a lane carries at any price, all are proven back at once.
"""

from attrs import define, field, frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.lane import Lane, closing_page, page_start
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, MessageId, Wei
from xl2.flow.settle import MAX_SETTLED, Owed, OwedEntry, owed
from xl2.ports import Chain, Clock, Log, Rates, Record, Store
from xl2.relayer.choosing.policy import Carry, Terms, least_fee, worth
from xl2.relayer.choosing.prices import further_receipt, settlement
from xl2.relayer.choosing.runs import Run, choose
from xl2.relayer.rests import let_rest

#: After so long all that waits is weighed anew from the first on, with what was added to fees, and says so.
ROUND_SECONDS = 600.0
#: Or so long for each settlement that was passed over, where that is longer: thousands may wait, by whoever delivers
#: messages of his own, and each is a handful of questions.
PASSED_SECONDS = 5.0
#: And one look weighs so many anew at most, then rests from it as long as these are given: what is new waits for no
#: more of them.
ANEW_AT_ONCE = 8
#: Messages whose top-ups one look asks for.
ASKED_AT_ONCE = 1_000


@frozen(kw_only=True)
class _Bill:
    """What it costs to prove receipts back, in wei."""

    #: Of a settlement beside the receipts that it opens; of each of these.
    fixed: Wei
    each: Wei

    def of(self, receipts: int) -> int:
        """What so many cost together."""
        return self.fixed + receipts * self.each


@define(kw_only=True)
class Settlements:
    """The settlements of one lane."""

    lane: Lane
    origin: Chain
    store: Store
    clock: Clock
    terms: Terms
    #: Who earns here.
    account: Address
    #: Receipts before this one were weighed, and wait.
    _after: int = field(default=0, init=False)
    #: Of these, those from the first to before the second are yet to be weighed anew in this round.
    _anew: int = field(default=0, init=False)
    _until: int = field(default=0, init=False)
    #: Settlements that were passed over since the round began; when it did, and from when on more of it may be weighed,
    #: in steady seconds.
    _passed: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    _rested: float = field(default=0.0, init=False)
    #: Top-ups of messages whose receipts wait.
    _added: dict[MessageId, Wei] = field(factory=dict, init=False)

    async def next(self, *, behind: Owed | None = None) -> Owed | None:
        """
        What to prove back now, or what follows `behind`; None where there is nothing, or it waits.

        Raises as `flow.settle.owed`.
        """
        after = 0 if behind is None else behind.entries[-1].index + 1
        if self.terms.carry is Carry.ALWAYS:
            return await self._owed(after)
        count = await self.store.count(Log(lane=self.lane, kind=LogKind.RECEIPTS))
        # Receipts that a reorg took are written anew.
        self._after, self._until = min(self._after, count), min(self._until, count)
        if behind is None:
            return await self._next_anew(count) or await self._next_new(count)
        # The round goes on from where it stands.
        for _ in range(ANEW_AT_ONCE):
            found, after = await self._weigh(after, count)
            if found is not None or after >= count:
                return found
        return None

    async def _next_anew(self, count: int) -> Owed | None:
        """Of what was weighed before and waits, the first that pays by now; a few are weighed, from the first on."""
        self._begin_round()
        if self.clock.steady() < self._rested:
            return None
        for weighed in range(ANEW_AT_ONCE):
            if self._anew >= self._until:
                return None
            found, self._anew = await self._weigh(self._anew, count)
            if found is not None:
                return found
            self._passed += 1
            self._rested = self.clock.steady() + (weighed + 1) * PASSED_SECONDS
        return None

    async def _next_new(self, count: int) -> Owed | None:
        """Of what was never weighed, the first that pays."""
        while True:
            found, end = await self._weigh(self._after, count)
            if found is not None or end >= count:
                return found
            self._after, self._passed = end, self._passed + 1

    async def _weigh(self, after: int, count: int) -> tuple[Owed | None, int]:
        """What pays of the settlement that is next from a receipt on; and from where on, where nothing does."""
        known = await self.store.unsettled(self.lane, after, 1)
        due = await self._owed(after) if known else None
        if due is None:
            return None, count
        first, end = due.entries[0].index, due.entries[-1].index + 1
        behind = _shown_upto(self.lane, end, count) - first - 1
        bill = _bill(self.lane, await self.origin.rates(), behind)
        run = self._paying(due, bill)
        if run is None and await self._ask_top_ups(due):
            run = self._paying(due, bill)
        if run is not None:
            return due.part(run.first, run.end), after
        await self._let_wait(due, bill)
        # Where some before it are settled, it is not all that one settlement could hold.
        return None, first if first > known[0].index else end

    def _begin_round(self) -> None:
        """Where the last is over, and was long enough ago."""
        now, seconds = self.clock.steady(), max(ROUND_SECONDS, self._passed * PASSED_SECONDS)
        if self._anew >= self._until and now >= self._began + seconds:
            self._anew, self._until, self._passed, self._began = 0, self._after, 0, now
            self._added.clear()

    async def _owed(self, after: int) -> Owed | None:
        now = self.clock.now()
        return await owed(self.lane, self.store, self.origin, MAX_SETTLED, now, after=after)

    def _paying(self, due: Owed, bill: _Bill) -> Run | None:
        """Neighbours that bring what it costs to prove them back."""
        fixed = -worth(0, bill.fixed, self.terms)
        # A refund is owed to its sender: it is taken to bring what it costs.
        worths = [fixed if _is_refund(one) else worth(self._brings(one), bill.each, self.terms) for one in due.entries]
        return next(iter(choose(worths, fixed, [len(worths)] * len(worths))), None)

    def _brings(self, one: OwedEntry) -> int:
        """What this relayer is credited by a receipt, top-ups included as far as they were asked for."""
        receipt = self._ours(one)
        if receipt is None:
            return 0
        return receipt.fees + sum(self._added.get(record.sent.message.id, 0) for record in one.spoken_of)

    def _ours(self, one: OwedEntry) -> Delivered | None:
        """A receipt, where it is one that this relayer still earns by."""
        receipt = one.receipt
        if one.is_open and isinstance(receipt, Delivered) and receipt.payee == self.account:
            return receipt
        return None

    async def _ask_top_ups(self, due: Owed) -> bool:
        """Ask what was added to fees, of those that were the lowest when they were sent; whether anything was."""
        ours = [record.sent.message for one in due.entries if self._ours(one)
                for record in one.spoken_of if record.sent.message.id not in self._added]  # fmt: skip
        asked = sorted(ours, key=lambda one: one.fee)[:ASKED_AT_ONCE]
        added = await self.origin.top_ups(asked) if asked else ()
        self._added.update(zip((one.id for one in asked), added, strict=True))
        return any(added)

    async def _let_wait(self, due: Owed, bill: _Bill) -> None:
        """Those whose reason is old, or not said yet, say why they wait."""
        earning = [brought for one in due.entries if (brought := self._brings(one))]
        brings = sum(earning)
        cost = least_fee(bill.of(max(1, len(earning))), self.terms)
        why = (
            f"its receipt waits to be proven back: that costs {wei_and_ether(cost)} now, with a margin of "
            f"{self.terms.margin_percent} percent, and what waits with it brings this relayer {wei_and_ether(brings)}; "
            "it is proven back when gas falls or more come that share"
        )
        now = self.clock.now()
        silent = [record for one in due.entries if one.is_open for record in one.spoken_of if _is_silent(record, now)]
        await let_rest(self.store.wait, ((one.sent.message.id, now + ROUND_SECONDS, why) for one in silent))


def _bill(lane: Lane, rates: Rates, hashes: int) -> _Bill:
    """`hashes`: receipts behind the first, each of which takes its hash at least."""
    each = further_receipt(rates)
    return _Bill(fixed=Wei(settlement(lane.assurance, rates, hashes) - each), each=each)


def _shown_upto(lane: Lane, end: int, count: int) -> int:
    """
    Over how many receipts a head is that covers those to before `end`.

    Page heads stand in storage for good. Attesters sign the very head that is asked for.
    """
    return end if lane.assurance is Assurance.ATTESTED else min(count, page_start(closing_page(end - 1)))


def _is_refund(one: OwedEntry) -> bool:
    """Whether a receipt says that the time of a message was over, and its sender has nothing back yet."""
    return one.is_open and not isinstance(one.receipt, Delivered)


def _is_silent(record: Record, now: float) -> bool:
    return record.state is State.CONFIRMED and (not record.cause or record.due <= now)

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
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, MessageId, Wei
from xl2.flow.settle import MAX_SETTLED, Owed, owed
from xl2.flow.walked import Walked
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
    #: Receipts before this one wait: whole settlements of them that do not pay, so many looks at them, and since when
    #: they are weighed, in steady seconds.
    _after: int = field(default=0, init=False)
    _passed: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    #: What need not be asked again.
    _walked: Walked = field(factory=Walked, init=False)
    #: Top-ups of messages whose receipts wait.
    _added: dict[MessageId, Wei] = field(factory=dict, init=False)

    async def next(self) -> Owed | None:
        """What to prove back now; None where there is nothing, or it waits. Raises as `flow.settle.owed`."""
        if self.terms.carry is Carry.ALWAYS:
            return await self._owed(0)
        self._begin_round()
        while True:
            count = await self.store.count(Log(lane=self.lane, kind=LogKind.RECEIPTS))
            # Receipts that a reorg took are written anew.
            self._after = min(self._walked.next(self._after), count)
            due = await self._owed(self._after)
            if due is None:
                return None
            first, end = due.entries[0].index, due.entries[-1].index + 1
            behind = _shown_upto(self.lane, end, count) - first - 1
            bill = _bill(self.lane, await self.origin.rates(), behind)
            run = self._paying(due, bill)
            if run is None and await self._ask_top_ups(due):
                run = self._paying(due, bill)
            if run is not None:
                return due.part(run.first, run.end)
            await self._let_wait(due, bill)
            if end == count:
                return None
            # Where some before it are settled, it is not all that one settlement could hold.
            self._after = first if first > self._after else end
            self._passed += 1

    def _begin_round(self) -> None:
        now = self.clock.steady()
        if now >= self._began + max(ROUND_SECONDS, self._passed * PASSED_SECONDS):
            self._after, self._passed, self._began = 0, 0, now
            self._added.clear()

    async def _owed(self, after: int) -> Owed | None:
        now = self.clock.now()
        return await owed(self.lane, self.store, self.origin, MAX_SETTLED, now, after=after, walked=self._walked)

    def _paying(self, due: Owed, bill: _Bill) -> Run | None:
        """Neighbours that bring what it costs to prove them back."""
        fixed = -worth(0, bill.fixed, self.terms)
        own = [worth(self._brings(due, place), bill.each, self.terms) for place in range(len(due.entries))]
        # A refund is owed to its sender: it is taken to bring what it costs.
        worths = [fixed if _is_refund(due, place) else left for place, left in enumerate(own)]
        return next(iter(choose(worths, fixed, [len(worths)] * len(worths))), None)

    def _brings(self, due: Owed, place: int) -> int:
        """What this relayer is credited by a receipt, top-ups included as far as they were asked for."""
        receipt = self._ours(due, place)
        if receipt is None:
            return 0
        return receipt.fees + sum(self._added.get(one.sent.message.id, 0) for one in due.spoken_of[place])

    def _ours(self, due: Owed, place: int) -> Delivered | None:
        """A receipt, where it is one that this relayer still earns by."""
        receipt = parse_receipt(due.entries[place].data)
        if due.is_open[place] and isinstance(receipt, Delivered) and receipt.payee == self.account:
            return receipt
        return None

    async def _ask_top_ups(self, due: Owed) -> bool:
        """Ask what was added to fees, of those that were the lowest when they were sent; whether anything was."""
        ours = [one.sent.message for place in range(len(due.entries)) if self._ours(due, place)
                for one in due.spoken_of[place] if one.sent.message.id not in self._added]  # fmt: skip
        asked = sorted(ours, key=lambda one: one.fee)[:ASKED_AT_ONCE]
        added = await self.origin.top_ups(asked) if asked else ()
        self._added.update(zip((one.id for one in asked), added, strict=True))
        return any(added)

    async def _let_wait(self, due: Owed, bill: _Bill) -> None:
        """Those whose reason is old, or not said yet, say why they wait."""
        earning = [place for place in range(len(due.entries)) if self._brings(due, place)]
        brings = sum(self._brings(due, place) for place in earning)
        cost = least_fee(bill.of(max(1, len(earning))), self.terms)
        why = (
            f"its receipt waits to be proven back: that costs {wei_and_ether(cost)} now, with a margin of "
            f"{self.terms.margin_percent} percent, and what waits with it brings this relayer {wei_and_ether(brings)}; "
            "it is proven back when gas falls or more come that share"
        )
        now = self.clock.now()
        silent = [one for place, records in enumerate(due.spoken_of) if due.is_open[place]
                  for one in records if _is_silent(one, now)]  # fmt: skip
        await let_rest(self.store.wait, ((one.sent.message.id, now + ROUND_SECONDS, why) for one in silent))


def _bill(lane: Lane, rates: Rates, hashes: int) -> _Bill:
    """`hashes`: receipts behind the first, each of which takes its hash at least."""
    each = further_receipt(rates)
    return _Bill(fixed=Wei(settlement(lane.assurance, rates, hashes) - each), each=each)


def _shown_upto(lane: Lane, end: int, count: int) -> int:
    """
    Over how many receipts a head is that covers those to before `end`.

    Page heads stand in storage for good. Attesters name a head that an endpoint can still read, which may be the last.
    """
    return count if lane.assurance is Assurance.ATTESTED else min(count, page_start(closing_page(end - 1)))


def _is_refund(due: Owed, place: int) -> bool:
    """Whether a receipt says that the time of a message was over, and its sender has nothing back yet."""
    return due.is_open[place] and not isinstance(parse_receipt(due.entries[place].data), Delivered)


def _is_silent(record: Record, now: float) -> bool:
    return record.state is State.CONFIRMED and (not record.cause or record.due <= now)

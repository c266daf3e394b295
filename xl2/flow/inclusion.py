"""
Inclusion: transactions that are out, until a block holds one for each nonce; what waits is helped along.

Comes in: what an account holds (`held`). Goes out: each entry's receipt, or the word that its nonce went to another's
transaction. Promise: one round trip a look, however many are open; what a pool has forgotten is sent again as it is,
what is stuck is replaced by what pays more, up to the caps, and nothing is given up that may yet be included. Which
nonce a new call gets, and what fills a gap, is `submit`'s.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence

from attrs import field, frozen, validators

from xl2.core.amounts import wei_and_gwei
from xl2.core.evidence import Finality
from xl2.core.types import checksum, hex_text
from xl2.errors import NotAccepted, Refused, Retryable, Unaffordable
from xl2.flow import fees
from xl2.flow.alarms import Alarms, Cause, cause_of
from xl2.flow.handover import Handover
from xl2.flow.held import Held, Open
from xl2.flow.nonces import Told, forgotten, gap
from xl2.flow.resting import rest
from xl2.ports import Alarm, AlarmKind, Blocks, Broadcast, Clock, Fees, Journal, Observer, TxLook, TxReceipt

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Patience:
    """How patient a submitter is."""

    poll_seconds: float = field(default=0.5, validator=validators.gt(0))
    #: After this time at the front without inclusion a transaction is replaced by one that pays more.
    stuck_seconds: float = field(default=20.0, validator=validators.gt(0))
    #: What the node's pool does not hold, or does not take now, is sent again this often.
    resend_seconds: float = field(default=2.0, validator=validators.gt(0))
    #: A nonce that nothing holds, below one that waits for it, is filled by a transfer of nothing after this time.
    gap_seconds: float = field(default=10.0, validator=validators.gt(0))
    #: So many looks in a row must find the nonce used in a final block, and none of ours included, before it counts as
    #: lost to another: one endpoint behind a name may know of our transaction later than the next.
    looks_before_lost: int = field(default=5, validator=validators.ge(1))
    #: Bytes whose arrival nobody knew of, that the pool does not hold and that are refused so often in a row, are never
    #: taken: their nonce is free again, or all that follow would wait for ever.
    refusals_before_free: int = field(default=10, validator=validators.ge(1))


class Inclusion:
    """Looks after what one account holds on one chain, while anybody waits for it."""

    def __init__(
        self,
        *,
        chain: Blocks,
        held: Held,
        handover: Handover,
        journal: Journal,
        clock: Clock,
        patience: Patience,
        caps: fees.FeeCaps,
        alarms: Alarms,
        observer: Observer,
        fill: Callable[[int], Awaitable[None]],
    ) -> None:
        """`fill`: makes a transaction for a nonce that nothing holds. Nothing is read or sent before somebody waits."""
        self._chain = chain
        self._held = held
        self._handover = handover
        self._journal = journal
        self._clock = clock
        self._patience = patience
        self._caps = caps
        self._alarms = alarms
        self._observer = observer
        self._fill = fill
        #: The lowest open nonce, and since when it is that.
        self._front: tuple[int, float] = (-1, 0.0)
        #: The lowest nonce that nothing holds while something waits behind it, and since when that is so.
        self._gap: tuple[int | None, float] = (None, 0.0)
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        #: How long the last one took from its handover into a block, in seconds: sooner there is nothing to see.
        self._usual = 0.0

    async def of(self, entry: Open) -> TxReceipt | None:
        """The entry's receipt, None where its nonce is lost. Raises what broke the task that looks."""
        self._waiting += 1
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on(), name=f"inclusion on chain {self._chain.chain}")
        try:
            # Not the entry's own future: it outlives whoever is cancelled while it waits.
            await asyncio.wait((entry.done, self._task), return_when=asyncio.FIRST_COMPLETED)
            if not entry.done.done():
                await self._task
            return entry.done.result()
        finally:
            self._waiting -= 1
            if not self._waiting:
                await self._rest_now()

    async def send_held(self) -> None:
        """Send what was written down and never handed over: all that follows would wait for it."""
        for entry in self._held.in_order():
            if entry.outcome is None and not entry.is_in_hand:
                with self._telling(entry):
                    await self._send(entry)

    async def check(self, told: Told) -> None:
        """Whether a chain that says nonces are unused, that we saw included, has taken them back or lags behind."""
        doubtful = self._held.doubtful(told)
        if not doubtful:
            return
        hashes = [attempt.hash for entry in doubtful for attempt in entry.attempts]
        seen = await self._chain.look(self._handover.address, hashes)
        for entry in doubtful:
            if seen.tx_nonce <= entry.tx_nonce and not any(one.hash in seen.receipts for one in entry.attempts):
                self._held.reopen(entry, self._clock.steady())
                fields = {"what": entry.what, "tx_nonce": entry.tx_nonce, "tx_hash": hex_text(entry.newest.hash)}
                log.info("an included transaction was taken back and is sent again", extra={"fields": fields})

    async def alarm_foreign(self, nonce: int, instead: str) -> None:
        """Somebody else has the key. `instead`: who did not get the nonce."""
        by = await self._chain.transaction_at(self._handover.address, nonce)
        which = "a transaction that the node does not name" if by is None else f"transaction {hex_text(by)}"
        account, chain = checksum(self._handover.address), self._chain.chain
        what = (
            f"account {account} is used elsewhere too: its nonce {nonce} on chain {chain} went to {which}, {instead}; "
            "give this relayer a key of its own"
        )
        # Not by nonce: whoever else has the key uses it again, and that is one cause.
        self._alarms.tell(self._cause(AlarmKind.KEY_IN_USE), Alarm(kind=AlarmKind.KEY_IN_USE, what=what, chain=chain))

    async def look(self) -> None:
        """One look at all that is open, and what follows from it."""
        entries = self._held.in_order()
        hashes = [attempt.hash for entry in entries for attempt in reversed(entry.attempts)]
        seen = await self._chain.look(self._handover.address, hashes)
        told = Told(used=seen.tx_nonce, pooled=seen.pending_nonce)
        await self.check(told)
        for entry in entries:
            await self._include(entry, seen)
        left = [entry for entry in entries if not entry.done.done() and not entry.is_in_hand]
        await self._weigh([entry for entry in left if entry.tx_nonce < told.used])
        await self._help([entry for entry in left if entry.tx_nonce >= told.used], told)
        await self._mind_gap(told)

    async def _look_on(self) -> None:
        while True:
            if self._news.is_set():
                await self._await_first()
            self._news.clear()
            try:
                await self.look()
            except (Retryable, Refused) as cause:
                # Rooms tell of an endpoint that fails.
                log.debug("inclusion unknown", extra={"fields": {"chain": self._chain.chain, "cause": cause.what}})
            # Or until something was handed over.
            await rest(self._clock, self._news, self._patience.poll_seconds)

    async def _await_first(self) -> None:
        """A block may hold at once what was handed over, or not before long: as the last inclusion makes likely."""
        if self._usual:
            await self._clock.sleep(min(self._patience.poll_seconds, self._usual / 2))

    async def _rest_now(self) -> None:
        """Nobody waits: what is open stays in the journal, and is taken up with the next call or the next start."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])

    async def _include(self, entry: Open, seen: TxLook) -> None:
        """Newest attempt first."""
        for attempt in reversed(entry.attempts):
            receipt = seen.receipts.get(attempt.hash)
            if receipt is not None:
                await self._journal.included(receipt, attempt)
                self._held.include(entry, receipt)
                self._usual = self._clock.steady() - entry.sent_at
                self._alarms.well(self._cause(AlarmKind.FEE_CAP), "stuck")
                if entry.refused_with:
                    self._alarms.well(self._cause(AlarmKind.LOW_BALANCE), "open")
                return

    async def _weigh(self, used: Sequence[Open]) -> None:
        """Nonces that are used while none of our attempts is known to be: lost once that is final, not before."""
        if not used:
            return
        head = (await self._chain.head(Finality.LATEST)).number
        final = (await self._chain.head(Finality.FINALIZED)).number
        for entry in used:
            entry.used_by = head if entry.used_by is None else entry.used_by
            entry.looks += 1
            entry.final_looks = entry.final_looks + 1 if final >= entry.used_by else 0
            if entry.looks == self._patience.looks_before_lost:
                await self.alarm_foreign(entry.tx_nonce, f"not to ours ({entry.what})")
            if entry.final_looks >= self._patience.looks_before_lost:
                await self._handover.void(entry.newest)
                self._held.give_up(entry)

    async def _help(self, waiting: Sequence[Open], told: Told) -> None:
        """Replace what is stuck, and send again what the pool does not hold."""
        now = self._clock.steady()
        for entry in waiting:
            entry.used_by, entry.looks, entry.final_looks = None, 0, 0
        if waiting and waiting[0].tx_nonce != self._front[0]:
            self._front = waiting[0].tx_nonce, now
        asked = await self._chain.fees() if any(self._is_stuck(entry, now) for entry in waiting) else None
        lost = set(forgotten((entry.tx_nonce for entry in waiting), told))
        for entry in waiting:
            with self._telling(entry):
                if asked is not None and (
                    self._is_stuck(entry, now) or entry.newest.transaction.max_fee < asked.base_fee
                ):
                    await self._replace(entry, asked)
                silent = now - entry.sent_at >= self._patience.resend_seconds
                if entry.outcome is None or (
                    silent and (entry.outcome is not Broadcast.ACCEPTED or entry.tx_nonce in lost)
                ):
                    await self._send(entry)
            if entry.refusals >= self._patience.refusals_before_free and entry.tx_nonce >= told.pooled:
                await self._free(entry)

    async def _free(self, entry: Open) -> None:
        """Should the bytes be included for all that, whoever takes the nonce next is lost, and made again."""
        fields = {
            "chain": self._chain.chain,
            "what": entry.what,
            "tx_nonce": entry.tx_nonce,
            "tx_hash": hex_text(entry.newest.hash),
            "cause": entry.refused_with,
            "remedy": "Nothing is lost; if this comes again, ask another endpoint what is wrong with it.",
        }
        log.warning("a transaction that no node takes is given up, and its call made again", extra={"fields": fields})
        await self._handover.void(entry.newest)
        self._held.give_up(entry)

    @contextlib.contextmanager
    def _telling(self, entry: Open) -> Iterator[None]:
        """What is out may yet be included: whoever were told that this failed would pay for the call twice."""
        try:
            yield
        except Refused as refused:
            fields = {"what": entry.what, "tx_nonce": entry.tx_nonce, "cause": refused.what}
            # A balance comes back by itself, once it was sent; a wallet says no to a better price, not to what is out.
            entry.refusals += not isinstance(refused, (Unaffordable, NotAccepted))
            if isinstance(refused, Unaffordable):
                self._alarm_poor(entry, refused)
            # It is sent again every few seconds: told when that begins, and aloud when it is given up.
            log.log(
                logging.INFO if entry.refusals == 1 else logging.DEBUG,
                "open transaction refused",
                extra={"fields": fields},
            )
            entry.refused_with = refused.what
            entry.outcome, entry.sent_at = Broadcast.NOT_NOW, self._clock.steady()
        except Retryable as cause:
            fields = {"what": entry.what, "tx_nonce": entry.tx_nonce, "cause": cause.what}
            log.debug("open transaction unanswered", extra={"fields": fields})

    def _is_stuck(self, entry: Open, now: float) -> bool:
        """Only the lowest waits for nobody but itself."""
        nonce, since = self._front
        patient = now - max(entry.since, since) < self._patience.stuck_seconds
        return entry.outcome is Broadcast.UNDERPRICED or (entry.tx_nonce == nonce and not patient)

    async def _send(self, entry: Open) -> None:
        entry.sent_at = self._clock.steady()
        entry.outcome = await self._handover.send(entry.newest)
        entry.refusals = 0
        self._alarms.well(self._cause(AlarmKind.LOW_BALANCE), "open")

    async def _replace(self, entry: Open, asked: Fees) -> None:
        """Sign the newest attempt again at a better price, unless the least that a pool takes is over the cap."""
        old = entry.newest.transaction
        now = self._clock.steady()
        better = fees.capped(old, asked, self._caps)
        fields: dict[str, object] = {"what": entry.what, "tx_nonce": old.tx_nonce, "max_fee_wei": old.max_fee}
        if better is None:
            cap, asks = fees.ceiling(asked, self._caps), asked.base_fee + asked.priority_fee
            what = (
                f"a transaction on chain {old.chain} is stuck at the fee cap: {entry.what} offers "
                f"{wei_and_gwei(old.max_fee)} a gas, the chain asks {wei_and_gwei(asks)}, the cap is "
                f"{wei_and_gwei(cap)}; raise max_fee_gwei of the chain, or wait until gas falls"
            )
            alarm = Alarm(kind=AlarmKind.FEE_CAP, what=what, chain=old.chain, value=cap)
            self._alarms.tell(self._cause(AlarmKind.FEE_CAP), alarm, "stuck")
            # As it is, it is sent again now and then: gas may fall.
            entry.since, entry.outcome = now, Broadcast.NOT_NOW
            return
        signed = await self._handover.sign(better, entry.what)
        await self._handover.keep(signed, entry.what)
        entry.attempts.append(signed)
        entry.since, entry.outcome = now, None
        log.info("transaction replaced", extra={"fields": {**fields, "new_max_fee_wei": better.max_fee}})
        self._observer.replaced(old.chain, entry.what)

    def _alarm_poor(self, entry: Open, poor: Unaffordable) -> None:
        """All that follows waits for this one, and no new call need be too dear to say so."""
        account, chain = checksum(self._handover.address), self._chain.chain
        what = (
            f"{entry.what} is signed, and chain {chain} does not take it, as {account} has too little: {poor.what}; "
            "send it more, and what waits goes on by itself"
        )
        alarm = Alarm(kind=AlarmKind.LOW_BALANCE, what=what, chain=chain)
        self._alarms.tell(self._cause(AlarmKind.LOW_BALANCE), alarm, "open")

    def _cause(self, kind: AlarmKind) -> Cause:
        return cause_of(kind, self._chain.chain, self._handover.address)

    async def _mind_gap(self, told: Told) -> None:
        now, found = self._clock.steady(), gap(self._held.open, told)
        if found != self._gap[0]:
            self._gap = found, now
        if found is not None and now - self._gap[1] >= self._patience.gap_seconds:
            await self._fill(found)

"""
Relay: one message carried by oneself, through the same rooms that the relayer walks.

In: a message's status and a goal. Out: what was done, each transaction with the evidence it rested on. Promise: each
step is the room's own (`xl2.flow`), so proofs are verified before gas is paid and nothing is delivered twice; what the
chains are not ready for is `NotYet`, with the sentence of whoever is awaited. Waiting is left to the client.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind
from xl2.core.transfer import Transfer
from xl2.core.types import Assurance, BlockNumber, ChainId, Hash32, hex_text
from xl2.errors import Incapable, InvalidInput, NotAccepted, NotFound, NotYet, Refused, Retryable, Reverted
from xl2.flow.deliver import RETRY_GAS_PERCENT, deliver, expire, retry
from xl2.flow.observe import observe
from xl2.flow.prove import prove
from xl2.flow.settle import owed_of, settle
from xl2.flow.settle import prepare as prepare_settlement
from xl2.ports import Bridge, Call, Log, Needed, Prover, Shown, TxReceipt
from xl2.sdk.parts import Parts
from xl2.sdk.values import Act, Status

T = TypeVar("T")

#: Rounds of calls that evidence may cost for one message, there and back.
MAX_ASKED: Final = 8
#: Times that a call may revert because the chains went on since it was decided on.
MAX_OVERTAKEN: Final = 6


class Goal(StrEnum):
    """How far a message is to be carried."""

    #: Final on the origin: from then on it can be shown.
    OBSERVED = "observed"
    #: Tried: delivered, or failed.
    TRIED = "tried"
    DELIVERED = "delivered"
    #: Delivered, and final on the destination.
    CONFIRMED = "confirmed"
    #: Its receipt proven back, and the fee earned.
    SETTLED = "settled"
    #: Its expiry recorded and proven back, and what was escrowed given back.
    REFUNDED = "refunded"


@define
class Remembering:
    """A prover that remembers what it showed last, so that it can be told who was believed."""

    prover: Prover
    shown: Shown | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Kind of evidence."""
        return self.prover.name

    @property
    def assurance(self) -> Assurance:
        """Class of what it shows."""
        return self.prover.assurance

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """As the prover does."""
        found = await self.prover.show(log, count, upto, known)
        self.shown = found if isinstance(found, Shown) else None
        return found


@define
class Carrier:
    """Takes one message one step further, as often as it is asked."""

    parts: Parts
    #: Kind of evidence to use (`attested`, `proven`, `routed`); None: the fastest that is ready.
    via: str | None = None
    #: What was done so far, in order.
    acts: list[Act] = field(factory=list, init=False)
    #: How often a prover has asked for calls first.
    _asked: int = field(default=0, init=False)
    #: How often such a call reverted.
    _overtaken: int = field(default=0, init=False)

    async def step(self, status: Status, goal: Goal) -> None:
        """
        Do what the message waits for on the way to a goal.

        Raises `NotYet` where only time helps, and as the rooms do.
        """
        message = status.message
        match status.state:
            case State.OBSERVED | State.PROVEN if goal is not Goal.REFUNDED:
                await self._deliver(message)
            case State.FAILED if goal is not Goal.REFUNDED:
                await self._retry(message)
            case State.OVERDUE if goal is Goal.REFUNDED:
                await self._expire(message)
            case State.CONFIRMED if goal is Goal.SETTLED:
                await self._settle(message)
            case State.REFUNDABLE if goal is Goal.REFUNDED:
                await self._settle(message)
            case State.OBSERVED | State.PROVEN | State.FAILED:
                raise NotYet(
                    f"message {hex_text(status.id)} is {status.state}, and its time runs until {message.expiry}",
                    remedy="Wait for its expiry, or relay it until it is delivered.",
                )
            case _:
                raise NotYet(
                    f"message {hex_text(status.id)} is {status.state}, in a block that is not final yet",
                    remedy="Wait; nothing is done on a block that may be taken back.",
                )

    async def pay_out(self, message: Message) -> None:
        """After a refund: give value and fee back to whom they belong. What was given back already is left alone."""
        origin = self.parts.chains[message.origin]
        bridge = self.parts.bridge_at(message.origin, message.sender)
        if bridge is None:
            await self._make_while(origin.claim_call(message.sender), lambda: origin.credit(message.sender))
            return
        await self._make_while(bridge.refund_call(message), lambda: _not(bridge.is_refunded(message.id)))
        await self._pay_fees(bridge, message)

    async def _pay_fees(self, bridge: Bridge, message: Message) -> None:
        owner = Transfer.parse(message.payload).sender.account
        await self._make_while(bridge.claim_fees_call(owner), lambda: bridge.refunded_fees(owner))

    async def _make_while(self, call: Call, is_open: Callable[[], Awaitable[object]]) -> None:
        """Make a call that anybody may make, if nobody has; one that reverts because somebody was faster is done."""
        overtaken = 0
        while await is_open():
            try:
                await self._make(call)
            except Reverted:
                # What is open now may have come since: another payout to the same account.
                overtaken += 1
                if overtaken > MAX_OVERTAKEN:
                    raise
                # Until the block that overtook it: a node simulates on top of its pool.
                await self.parts.clock.sleep(self.parts.config.relayer.poll_seconds)
            else:
                return

    async def _deliver(self, message: Message, *, anew: bool = False) -> None:
        log = Log(lane=Lane.of(message), kind=LogKind.LANE)
        await self._observe(log)
        record = await self.parts.store.record(message.id)
        if record is None:
            raise NotYet(f"message {hex_text(message.id)} is not in a final block of chain {message.origin} yet")
        found = await self._first_ready(log, lambda prover: prove([record], self.parts.store, prover))
        if found is not None:
            proven, prover = found
            there, submitter = self.parts.chains[message.destination], self.parts.submitter(message.destination)
            outcome = await deliver(proven.segment, proven.shown.evidence, there, submitter, anew=anew)
            self._note("deliver", message.destination, outcome.receipt, prover)

    async def _retry(self, message: Message) -> None:
        gas = message.gas_limit * RETRY_GAS_PERCENT // 100
        there, submitter = self.parts.chains[message.destination], self.parts.submitter(message.destination)
        try:
            outcome = await retry(message, gas, there, submitter)
        except Reverted as reverted:
            if there.error_name(reverted.revert) != "VerifiersFell":
                raise
            # What it failed on is believed no longer: it takes evidence that is.
            await self._deliver(message, anew=True)
            return
        self._note("retry", message.destination, outcome.receipt)

    async def _expire(self, message: Message) -> None:
        there, submitter = self.parts.chains[message.destination], self.parts.submitter(message.destination)
        self._note("expire", message.destination, (await expire(message, there, submitter)).receipt)

    async def _settle(self, message: Message) -> None:
        lane = Lane.of(message)
        origin, there = self.parts.chains[lane.origin], self.parts.chains[lane.destination]
        log = Log(lane=lane, kind=LogKind.RECEIPTS)
        await self._observe(Log(lane=lane, kind=LogKind.LANE))
        await self._observe(log)
        store = self.parts.store
        due = await owed_of(message, store, origin, self.parts.clock.now())
        if due is None:
            what = f"no receipt of message {hex_text(message.id)} is final on chain {lane.destination} and unsettled"
            raise NotYet(what)
        found = await self._first_ready(log, lambda prover: prepare_settlement(due, store, origin, there, prover))
        if found is not None:
            call, prover = found
            settled = await settle(due, call, self.parts.submitter(lane.origin))
            self._note("settle", lane.origin, settled.receipt, prover)

    async def _first_ready(
        self, log: Log, ask: Callable[[Prover], Awaitable[T | Needed]]
    ) -> tuple[T, Remembering] | None:
        """
        What the first prover that is ready makes of it. None: calls were made that it needs first, ask again.

        One that fails does not hide the next. Where none serves, raises `NotYet` while one of them is only waiting,
        else what the first of them failed with. What the wallet refused is not asked for in another way.
        """
        failures: list[Retryable | Refused] = []
        for prover in self._provers(log):
            try:
                found = await ask(prover)
                if not isinstance(found, Needed):
                    return found, prover
                await self._prepare(found, prover)
            except NotAccepted:
                raise
            except (Retryable, Refused) as cause:
                failures.append(cause)
            else:
                return None
        raise _most_telling(failures)

    async def _prepare(self, needed: Needed, prover: Remembering) -> None:
        """Make the calls that evidence needs first, as long as it does not ask for ever."""
        self._asked += 1
        if self._asked > MAX_ASKED:
            raise NotYet(
                f"{prover.name} evidence asked for {MAX_ASKED} rounds of calls and is not ready: {needed.why}",
                remedy="No more gas is spent on it; try other evidence with --via, or later.",
            )
        for call in needed.calls:
            try:
                await self._make(call)
            except Reverted as overtaken:
                self._overtaken += 1
                if self._overtaken > MAX_OVERTAKEN:
                    raise
                # Built for the chains of a moment ago: a newer root may stand where it names an older one.
                raise NotYet(f"{needed.why}; the call for that came too late: {overtaken.what}") from overtaken

    def _provers(self, log: Log) -> list[Remembering]:
        provers = self.parts.provers(log)
        if self.via is not None and self.via not in {prover.name for prover in provers}:
            cannot = self.parts.why_not(log.home, self.via)
            if cannot is not None:
                raise Incapable(f"logs of chain {self.parts.name(log.home)} have no {self.via} evidence: {cannot}")
            raise InvalidInput(
                f"there is no {self.via!r} evidence for chain {log.home} on chain {log.reader}",
                field="via",
                value=self.via,
                remedy=f"Choose one of: {', '.join(prover.name for prover in provers) or 'none is configured'}.",
            )
        able = [
            Remembering(prover)
            for prover in provers
            if prover.assurance >= log.lane.assurance and self.via in (None, prover.name)
        ]
        if not able:
            raise NotFound(
                f"no verifier of class {log.lane.assurance.name.lower()} or better is configured for logs of chain "
                f"{log.home} on chain {log.reader}",
                remedy="Add the chain's verifiers to the configuration, or choose another kind of evidence.",
            )
        return able

    async def _observe(self, log: Log) -> None:
        more = True
        async with self.parts.turn:
            while more:
                now = self.parts.clock.now()
                seen = await observe(self.parts.chains[log.home], log, self.parts.store, Finality.FINALIZED, now)
                more = seen is not None and seen.more

    async def _make(self, call: Call) -> None:
        receipt = await self.parts.submitter(call.chain).submit(call)
        self._note(call.what, call.chain, receipt)

    def _note(self, what: str, chain: ChainId, receipt: TxReceipt | None, prover: Remembering | None = None) -> None:
        if receipt is None:
            return  # somebody else was faster, and nothing had to be sent
        shown = prover.shown if prover else None
        self.acts.append(
            Act(
                what=what,
                chain=chain,
                tx_hash=receipt.tx_hash,
                block=receipt.block,
                gas_used=receipt.gas_used,
                cost_wei=receipt.cost,
                evidence=prover.name if prover else None,
                assurance=shown.assurance if shown else None,
                trusted=shown.trusted if shown else (),
            )
        )


async def _not(answer: Awaitable[bool]) -> bool:
    return not await answer


def _most_telling(failures: Sequence[Retryable | Refused]) -> Retryable | Refused:
    """One error for all provers: while one of them waits it is `NotYet`, and says also what is wrong with another."""
    waiting = next((one for one in failures if isinstance(one, NotYet)), None)
    broken = next((one for one in failures if not isinstance(one, NotYet)), None)
    if waiting is None or broken is None:
        return failures[0]
    return NotYet(f"{waiting.what}; other evidence failed: {broken.what}", remedy=waiting.remedy)

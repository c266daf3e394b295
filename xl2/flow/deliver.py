"""
Deliver: proven messages go to the inbox; what their time has passed for is recorded as expired; what failed is retried.

Promise: every transaction was simulated first (the submitter does), so a message that cannot succeed costs no gas; what
is delivered already, by anyone, is seen before and not paid for again. What a transaction did is read from the inbox at
the block it is in, not guessed. Whether that block stays is `confirm`'s.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import head_after
from xl2.core.lifecycle import Event
from xl2.core.message import Message
from xl2.core.segment import Segment
from xl2.core.types import Address, MessageId, Nonce
from xl2.errors import NotYet
from xl2.ports import Block, Chain, Fate, Happening, Place, Submitter, TxReceipt

#: A retry may give the recipient more than its sender named: running out of gas is why many of them failed.
RETRY_GAS_PERCENT = 150
#: No retry comes within a tenth of the gas that a transaction may have (EIP-7825), its own cost included.
_MOST_RETRY_GAS = 14_000_000

_EVENTS = {Fate.DELIVERED: Event.DELIVERY, Fate.FAILED: Event.FAILURE}


@frozen(kw_only=True)
class Outcome:
    """What became of messages, ready for the store."""

    happenings: tuple[Happening, ...]
    #: None where nothing had to be sent.
    receipt: TxReceipt | None = None
    #: Why the inbox skipped or the recipient failed, by message.
    reasons: dict[MessageId, str]


async def look(messages: Sequence[Message], destination: Chain, *, failed: bool = True) -> Outcome:
    """What the destination says of messages now, whoever did it. `failed` false: not what has failed."""
    tip, fates = await destination.fates_beside(messages, failed=failed)
    happenings = []
    for message, fate in zip(messages, fates, strict=True):
        if fate is Fate.DELIVERED:
            happenings.append(_seen(message, Event.DELIVERY, tip))
        elif message.is_expired(tip.timestamp):
            happenings.append(_seen(message, Event.EXPIRY_PASSED, tip))
        elif fate is Fate.FAILED:
            happenings.append(_seen(message, Event.FAILURE, tip))
    return Outcome(happenings=tuple(happenings), reasons={})


async def deliver(
    segment: Segment,
    evidence: bytes,
    destination: Chain,
    submitter: Submitter,
    *,
    payee: Address | None = None,
    anew: bool = False,
    gas_limit: int | None = None,
    is_fresh: bool = False,
    failed: bool = True,
) -> Outcome:
    """
    Deliver what of a segment is still open. `payee`: who earns; else who pays.

    `anew`: also what has failed, on this evidence, as the evidence it failed on no longer counts. `gas_limit`: what it
    is simulated and sent with; else an estimate is asked for. `is_fresh`: it was looked at just now, and all is open.
    `failed` false: it is not asked which have failed, for each of which that is a question of its own.

    Raises `Reverted` where the inbox refuses the whole (evidence that fell, a paused lane), `Unaffordable` where the
    relayer is out of gas money.
    """
    nothing = Outcome(happenings=(), reasons={})
    before = nothing if is_fresh else await look(segment.messages, destination, failed=failed)
    over = {one.id for one in before.happenings if not (anew and one.event is Event.FAILURE)}
    narrowed = narrow(segment, over) if over else segment
    if narrowed is None:
        return before
    call = destination.deliver_call(narrowed.encode(), evidence, payee or submitter.address)
    if gas_limit is not None:
        call = evolve(call, gas_limit=gas_limit)
    receipt = await submitter.submit(call)
    done = await _read(narrowed.messages, receipt, destination)
    return Outcome(happenings=(*before.happenings, *done.happenings), receipt=receipt, reasons=done.reasons)


async def retry(
    message: Message, gas_limit: int, destination: Chain, submitter: Submitter, *, payee: Address | None = None
) -> Outcome:
    """
    Call a failed message's recipient again.

    Where a reorg took the failure back, that is told. Raises `Reverted` (`NoProgress`) where it would fail again.
    """
    before = await look([message], destination)
    if not before.happenings:
        return evolve(before, happenings=(_happening(message, Event.DESTINATION_REORG),))
    if any(happening.event is not Event.FAILURE for happening in before.happenings):
        return before
    receipt = await submitter.submit(destination.retry_call(message, gas_limit, payee or submitter.address))
    return await _read([message], receipt, destination)


def retry_gas(message: Message, *, is_first: bool) -> int:
    """Gas for the recipient of a retry: what its sender named, and more of it each further time."""
    wanted = message.gas_limit * (100 if is_first else RETRY_GAS_PERCENT) // 100
    return max(message.gas_limit, min(wanted, _MOST_RETRY_GAS))


async def expire(message: Message, destination: Chain, submitter: Submitter) -> Outcome:
    """
    Record that a message's time is over, so that it is refunded.

    Raises `NotYet` where the destination's clock is not past it.
    """
    tip = await destination.head(Finality.LATEST)
    (fate,) = await destination.fates([message], tip.number)
    if fate is Fate.DELIVERED:
        return Outcome(happenings=(_seen(message, Event.DELIVERY, tip),), reasons={})
    if not message.is_expired(tip.timestamp):
        raise NotYet(f"chain {destination.chain} is at {tip.timestamp}, the message expires after {message.expiry}")
    return await record_expiry(message, destination, submitter)


async def record_expiry(message: Message, destination: Chain, submitter: Submitter) -> Outcome:
    """The same of a message that was looked at just now; the inbox itself refuses what is not over."""
    receipt = await submitter.submit(destination.expire_call(message))
    happening = _happening(message, Event.EXPIRY_RECORDED, _place(receipt))
    return Outcome(happenings=(happening,), receipt=receipt, reasons={})


def narrow(segment: Segment, over: set[MessageId]) -> Segment | None:
    """
    The segment without what is over at its ends: the inbox skips what is over in between. None: nothing is left.

    What is cut off at the end goes on as an id in the suffix, so the head stays.
    """
    places = [place for place, message in enumerate(segment.messages) if message.id not in over]
    if not places:
        return None
    first, last = places[0], places[-1]
    cut, kept, rest = segment.messages[:first], segment.messages[first : last + 1], segment.messages[last + 1 :]
    return evolve(
        segment,
        first=Nonce(segment.first + first),
        start=head_after(segment.start, (message.id for message in cut)),
        messages=kept,
        suffix=(*(message.id for message in rest), *segment.suffix),
    )


async def _read(messages: Sequence[Message], receipt: TxReceipt, destination: Chain) -> Outcome:
    """What the inbox says at the block of a transaction."""
    block, fates = await destination.fates_beside(messages, receipt.block)
    failed = [message.id for message, fate in zip(messages, fates, strict=True) if fate is Fate.FAILED]
    failures = await destination.failures(failed, receipt.block, receipt.block) if failed else []
    # What was read one by one is looked at once more; what stood beside its block, once.
    block = await destination.block(receipt.block) if failed else block
    if block.hash != receipt.block_hash:
        raise NotYet(f"block {receipt.block} of chain {destination.chain} was taken back while it was read")
    place = _place(receipt)
    return Outcome(
        happenings=tuple(
            _happening(message, _EVENTS[fate], place)
            for message, fate in zip(messages, fates, strict=True)
            if fate in _EVENTS
        ),
        receipt=receipt,
        reasons={failure.id: destination.explain(failure.reason) for failure in failures},
    )


def _happening(message: Message, event: Event, place: Place | None = None) -> Happening:
    return Happening(id=message.id, event=event, chain=message.destination, place=place)


def _seen(message: Message, event: Event, tip: Block) -> Happening:
    """What the tip holds, by a transaction that is not ours."""
    return Happening(id=message.id, event=event, chain=message.destination, seen_at=tip.number)


def _place(receipt: TxReceipt) -> Place:
    return Place(block=receipt.block, block_hash=receipt.block_hash, tx_hash=receipt.tx_hash, log_index=0)

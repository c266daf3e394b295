"""
Prove: observed messages and a known head become a segment with its evidence.

Promise: what leaves this room leads to the very head that the evidence shows; what does not is an error here, never a
revert on the destination. Evidence itself was verified by the prover that made it. Waiting for the head is the
pipeline's work, which messages fit one transaction this room's.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.lane import Lane, extend
from xl2.core.message import Message
from xl2.core.segment import Segment, packed_size
from xl2.core.storage_proof import LogKind
from xl2.core.types import Nonce, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import Log, Needed, Prover, Record, Shown, Store

#: EIP-7623: a byte of calldata once execution is cheap.
BYTE_GAS = 40


@frozen(kw_only=True)
class Proven:
    """A segment that can be delivered."""

    segment: Segment
    shown: Shown
    #: Name of the prover.
    by: str
    #: Steady time at which the destination was last seen without these messages.
    looked_at: float = 0.0


@frozen(kw_only=True)
class BatchLimits:
    """How much one delivery carries."""

    messages: int = 5_000
    #: Of the transaction: more than a tenth below the most that one may have (EIP-7825). Every recipient is taken to
    #: use `message_gas` and one to use its whole limit.
    gas: int = 15_000_000
    #: Of payloads and packing; nodes take transactions of up to 128 KiB, and evidence wants its place as well.
    size: int = 110_000
    #: What a message takes with its recipient, or its bytes alone where those are dearer.
    message_gas: int = 40_000


def batch(records: Sequence[Record], limits: BatchLimits) -> tuple[Record, ...]:
    """First run of consecutive messages that fits one delivery; at least one message where there is any."""
    return tuple(records[: fitting([record.sent.message for record in records], limits)])


def fitting(messages: Sequence[Message], limits: BatchLimits) -> int:
    """How many of these, from the first on, follow each other and fit one delivery: at least one of any."""
    gas = size = dearest = 0
    before: Message | None = None
    for place, message in enumerate(messages):
        bytes_here = packed_size(message, before)
        dearest = max(dearest, message.gas_limit * 64 // 63)
        gas += max(limits.message_gas, bytes_here * BYTE_GAS)
        size += bytes_here
        follows = before is None or message.nonce == before.nonce + 1
        fits = place < limits.messages and gas + dearest <= limits.gas and size <= limits.size
        if place and not (follows and fits):
            return place
        before = message
    return len(messages)


async def prove(records: Sequence[Record], store: Store, prover: Prover) -> Proven | Needed:
    """
    Prove consecutive messages of one lane.

    Returns `Needed` where calls must be made first. Raises `NotYet` while no head covers them, `ProofInvalid` where the
    head that was shown is not where the messages lead: another fork, or an endpoint that lies.
    """
    first, last = records[0].sent.message, records[-1].sent.message
    lane = Lane.of(first)
    log = Log(lane=lane, kind=LogKind.LANE)
    cursor = await store.cursor(log)
    if cursor is None:
        raise NotYet(f"chain {lane.origin} is not observed yet")
    reached = extend(records[-1].start, last.id)
    shown = await prover.show(log, last.nonce + 1, cursor.block, reached)
    if isinstance(shown, Needed):
        return shown
    behind = shown.head.count - last.nonce - 1
    between = await store.range(lane, Nonce(last.nonce + 1), Nonce(shown.head.count - 1)) if behind else ()
    segment = Segment(
        lane=lane,
        first=first.nonce,
        start=records[0].start,
        messages=tuple(record.sent.message for record in records),
        suffix=tuple(record.sent.message.id for record in between),
    )
    if segment.end != shown.head.count or segment.head != shown.head.head:
        raise ProofInvalid(
            f"messages {first.nonce} to {segment.end - 1} lead to head {hex_text(segment.head)}; "
            f"the {prover.name} head of {shown.head.count} is {hex_text(shown.head.head)}",
            remedy="Observe the origin again; if this stays, an endpoint or the verifier contradicts the lane's log.",
        )
    return Proven(segment=segment, shown=shown, by=prover.name)

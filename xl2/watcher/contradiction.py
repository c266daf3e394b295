"""
Contradiction: facts in, whether they contradict each other and what to pause out. Rules only, no I/O.

Promise: no honest schedule of sends, deliveries, expiries, refunds and reorgs of blocks that are not final gives facts
that contradict each other here, however far one chain was read behind another (`tests/property/test_watcher.py`). What
is paused is the least that stops the damage: the verifier that lied and no other, the ends of the token that broke and
no other token.

On skew: a head or a transfer can be seen where it arrives before the block it was sent in is seen. So "the log is not
that long" and "it was never sent" count only by blocks that are `margin` seconds younger than the block of the arrival,
clocks of chains being that far apart at most: honest evidence is of final blocks, and these come before it.
"""

from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from xl2.core.evidence import VerifierNumber
from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, ChainId, Hash32, checksum, hex_text
from xl2.ports import AlarmKind, Log, Motion
from xl2.watcher.facts import (
    At,
    Fact,
    HeadTaken,
    Holding,
    LogBroken,
    LogStands,
    NeverSent,
    NonceDelivered,
    TransferMoved,
)

#: Verifier numbers end at 191.
_NUMBERS = 192


@frozen(kw_only=True)
class PauseVerifier:
    """Pause a verifier on a chain; a settled one goes on for receipts."""

    chain: ChainId
    number: VerifierNumber


@frozen(kw_only=True)
class PauseLane:
    """Pause a lane at one end; settled evidence on receipts goes on."""

    chain: ChainId
    lane: Lane


@frozen(kw_only=True)
class PauseAsset:
    """Pause a token bridge; refunds go on."""

    chain: ChainId
    bridge: Address


Pause = PauseVerifier | PauseLane | PauseAsset


@frozen(kw_only=True)
class Contradiction:
    """Facts that cannot all be of an honest history."""

    facts: tuple[Fact, ...]
    #: Ends of the token that the facts speak of, by chain; empty where they speak of heads.
    ends: Mapping[ChainId, Address] = field(factory=dict)

    @cached_property
    def id(self) -> Hash32:
        """The same for what is the same break, whenever and by whichever endpoint it was read."""
        return keccak("|".join(map(_subject, self.facts)).encode())

    @property
    def kind(self) -> AlarmKind:
        """What a person is told."""
        of_heads = isinstance(self.facts[0], HeadTaken | LogBroken | NonceDelivered)
        return AlarmKind.HEAD_CONTRADICTION if of_heads else AlarmKind.BACKING_BREAK

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """The least that stops the damage."""
        first = self.facts[0]
        if isinstance(first, HeadTaken):
            numbers = [VerifierNumber(n) for n in range(_NUMBERS) if first.verifiers >> n & 1]
            return tuple(PauseVerifier(chain=first.at.chain, number=number) for number in numbers)
        if isinstance(first, LogBroken):
            return (PauseLane(chain=first.log.reader, lane=first.log.lane),)
        if isinstance(first, NonceDelivered):
            return (PauseLane(chain=first.lane.destination, lane=first.lane),)
        return tuple(PauseAsset(chain=chain, bridge=bridge) for chain, bridge in self.ends.items())

    @property
    def lane(self) -> Lane | None:
        """Lane that it is about, where it is about one."""
        first = self.facts[0]
        if isinstance(first, NonceDelivered):
            return first.lane
        return first.log.lane if isinstance(first, HeadTaken | LogBroken) else None

    def why(self, margin_seconds: int) -> str | None:
        """In words, what contradicts what; None where the facts go together."""
        match self.facts:
            case (HeadTaken() as taken, LogStands() as stands):
                return _of_head(taken, stands, margin_seconds)
            case (NonceDelivered() as delivered, LogStands() as stands):
                return _of_delivery(delivered, stands, margin_seconds)
            case (LogBroken() as broken,):
                return (
                    f"at block {broken.at.number} of chain {broken.at.chain} the events of log "
                    f"{hex_text(broken.log.id)} do not lead to the head in storage"
                )
            case (Holding() as holding,):
                return _of_holding(holding)
            case (TransferMoved() as moved, *others):
                return _of_transfer(moved, others, margin_seconds)
            case _:
                return None


def _of_head(taken: HeadTaken, stands: LogStands, margin_seconds: int) -> str | None:
    if taken.log != stands.log or taken.count != stands.count or stands.head == taken.head:
        return None
    # A block that is not final counts by its time: what honest evidence shows was final before, so it is in this one.
    is_enough = stands.head is not None and stands.at.is_final
    if not is_enough and not _is_younger(stands.at, taken.at, margin_seconds):
        return None
    truth = "has no such entry yet" if stands.head is None else f"is {hex_text(stands.head)} there"
    return (
        f"{_verifiers(taken)} of chain {taken.at.chain} vouched for head {hex_text(taken.head)} of "
        f"{_log(taken.log)} after {taken.count} entries, in transaction {hex_text(taken.tx_hash)} of block "
        f"{taken.at.number}; by block {stands.at.number} of chain {stands.at.chain} the log, of {stands.entries} "
        f"entries, {truth}"
    )


def _of_delivery(delivered: NonceDelivered, stands: LogStands, margin_seconds: int) -> str | None:
    is_its_log = stands.log == Log(lane=delivered.lane, kind=LogKind.LANE) and stands.count == delivered.nonce + 1
    if not is_its_log or stands.head is not None or not _is_younger(stands.at, delivered.at, margin_seconds):
        return None
    return (
        f"the inbox of chain {delivered.at.chain} delivered nonce {delivered.nonce} of {_log(stands.log)}, in "
        f"transaction {hex_text(delivered.tx_hash)} of block {delivered.at.number}; by block {stands.at.number} of "
        f"chain {stands.at.chain} only {stands.entries} were sent"
    )


def _of_holding(one: Holding) -> str | None:
    if one.shortfall <= 0:
        return None
    what = f"by block {one.at.number} of chain {one.at.chain} the token bridge {checksum(one.bridge)} "
    if one.is_home:
        locked = one.sent - one.received - one.refunded
        return f"{what}holds {one.held} of the {locked} tokens that are locked in it: {one.shortfall} are missing"
    made = one.received + one.refunded - one.sent
    return f"{what}has minted {made} more than it burned, and there are {one.held}: {one.shortfall} came from nothing"


def _of_transfer(moved: TransferMoved, others: list[Fact], margin_seconds: int) -> str | None:
    """A transfer that arrived: sent by none of the others, sent with another amount, or gone elsewhere as well."""
    if moved.motion is not Motion.RECEIVED or not others:
        return None
    where = (
        f"chain {moved.at.chain} let transfer {hex_text(moved.id)} of {moved.amount} in, in transaction "
        f"{hex_text(moved.tx_hash)} of block {moved.at.number}"
    )
    absent = [one for one in others if isinstance(one, NeverSent)]
    if len(absent) == len(others) and all(_never(one, moved, margin_seconds) for one in absent):
        blocks = ", ".join(f"chain {one.at.chain} by block {one.at.number}" for one in absent)
        return f"{where}, which no bridge of the token has sent: {blocks}"
    other = others[0]
    if isinstance(other, TransferMoved) and other.id == moved.id and _turn(other) != _turn(moved):
        there = f"in transaction {hex_text(other.tx_hash)} of block {other.at.number} of chain {other.at.chain}"
        if other.motion is Motion.SENT:
            return None if other.amount == moved.amount else f"{where}, and it was sent as {other.amount} {there}"
        return f"{where}, and it {'was refunded' if other.motion is Motion.REFUNDED else 'came in again'} {there}"
    return None


def _turn(moved: TransferMoved) -> tuple[object, ...]:
    return moved.at.chain, moved.tx_hash, moved.motion


def _never(absent: NeverSent, moved: TransferMoved, margin_seconds: int) -> bool:
    return absent.id == moved.id and absent.at.is_final and _is_younger(absent.at, moved.at, margin_seconds)


def _is_younger(one: At, other: At, margin_seconds: int) -> bool:
    return one.time > other.time + margin_seconds


def _subject(fact: Fact) -> str:
    """What a fact is about, whatever block it was read at."""
    chain = fact.at.chain
    match fact:
        case HeadTaken():
            return f"head {chain} {fact.log.id.hex()} {fact.count} {fact.head.hex()} {fact.verifiers}"
        case LogStands() | LogBroken():
            return f"log {chain} {fact.log.id.hex()}"
        case Holding():
            return f"holding {chain} {fact.bridge.hex()}"
        case TransferMoved():
            return f"{fact.motion} {chain} {fact.id.hex()}"
        case NonceDelivered():
            return f"delivered {chain} {fact.lane.log.hex()} {fact.nonce}"
        case NeverSent():
            return f"absent {chain} {fact.id.hex()}"


def _verifiers(taken: HeadTaken) -> str:
    numbers = [str(n) for n in range(_NUMBERS) if taken.verifiers >> n & 1]
    return f"verifier{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _log(log: Log) -> str:
    kind = log.kind.name.lower()
    return f"log {hex_text(log.id)} ({kind} of {log.lane.origin} to {log.lane.destination})"

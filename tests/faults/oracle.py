"""
Oracle: messages in, what the chains say of them out, and a verdict.

Promise: nothing here reads a relayer's store, log or metrics. A message ended once when the origin says how its fee
ended, the recipient's own count of it agrees, and so does the destination's receipt log: one delivery, or only
expiries (anyone may record one again; it is refunded once).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from attrs import frozen

from tests.waiting import PATIENCE_SECONDS
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import BlockNumber, checksum, hex_text
from xl2.errors import NotYet
from xl2.ports import Ending, Fate, Sent
from xl2_adapters.chain import EvmChain
from xl2_adapters.rpc import Call

#: Of what has not ended in time, so many are told of.
_TOLD_AT_MOST = 20


class Scene(Protocol):
    """A lane between two chains, whatever they stand on."""

    @property
    def origin(self) -> EvmChain: ...
    @property
    def destination(self) -> EvmChain: ...
    @property
    def lane(self) -> Lane: ...
    async def until_blocks(self, count: int) -> None:
        """Return when the destination has so many blocks more."""
        ...


@frozen(kw_only=True)
class Told:
    """What the chains say of one message."""

    sent: Sent
    fate: Fate
    ending: Ending
    #: How often its recipient counted it.
    executed: int
    #: How often the receipt log says delivered, and expired.
    delivered: int
    expired: int

    @property
    def ended(self) -> bool:
        """Whether its fee was paid or refunded."""
        return self.ending is not Ending.OPEN

    @property
    def words(self) -> str:
        """All of it in one line."""
        message = self.sent.message
        return (
            f"nonce {message.nonce}, {hex_text(message.id)} of block {self.sent.place.block}: {self.fate.value}, "
            f"{self.ending.value}; executed {self.executed}x, delivered {self.delivered}x, expired {self.expired}x; "
            f"fee {message.fee}, expiry {message.expiry}"
        )

    @property
    def fault(self) -> str | None:
        """What breaks the promise, however far it has come."""
        name = hex_text(self.sent.message.id)
        if self.executed > 1:
            return f"{name} was executed {self.executed} times"
        if self.delivered > 1 or (self.delivered and self.expired):
            return f"{name} has {self.delivered} receipts of delivery and {self.expired} of expiry"
        if self.ending is Ending.SETTLED and (self.executed, self.delivered) != (1, 1):
            return f"{name} was paid for, executed {self.executed} times, with {self.delivered} receipts"
        if self.ending is Ending.REFUNDED and (self.executed or not self.expired):
            return f"{name} was refunded, executed {self.executed} times, with {self.expired} receipts of expiry"
        return None


async def ask(scene: Scene, sent: Sequence[Sent]) -> list[Told]:
    """What both chains say of messages at their tips; asked again where one goes back meanwhile."""
    while True:
        try:
            return await _ask(scene, sent)
        except NotYet:
            await asyncio.sleep(0.05)


async def _ask(scene: Scene, sent: Sequence[Sent]) -> list[Told]:
    messages = [one.message for one in sent]
    here, there = await scene.origin.head(Finality.LATEST), await scene.destination.head(Finality.LATEST)
    # The later question first: what ended at the origin has happened at the destination.
    endings = await scene.origin.endings(messages, here.number)
    fates = await scene.destination.fates(messages, there.number)
    entries = await scene.destination.receipts(scene.lane, BlockNumber(0), there.number)
    delivered: Counter[int] = Counter()
    expired: Counter[bytes] = Counter()
    for entry in entries:
        receipt = parse_receipt(entry.data)
        if isinstance(receipt, Delivered):
            delivered.update(receipt.nonces)
        else:
            expired[receipt.id] += 1
    executed = await _executed(scene, sent, there.number)
    return [
        Told(
            sent=one,
            fate=fate,
            ending=ending,
            executed=count,
            delivered=delivered[one.message.nonce],
            expired=expired[one.message.id],
        )
        for one, fate, ending, count in zip(sent, fates, endings, executed, strict=True)
    ]


async def assert_each_paid_message_ended_once(
    scene: Scene, sent: Sequence[Sent], *, within_seconds: float = PATIENCE_SECONDS
) -> list[Told]:
    """Wait until every paid message is paid for or refunded; none of all was executed twice, ever."""
    paid = [one.message for one in sent if one.message.fee]

    async def look() -> list[Told] | None:
        # One question while they are under way; the verdict takes several, and all that was ever delivered.
        if await _is_open(scene, paid):
            return None
        told = await _faultless(scene, sent)
        return told if all(one.ended for one in told if one.sent.message.fee) else None

    return await _until(look, within_seconds, scene, sent)


async def assert_each_message_was_executed_once(
    scene: Scene, sent: Sequence[Sent], *, within_seconds: float = PATIENCE_SECONDS
) -> list[Told]:
    """Wait until every message, paid or not, was executed at the destination's tip."""

    async def look() -> list[Told] | None:
        told = await _faultless(scene, sent)
        return told if all(one.executed == 1 for one in told) else None

    return await _until(look, within_seconds, scene, sent)


async def _is_open(scene: Scene, messages: Sequence[Message]) -> bool:
    """Whether the origin's tip says of any that its fee is neither paid nor refunded."""
    try:
        tip = await scene.origin.head(Finality.LATEST)
        return Ending.OPEN in await scene.origin.endings(messages, tip.number)
    except NotYet:
        return True


async def _faultless(scene: Scene, sent: Sequence[Sent]) -> list[Told]:
    """
    What the chains say, none of which breaks the promise.

    A fault must be seen twice: what is asked of anvil's tip while it makes a block may be of two blocks. A true one
    stays, as no chain takes an execution or a payment back by itself.
    """
    told = await ask(scene, sent)
    if any(one.fault for one in told):
        await scene.until_blocks(2)
        told = await ask(scene, sent)
    faults = [fault for one in told if (fault := one.fault)]
    assert not faults, faults
    return told


async def until_fate(scene: Scene, sent: Sequence[Sent], fate: Fate) -> None:
    """Return when the destination's tip says this of each."""
    messages = [one.message for one in sent]

    async def look() -> list[Told] | None:
        try:
            tip = await scene.destination.head(Finality.LATEST)
            fates = await scene.destination.fates(messages, tip.number)
        except NotYet:
            return None
        return [] if all(one is fate for one in fates) else None

    await _until(look, PATIENCE_SECONDS, scene, sent)


async def _until(
    look: Callable[[], Awaitable[list[Told] | None]], seconds: float, scene: Scene, sent: Sequence[Sent]
) -> list[Told]:
    try:
        async with asyncio.timeout(seconds):
            while (told := await look()) is None:  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.05)
            return told
    except TimeoutError:
        left = [one.words for one in await ask(scene, sent) if not one.ended]
        first = "\n  ".join(left[:_TOLD_AT_MOST])
        raise AssertionError(f"after {seconds} s {len(left)} of {len(sent)} have not ended:\n  {first}") from None


async def _executed(scene: Scene, sent: Sequence[Sent], at: BlockNumber) -> list[int]:
    """How often recipients counted messages; 0 for those that count nothing."""
    if not sent:
        return []
    questions = [
        Call("eth_getStorageAt", (checksum(one.message.recipient), hex_text(one.message.id), hex(at))) for one in sent
    ]
    return [int(str(word), 16) for word in await scene.destination.ask_many(questions)]

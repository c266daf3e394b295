"""
Attester heed: an attester behind a URL, and what its answers are worth.

Comes in: questions, and what whoever checks the signatures found. Promise: one that answers and refuses to sign, signs
what does not hold, or is there and signs late or never, twice in a row for the same log, is one alarm by its account
until it signs well and in time for each such log; that a block is not final for it yet is no refusal. Nobody waits for
one whose signature is not needed: its question goes on here. One that does not answer at all is `attester_watch`'s.
"""

import asyncio
import logging
from collections import Counter
from typing import Any, Final

from attrs import define, field

from xl2.core.types import Address, BlockNumber, checksum
from xl2.errors import ProofInvalid, Refused, RpcUnavailable
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Clock, Log, RemoteAttester, SignedHead

log = logging.getLogger(__name__)

#: So many answers in a row must be of no use: one may be about a block that was just taken back.
_ANSWERS: Final = 2
#: Who takes longer signs late: the others are waited for through seconds, and he would be too if one of them were gone.
_LATE_SECONDS: Final = 15.0
_COMPARE: Final = (
    "Have whoever runs it compare its chains, verifiers and key with this configuration; where it names another head "
    "than the chain has, one of the two reads an endpoint that lies"
)
_SEE: Final = "Have whoever runs it see what holds it up: mostly an endpoint of its own that is slow or hangs"


@define(kw_only=True)
class HeededAttester:
    """Implements `xl2.ports.RemoteAttester` and `xl2.ports.Heeded`."""

    inner: RemoteAttester
    clock: Clock
    alarms: Alarms = field(repr=False)
    _in_vain: Counter[Log] = field(factory=Counter, init=False)
    #: How long the last signature for a log was waited for.
    _seconds: dict[Log, float] = field(factory=dict, init=False)
    #: Questions that nobody waits for any more: one for each log, so that one that hangs holds no more connections.
    _late: dict[Log, asyncio.Task[Any]] = field(factory=dict, init=False, repr=False)

    @property
    def address(self) -> Address:
        """Whose signature to expect."""
        return self.inner.address

    @property
    def name(self) -> str:
        """Scheme, host and port of its URL."""
        return self.inner.name

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        """See `xl2.ports.Attester`."""
        since = self.clock.steady()
        try:
            signed = await self.inner.attest(log, at, count)
        except Refused as refusal:
            self._failed(log, f"{self.name}: {refusal.what}", _COMPARE)
            raise
        except RpcUnavailable as silent:
            if await self._is_there():
                self._failed(log, silent.what, _SEE)
            raise
        self._seconds[log] = self.clock.steady() - since
        return signed

    def checked(self, log: Log, wrong: ProofInvalid | None) -> None:
        """See `xl2.ports.Heeded`."""
        seconds = self._seconds.pop(log, 0.0)
        if wrong is not None:
            self._failed(log, f"{self.name}: {wrong.what}", _COMPARE)
        elif seconds > _LATE_SECONDS:
            self._failed(log, f"{self.name} signed after {seconds:.0f} s", _SEE)
        else:
            self._well(log)

    def late(self, log: Log, question: asyncio.Task[Any]) -> None:
        """See `xl2.ports.Heeded`."""
        if log in self._late:
            question.cancel()
            return
        self._late[log] = question
        question.add_done_callback(lambda _: self._late.pop(log))

    async def answers_as(self) -> Address:
        """Account that it says it signs as."""
        return await self.inner.answers_as()

    async def close(self) -> None:
        """End what nobody waits for, and give its connections back."""
        left = list(self._late.values())
        for question in left:
            question.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.inner.close()

    async def _is_there(self) -> bool:
        """Whether it answers, and as itself; else others tell of it."""
        try:
            return await self.answers_as() == self.address
        except RpcUnavailable:
            return False

    def _failed(self, of: Log, why: str, remedy: str) -> None:
        self._in_vain[of] += 1
        if self._in_vain[of] < _ANSWERS:
            return
        what = f"attester {checksum(self.address)} gives no signature that counts: {why}. {remedy}"
        alarm = Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, endpoint=self.name)
        self.alarms.tell(self._cause, alarm, of)

    def _well(self, of: Log) -> None:
        if not self._in_vain.pop(of, 0):
            return
        if self.alarms.well(self._cause, of):
            fields = {"attester": checksum(self.address), "endpoint": self.name}
            log.info("an attester signs again", extra={"fields": fields})

    @property
    def _cause(self) -> tuple[AlarmKind, Address, str]:
        return AlarmKind.PROVIDER_DOWN, self.address, "signs"

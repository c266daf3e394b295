"""
Attester heed: an attester behind a URL, and what its answers are worth.

Comes in: questions, and what whoever checks the signatures found. Promise: one that answers and refuses to sign, or
signs what does not hold, twice in a row for the same log, is one alarm by its account until it signs well for each such
log; that a block is not final for it yet is no refusal. One that does not answer at all is `attester_watch`'s to tell.
"""

import logging
from collections import Counter
from typing import Final

from attrs import define, field

from xl2.core.types import Address, BlockNumber, checksum
from xl2.errors import ProofInvalid, Refused, RpcUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Log, RemoteAttester, SignedHead

log = logging.getLogger(__name__)

#: So many answers in a row must be of no use: one may be about a block that was just taken back.
_ANSWERS: Final = 2
_REMEDY: Final = (
    "Have whoever runs it compare its chains, verifiers and key with this configuration; where it names another head "
    "than the chain has, one of the two reads an endpoint that lies"
)


@define(kw_only=True)
class HeededAttester:
    """Implements `xl2.ports.RemoteAttester` and `xl2.ports.Heeded`."""

    inner: RemoteAttester
    alarms: Alarms = field(repr=False)
    _in_vain: Counter[Log] = field(factory=Counter, init=False)

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
        try:
            return await self.inner.attest(log, at, count)
        except Refused as refusal:
            self._failed(log, refusal)
            raise
        except RpcUnavailable as silent:
            if await self._is_there():
                self._failed(log, silent)
            raise

    def checked(self, log: Log, wrong: ProofInvalid | None) -> None:
        """See `xl2.ports.Heeded`."""
        if wrong is None:
            self._well(log)
        else:
            self._failed(log, wrong)

    async def answers_as(self) -> Address:
        """Account that it says it signs as."""
        return await self.inner.answers_as()

    async def close(self) -> None:
        """Give its connections back."""
        await self.inner.close()

    async def _is_there(self) -> bool:
        """Whether it answers, and as itself; else others tell of it."""
        try:
            return await self.answers_as() == self.address
        except RpcUnavailable:
            return False

    def _failed(self, of: Log, cause: Xl2Error) -> None:
        self._in_vain[of] += 1
        if self._in_vain[of] < _ANSWERS:
            return
        what = f"attester {checksum(self.address)} gives no signature that counts: {self.name}: {cause.what}. {_REMEDY}"
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

"""
Attester watch: attesters behind URLs, asked now and then whether they answer, and as whom.

Promise: one that does not answer twice in a row, or answers as somebody else, is an alarm by its account, told once and
again once an hour while it lasts; when it answers again, that is a line. A look is one small question to each, side by
side, and signs nothing. What its silence means for messages is left to provers, which ask whoever is there.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from xl2.core.types import Address, checksum
from xl2.errors import RpcUnavailable
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Clock, RemoteAttester

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 10.0
#: After a look in vain the next one comes sooner: who starts anew is back by then.
_AGAIN_SECONDS: Final = 3.0
#: So many looks in a row must be in vain.
_LOOKS: Final = 2
_REMEDY: Final = "See whether it runs and can be reached, or correct attester.urls"


@frozen(kw_only=True)
class Quorum:
    """Of which attesters a chain asks how many signatures."""

    chain: str
    signers: frozenset[Address]
    threshold: int


async def who_answers(attester: RemoteAttester) -> None:
    """Return where an attester answers as itself. Raises `RpcUnavailable` where it does not."""
    account = await attester.answers_as()
    if account != attester.address:
        raise RpcUnavailable(
            f"{attester.name} answers as {checksum(account)}",
            endpoint=attester.name,
            remedy="Correct attester.urls: the URL of another attester stands there.",
        )


@define(kw_only=True)
class AttesterWatch:
    """Watches those of one relayer."""

    attesters: Sequence[RemoteAttester]
    #: Those that need no URL, as their keys are here.
    here: Collection[Address]
    quorums: Sequence[Quorum]
    clock: Clock
    alarms: Alarms = field(repr=False)
    _in_vain: Counter[Address] = field(factory=Counter, init=False)

    async def run(self) -> None:
        """Look for ever, and give connections back at the end."""
        try:
            while self.attesters:
                await self.look()
                unsure = any(0 < count < _LOOKS for count in self._in_vain.values())
                await self.clock.sleep(_AGAIN_SECONDS if unsure else LOOK_SECONDS)
        finally:
            for attester in self.attesters:
                await attester.close()

    async def look(self) -> None:
        """Ask each once."""
        causes = await asyncio.gather(*(self._ask(one) for one in self.attesters))
        found = {one.address: cause for one, cause in zip(self.attesters, causes, strict=True)}
        for attester in self.attesters:
            cause = found[attester.address]
            if cause is None:
                self._well(attester)
            else:
                self._failed(attester, cause, self._means(found))

    @staticmethod
    async def _ask(attester: RemoteAttester) -> RpcUnavailable | None:
        try:
            await who_answers(attester)
        except RpcUnavailable as cause:
            return cause
        return None

    def _means(self, found: Mapping[Address, RpcUnavailable | None]) -> str:
        """For whom too few are left, in words."""
        there = {*self.here, *(account for account, cause in found.items() if cause is None)}
        short = [one for one in self.quorums if len(one.signers & there) < one.threshold]
        if not short:
            return "the others are enough"
        few = "; ".join(f"chain {one.chain} has {len(one.signers & there)} of {one.threshold} needed" for one in short)
        return f"too few are left ({few}): messages wait, or go by dearer evidence"

    def _failed(self, attester: RemoteAttester, cause: RpcUnavailable, means: str) -> None:
        self._in_vain[attester.address] += 1
        if self._in_vain[attester.address] < _LOOKS:
            return
        remedy = cause.remedy if "answers as" in cause.what else f"{_REMEDY}."
        what = f"attester {checksum(attester.address)} does not answer: {cause.what}; {means}. {remedy}"
        alarm = Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, endpoint=attester.name)
        self.alarms.tell((AlarmKind.PROVIDER_DOWN, attester.address), alarm)

    def _well(self, attester: RemoteAttester) -> None:
        self._in_vain.pop(attester.address, None)
        if self.alarms.well((AlarmKind.PROVIDER_DOWN, attester.address)):
            fields = {"attester": checksum(attester.address), "endpoint": attester.name}
            log.info("an attester answers again", extra={"fields": fields})

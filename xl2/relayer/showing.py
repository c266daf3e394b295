"""
Showing: which prover shows a head of a lane, and the calls that some need first.

Promise: the first prover that is ready serves; a dearer one is paid for only when a better one has kept waiting for
long; evidence that a recipient refused is not shown to it again while there is other. What evidence is, and whether it
holds, is the provers'; what it is for, `lane_rooms`'s.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import define, field

from xl2.core.types import ChainId, MessageId, hex_text
from xl2.errors import NotYet, Refused, Retryable, Xl2Error
from xl2.ports import Needed, Prover, Record, Submitter

log = logging.getLogger(__name__)

T = TypeVar("T")

#: So often a better prover may be waiting before another one is paid for.
_PATIENT_LOOKS = 12
#: How often in a row a prover may ask for calls before the message rests.
_MAX_NEEDED = 3
#: Refusals that are remembered: each delivery that somebody else was faster with looks like as many as it has messages.
#: One that is forgotten costs a simulation more.
_REMEMBERED = 20_000


@define(kw_only=True)
class Showing:
    """Whose evidence serves a lane."""

    #: What people call the lane.
    name: str
    #: By chain; also of the anchor where a prover routes through it.
    submitters: Mapping[ChainId, Submitter]
    #: How often each prover could have been paid for while a better one was waiting.
    _waits: Counter[str] = field(factory=Counter, init=False)
    #: Messages that a recipient's policy did not take on the evidence of a prover, the newest last.
    _refused: OrderedDict[tuple[MessageId, str], None] = field(factory=OrderedDict, init=False)

    def provers_for(self, record: Record, provers: Sequence[Prover]) -> list[Prover]:
        """Provers whose evidence the recipient has not refused; all of them again when it has refused each."""
        if not self._refused:
            return list(provers)
        message_id = record.sent.message.id
        left = [one for one in provers if (message_id, one.name) not in self._refused]
        return left or list(provers)

    def refused(self, messages: Iterable[MessageId], prover: str) -> None:
        """Recipients did not take these on a prover's evidence."""
        for message_id in messages:
            self._refused[message_id, prover] = None
            self._refused.move_to_end((message_id, prover))
        while len(self._refused) > _REMEMBERED:
            self._refused.popitem(last=False)

    async def first_ready(self, provers: Sequence[Prover], ask: Callable[[Prover], Awaitable[T | Needed]]) -> T:
        """What the first prover that is ready makes; the calls it needs are made. Raises the first one's error."""
        first: Xl2Error | None = None
        for prover in provers:
            try:
                for _ in range(_MAX_NEEDED):
                    found = await ask(prover)
                    if not isinstance(found, Needed):
                        self._waits.clear()
                        return found
                    if first is not None and self._waits[prover.name] < _PATIENT_LOOKS:
                        # A better prover is only waiting: do not pay for this one yet.
                        self._waits[prover.name] += 1
                        break
                    await self._make(found, prover)
            except (Retryable, Refused) as cause:
                first = first or cause
        raise first or NotYet(f"no verifier serves lane {self.name}")

    async def _make(self, needed: Needed, prover: Prover) -> None:
        for call in needed.calls:
            submitter = self.submitters.get(call.chain)
            if submitter is None:
                raise NotYet(f"{needed.why}; nobody here pays on chain {call.chain} to {call.what}")
            receipt = await submitter.submit(call)
            fields = {"lane": self.name, "prover": prover.name, "what": call.what, "tx_hash": hex_text(receipt.tx_hash)}
            log.info("prepared evidence", extra={"fields": fields})

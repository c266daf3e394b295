"""
Shared logs: what a contract wrote in a range of blocks, read once for all lanes that look at the same block.

Promise: whoever asks while the same blocks, or more up to the same last one, are being read, or a moment later, gets
what that reading brings, or its error; an error is nobody's a moment later. A reading is kept only where the hash of
its last block was known, and serves only who looks at that very block. One who stops waiting ends nobody else's.
"""

import asyncio
from collections.abc import Sequence

from attrs import define, field

from xl2.core.types import Address, BlockNumber, Hash32
from xl2_adapters.evm import Evm, Log
from xl2_adapters.together import shared

#: For so long a reading is kept: all lanes look at a new block within a moment, but not at once.
KEPT_SECONDS = 1.0

#: First and last block, and the hash of the last where it is known.
_Span = tuple[BlockNumber, BlockNumber, Hash32 | None]


@define(eq=False)
class SharedLogs:
    """Readings of a contract that are under way, or were just made."""

    evm: Evm
    address: Address
    topics: Sequence[Sequence[bytes] | None]
    _readings: dict[_Span, asyncio.Task[list[Log]]] = field(factory=dict, init=False)

    async def read(self, first: BlockNumber, last: BlockNumber) -> list[Log]:
        """Logs of a range of blocks, in their order. Raises as `Evm.logs`."""
        known = self.evm.known_hash(last)
        reading = next(
            (one for (f, t, h), one in self._readings.items() if f <= first and (t, h) == (last, known)), None
        )
        if reading is None:
            span = first, last, known
            reading = self.evm.beside.begin(self.evm.logs(self.address, self.topics, first, last))
            self._readings[span] = reading
            reading.add_done_callback(lambda done: self._ended(span, done))
        return [log for log in await shared(reading) if log.place.block >= first]

    def _ended(self, span: _Span, done: "asyncio.Task[list[Log]]") -> None:
        if span[2] is not None and not done.cancelled() and done.exception() is None:
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._readings.pop, span, None)
        else:
            del self._readings[span]

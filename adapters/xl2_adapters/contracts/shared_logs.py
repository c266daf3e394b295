"""
Shared logs: what a contract wrote in a range of blocks, read and sorted by lanes once for all that look at a block.

Promise: whoever asks while the same blocks, or more up to the same last one, are being read, or a moment later, gets
what that reading brings, or its error; an error is nobody's a moment later. A reading is kept only where the hash of
its last block was known, and serves only who looks at that very block. One who stops waiting ends nobody else's.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from attrs import define, field

from xl2.core.types import Address, BlockNumber, Hash32
from xl2_adapters.evm import Evm, Log
from xl2_adapters.together import shared

#: For so long a reading is kept: all lanes look at a new block within a moment, but not at once.
KEPT_SECONDS = 1.0

K = TypeVar("K", bound=Hashable)

#: First and last block, and the hash of the last where it is known.
_Span = tuple[BlockNumber, BlockNumber, Hash32 | None]
#: Logs that belong together, in their order.
Told = tuple[Log, ...]
#: Logs in their order in, what they tell and whose that is out.
Sort = Callable[[Sequence[Log]], Sequence[tuple[K, Told]]]


@define(eq=False)
class SharedLogs(Generic[K]):
    """Readings of a contract that are under way, or were just made."""

    evm: Evm
    address: Address
    topics: Sequence[Sequence[bytes] | None]
    #: Called once for each reading; what it raises is everybody's who waits for that.
    sort: Sort[K]
    _readings: dict[_Span, asyncio.Task[Mapping[K, Sequence[Told]]]] = field(factory=dict, init=False)

    async def read(self, whose: K, first: BlockNumber, last: BlockNumber) -> list[Told]:
        """What is one's own in a range of blocks, in its order. Raises as `Evm.logs`."""
        known = self.evm.known_hash(last)
        reading = next(
            (one for (f, t, h), one in self._readings.items() if f <= first and (t, h) == (last, known)), None
        )
        if reading is None:
            span = first, last, known
            reading = self.evm.beside.begin(self._read(first, last))
            self._readings[span] = reading
            reading.add_done_callback(lambda done: self._ended(span, done))
        return [told for told in (await shared(reading)).get(whose, ()) if told[0].place.block >= first]

    async def _read(self, first: BlockNumber, last: BlockNumber) -> Mapping[K, Sequence[Told]]:
        found: defaultdict[K, list[Told]] = defaultdict(list)
        for whose, told in self.sort(await self.evm.logs(self.address, self.topics, first, last)):
            found[whose].append(told)
        return found

    def _ended(self, span: _Span, done: "asyncio.Task[Mapping[K, Sequence[Told]]]") -> None:
        if span[2] is not None and not done.cancelled() and done.exception() is None:
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._readings.pop, span, None)
        else:
            del self._readings[span]

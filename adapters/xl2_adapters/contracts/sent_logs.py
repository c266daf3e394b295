"""
Sent logs: what an outbox wrote in a range of blocks, read once for all lanes that ask at the same time.

Promise: whoever asks while the same blocks, or more up to the same last one, are being read gets what that reading
brings, or its error; nothing is kept beyond it. One who stops waiting ends nobody else's reading.
"""

import asyncio
from collections.abc import Sequence

from attrs import define, field

from xl2.core.types import Address, BlockNumber
from xl2_adapters.evm import Evm, Log


@define(eq=False)
class SentLogs:
    """Readings of an outbox that are under way."""

    evm: Evm
    address: Address
    topics: Sequence[Sequence[bytes] | None]
    _readings: dict[tuple[BlockNumber, BlockNumber], asyncio.Task[list[Log]]] = field(factory=dict, init=False)

    async def read(self, first: BlockNumber, last: BlockNumber) -> list[Log]:
        """Logs of a range of blocks, in their order. Raises as `Evm.logs`."""
        reading = next((one for (f, t), one in self._readings.items() if f <= first and t == last), None)
        if reading is None:
            reading = asyncio.ensure_future(self.evm.logs(self.address, self.topics, first, last))
            self._readings[first, last] = reading
            reading.add_done_callback(lambda done: self._ended(first, last, done))
        return [log for log in await asyncio.shield(reading) if log.place.block >= first]

    def _ended(self, first: BlockNumber, last: BlockNumber, done: "asyncio.Task[list[Log]]") -> None:
        del self._readings[first, last]
        if not done.cancelled():
            done.exception()  # whoever asked may be gone: then nobody else looks at it

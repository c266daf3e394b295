"""
Clock: the time of this machine, as `xl2.ports.Clock`.

Promise: whoever runs in earnest has the one value `CLOCK`; a test has a clock of its own (`xl2.testing`).
"""

import asyncio
import time
from typing import Final

from attrs import frozen


@frozen
class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def steady(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


CLOCK: Final = SystemClock()

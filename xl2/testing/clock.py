"""Clock: time that moves only when somebody sleeps, or when a test says so."""

import asyncio


class ManualClock:
    """Implements `xl2.ports.Clock`."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        """`now`: where it starts."""
        self._now = now

    def now(self) -> float:
        """Seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and other tasks run."""
        self._now += seconds
        await asyncio.sleep(0)

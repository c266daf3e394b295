"""Clock: time that moves only when somebody sleeps, or when a test says so, and jumps when it says that."""

import asyncio


class ManualClock:
    """Implements `xl2.ports.Clock`."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        """`now`: where it starts."""
        self._now = now
        #: Another number than `now`, as on any machine: who mixes the two finds out.
        self._steady = 1_000.0

    def now(self) -> float:
        """Seconds."""
        return self._now

    def steady(self) -> float:
        """Seconds that no jump moves."""
        return self._steady

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._steady += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock; no time passes."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and other tasks run."""
        self.advance(seconds)
        await asyncio.sleep(0)

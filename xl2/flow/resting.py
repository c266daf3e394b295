"""
Resting: wait for an event, or until a time is over by the clock that came in.

Promise: whichever comes first ends the rest, and nothing is left running. For how long to rest is whoever's who asks.
"""

import asyncio

from xl2.ports import Clock


async def rest(clock: Clock, wake: asyncio.Event, seconds: float) -> bool:
    """Return when woken, or when the time is over; whether it was woken."""
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    waking = asyncio.ensure_future(wake.wait())
    try:
        await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        return waking.done()
    finally:
        sleeping.cancel()
        waking.cancel()

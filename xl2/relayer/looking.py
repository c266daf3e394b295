"""
Looking: look at something for as long as a relayer runs, and rest in between.

Comes in: a look that says how long to rest after it. Promise: what a look fails over ends nothing, and rests by its
cause; one line for whoever debugs, as those who are to act on it are told where it is met.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from xl2.errors import Refused, Retryable
from xl2.relayer.retry import InVain

log = logging.getLogger(__name__)


async def look_on(
    look: Callable[[], Awaitable[float]],
    rest: Callable[[float], Awaitable[object]],
    *,
    least: float = 0.0,
    failing: str,
    fields: Mapping[str, object],
) -> NoReturn:
    """
    Look until cancelled.

    `look`: seconds to rest after it. `least`: seconds to rest after one that failed. `failing`: told with `fields`.
    """
    in_vain = InVain()
    while True:
        try:
            seconds = await look()
            in_vain.over()
        except (Retryable, Refused) as cause:
            seconds = max(least, in_vain.rest_seconds(cause))
            log.debug(failing, extra={"fields": {**fields, "cause": cause.what, "rest_seconds": seconds}})
        await rest(seconds)

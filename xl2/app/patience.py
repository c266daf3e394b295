"""
Patience: what a start asks of the chains, asked again until they answer.

Promise: an endpoint that is down, slow or spoiled when a daemon starts costs time and not the daemon, and is told of
once; what no waiting mends (another chain's id, contracts that are not there, a configuration that is wrong) ends the
start at once. How long it rests in between is `retry`'s.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from xl2.errors import NotYet, Reverted, RpcRejected, RpcUnavailable
from xl2.ports import Clock
from xl2.relayer.retry import STARTING, delay

log = logging.getLogger(__name__)

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """What is asked for, however often it takes. Raises what no endpoint's answer can mend."""
    fruitless = 0
    while True:
        try:
            found = await ask()
        except (RpcUnavailable, RpcRejected, NotYet) as cause:
            if isinstance(cause, Reverted):
                raise
            fruitless += 1
            fields = {"cause": cause.what, "remedy": cause.remedy, "attempt": fruitless}
            log.log(
                logging.WARNING if fruitless == 1 else logging.DEBUG,
                "the start waits for an endpoint, and goes on by itself when it answers",
                extra={"fields": fields},
            )
        else:
            if fruitless:
                log.info("the endpoints answer, so it starts")
            return found
        await clock.sleep(delay(STARTING, fruitless))

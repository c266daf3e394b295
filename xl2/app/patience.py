"""
Patience: what a start asks of the chains and of its store, asked again until they answer.

Promise: an endpoint that is down, slow or spoiled when a daemon starts, or a database that is, costs time and not the
daemon, and is told of once; what no waiting mends (another chain's id, contracts that are not there, a store that
cannot be trusted, a configuration that is wrong) ends the start at once. How long it rests in between is `retry`'s.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from xl2.errors import NotYet, Reverted, RpcRejected, RpcUnavailable, StoreUnavailable
from xl2.ports import Clock
from xl2.relayer.retry import STARTING, delay

log = logging.getLogger(__name__)

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """What is asked for, however often it takes. Raises what no endpoint's answer can mend."""
    fruitless, is_told = 0, False
    while True:
        try:
            found = await ask()
        except StoreUnavailable:
            # The store has told it, and tells when it is well again.
            fruitless += 1
        except (RpcUnavailable, RpcRejected, NotYet) as cause:
            if isinstance(cause, Reverted):
                raise
            fruitless += 1
            was_told, is_told = is_told, True
            fields = {"cause": cause.what, "remedy": cause.remedy, "attempt": fruitless}
            log.log(
                logging.DEBUG if was_told else logging.WARNING,
                "the start waits for an endpoint, and goes on by itself when it answers",
                extra={"fields": fields},
            )
        else:
            if is_told:
                log.info("the endpoints answer, so it starts")
            return found
        await clock.sleep(delay(STARTING, fruitless))

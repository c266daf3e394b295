"""
Rests: messages in, each with a time before which nobody looks at it and with the reason; what the store keeps out.

Promise: all that rest alike cost one write, so whoever sends thousands that pay the same too little costs one.
How long to rest is left to `retry` and `choosing`.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

from xl2.core.types import MessageId, hex_text

log = logging.getLogger(__name__)

#: How the store is told of those that rest alike.
Write = Callable[[Sequence[MessageId], float, str], Awaitable[None]]


async def let_rest(write: Write, rests: Iterable[tuple[MessageId, float, str]]) -> None:
    """
    Let messages rest, each until a time in Unix seconds, and for a reason.

    `write`: the store's `wait`, `postpone` or `decline`.
    """
    alike: defaultdict[tuple[float, str], list[MessageId]] = defaultdict(list)
    for message_id, until, why in rests:
        alike[until, why].append(message_id)
    for (until, why), ids in alike.items():
        await write(ids, until, why)
        fields = {"message_id": hex_text(ids[0]), "messages": len(ids), "cause": why, "until": until}
        log.debug("postponed", extra={"fields": fields})

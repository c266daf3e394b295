"""
Claims: what was earned on one chain is paid out, whoever settled it and whenever.

Comes in: credit of the account that earns. Promise: credit that is worth a transaction is paid out within minutes while
this relayer runs, also where a lane is carried by another one by now or nothing is settled any more; and no two lanes
of a chain pay for the same.
"""

import asyncio
import logging
from typing import Final

from attrs import define, field

from xl2.core.types import Address, Wei
from xl2.errors import Refused, Retryable
from xl2.flow import settle as settling
from xl2.ports import Chain, Clock, Submitter
from xl2.relayer.retry import rest_seconds

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 600.0
#: It is paid out when it is so many times what that costs; till then the outbox keeps it.
_MULTIPLE: Final = 20
_GAS: Final = 35_000
#: Bytes of such a transaction, which rollups charge for as well.
_SIZE: Final = 200


@define(kw_only=True)
class Claims:
    """What one account has earned on one chain."""

    origin: Chain
    #: Who pays for it.
    submitter: Submitter
    #: Who earned it, and is paid.
    account: Address
    clock: Clock
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)

    async def run(self) -> None:
        """Look for ever."""
        fruitless = 0
        while True:
            seconds = LOOK_SECONDS
            try:
                await self.look()
                fruitless = 0
            except (Retryable, Refused) as cause:
                fruitless += 1
                seconds = min(seconds, rest_seconds(cause, fruitless))
                fields = {"chain": self.origin.chain, "cause": cause.what, "rest_seconds": seconds}
                log.debug("what was earned is not paid out yet", extra={"fields": fields})
            await self.clock.sleep(seconds)

    async def look(self) -> None:
        """Pay out what there is, where it is worth it."""
        async with self._turn:
            if await self.origin.credit(self.account) == 0:
                return
            rates = await self.origin.rates()
            least = Wei(_MULTIPLE * rates.cost(_GAS, _SIZE))
            await settling.claim(self.origin, self.submitter, self.account, least)

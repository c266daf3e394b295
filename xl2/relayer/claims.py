"""
Claims: what was earned on one chain is paid out, whoever settled it and whenever.

Comes in: credit of the account that earns. Promise: credit that is worth a transaction is paid out within minutes while
this relayer runs, also where a lane is carried by another one by now or nothing is settled any more; and no two lanes
of a chain pay for the same.
"""

import asyncio
from typing import Final

from attrs import define, field

from xl2.core.types import Address, Wei
from xl2.flow import settle as settling
from xl2.ports import Chain, Clock, Submitter
from xl2.relayer.looking import look_on

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
        """Look until cancelled."""
        await look_on(
            self.look, self.clock.sleep,
            failing="what was earned is not paid out yet", fields={"chain": self.origin.chain},
        )  # fmt: skip

    async def look(self) -> float:
        """Pay out what there is, where it is worth it; how long to rest."""
        async with self._turn:
            if await self.origin.credit(self.account):
                rates = await self.origin.rates()
                least = Wei(_MULTIPLE * rates.cost(_GAS, _SIZE))
                await settling.claim(self.origin, self.submitter, self.account, least)
        return LOOK_SECONDS

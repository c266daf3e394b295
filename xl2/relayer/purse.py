"""
Purse: what the account that pays has on each chain, looked at now and then.

In: balances, and what transactions cost lately. Out: one alarm when a balance falls below its floor, one line when it
was refilled. Promise: reading costs one call a chain and look; a chain that does not answer hides no other, and an
unknown balance is no low one. That a balance does not cover a transaction is the submitter's to say.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import Final

from attrs import define, field

from xl2.core.amounts import wei_and_ether
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.errors import Fatal, Xl2Error
from xl2.flow.alarms import Alarms, Cause, cause_of
from xl2.ports import Alarm, AlarmKind, Blocks, Call, Clock, TxReceipt, Unobserved

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
#: Of so many newest transactions the cost of the next one is guessed.
_REMEMBERED: Final = 32


class Spending(Unobserved):
    """What transactions cost lately, chain by chain. Is told as an observer."""

    def __init__(self) -> None:
        """Nothing is known before the first transaction."""
        self._costs: dict[ChainId, deque[int]] = {}

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """Remember what it cost."""
        self._costs.setdefault(call.chain, deque(maxlen=_REMEMBERED)).append(receipt.cost)

    def lasts(self, chain: ChainId, balance: Wei) -> int | None:
        """How many transactions as the newest ones were a balance pays; None while there was none."""
        costs = self._costs.get(chain)
        return balance * len(costs) // sum(costs) if costs and sum(costs) else None


@define(kw_only=True)
class Purse:
    """Balances of one account."""

    #: By id, each with its name in the configuration.
    chains: Mapping[ChainId, tuple[str, Blocks]]
    account: Address
    #: Below this a chain's balance is low; a chain that is not here has no floor.
    floors: Mapping[ChainId, Wei]
    spending: Spending
    clock: Clock
    alarms: Alarms = field(repr=False)
    _low: set[ChainId] = field(factory=set, init=False)

    async def keep(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look at every chain that has a floor, once."""
        await asyncio.gather(*(self._look(chain) for chain in self.floors if chain in self.chains))

    async def _look(self, chain: ChainId) -> None:
        name, blocks = self.chains[chain]
        try:
            balance = await blocks.balance(self.account)
        except Fatal:
            raise
        except Xl2Error as unknown:
            log.debug("balance unknown", extra={"fields": {"chain": chain, "cause": unknown.what}})
            return
        floor = self.floors[chain]
        if balance < floor:
            self._low.add(chain)
            alarm = Alarm(
                kind=AlarmKind.LOW_BALANCE, what=self._words(name, chain, balance), chain=chain, value=balance
            )
            self.alarms.tell(self._cause(chain), alarm, "balance")
        elif chain in self._low:
            self._low.discard(chain)
            self.alarms.well(self._cause(chain), "balance")
            fields = {"chain": chain, "account": checksum(self.account), "balance_wei": balance, "floor_wei": floor}
            log.info("balance refilled", extra={"fields": fields})

    def _cause(self, chain: ChainId) -> Cause:
        """The same as that of a submitter whose transaction is not covered."""
        return cause_of(AlarmKind.LOW_BALANCE, chain, self.account)

    def _words(self, name: str, chain: ChainId, balance: Wei) -> str:
        lasts = self.spending.lasts(chain, balance)
        left = "" if lasts is None else f", enough for about {lasts} transactions as the newest ones were"
        floor = self.floors[chain]
        return (
            f"{checksum(self.account)} has {wei_and_ether(balance)} on chain {name} ({chain}), below "
            f"{wei_and_ether(floor)}{left}: send it {wei_and_ether(floor - balance)} or more"
        )

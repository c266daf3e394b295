"""
Payouts: the contract on L1 that pays withdrawals of ether out, found once where the settings do not name it.

An era comes in, the same with its payer known goes out. Promise: what is found is what the bridgehub itself names, by
its asset router. Source: `IBridgehub`, `IL1AssetRouter` of @matterlabs/zksync-contracts 29.0.0.
"""

from attrs import evolve, field, frozen

from xl2.core.types import address
from xl2_adapters.evm import Evm
from xl2_adapters.zk_stack.eras import ASSET_ROUTER, NULLIFIER, BridgehubEra, Era


@frozen
class Payouts:
    """Who pays withdrawals of one chain out."""

    l1: Evm
    given: Era
    _found: list[Era] = field(factory=list, init=False)

    async def era(self) -> Era:
        """The era, its payer known."""
        if not self._found:
            era = self.given
            if isinstance(era, BridgehubEra) and era.nullifier is None:
                answer = await self.l1.view(era.bridgehub, ASSET_ROUTER.encode())
                router = address(ASSET_ROUTER.decode(answer, self.l1.endpoint)[0])
                answer = await self.l1.view(router, NULLIFIER.encode())
                era = evolve(era, nullifier=address(NULLIFIER.decode(answer, self.l1.endpoint)[0]))
            self._found.append(era)
        return self._found[0]

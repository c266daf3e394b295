"""
Registry: the era in which an AnchorStateRegistry says which dispute games count (OptimismPortal2 since 4.0).

Promise: the rule for withdrawals of portal and registry, by their own getters at one L1 block with that block's time as
the clock. A game must have been of the respected type when it was created, whatever is respected now.
"""

from functools import partial

from attrs import frozen

from xl2.core.types import Address, BlockNumber, address
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.op_stack.game_list import FINALITY_DELAY, MATURITY_DELAY, GameList, Rule
from xl2_adapters.op_stack.pause import PAUSED
from xl2_adapters.op_stack.rule import RegistryTerms, why_not_settled_by_registry

REGISTRY = Method("anchorStateRegistry()", "(address)")
BLACKLISTED = Method("isGameBlacklisted(address)", "(bool)")
RETIREMENT = Method("retirementTimestamp()", "(uint64)")
WAS_RESPECTED = Method("wasRespectedGameTypeWhenCreated()", "(bool)")


@frozen(kw_only=True)
class RegistryGames(GameList):
    """The games of one rollup, for a `LiveRegistry`."""

    async def rule_at(self, at: Block) -> Rule:
        """By the terms of portal and registry."""
        registry, _ = await self.blacklist_at(at.number)
        asked = (
            (registry, RETIREMENT),
            (registry, FINALITY_DELAY),
            (self.portal, MATURITY_DELAY),
            (self.portal, PAUSED),
        )
        answers = await self.l1.views([(contract, method.encode()) for contract, method in asked], at.number)
        retirement, finality, maturity, paused = self.decoded([method for _, method in asked], answers)
        terms = RegistryTerms(retirement=retirement, finality_delay=finality, maturity_delay=maturity, is_paused=paused)
        return partial(why_not_settled_by_registry, terms=terms, time=at.timestamp)

    async def blacklist_at(self, at: BlockNumber) -> tuple[Address, Method]:
        """The registry that the portal names at that block."""
        answer = await self.l1.view(self.portal, REGISTRY.encode(), at)
        return address(REGISTRY.decode(answer, self.l1.endpoint)[0]), BLACKLISTED

    @property
    def respect(self) -> Method | None:
        """Each game remembers it."""
        return WAS_RESPECTED

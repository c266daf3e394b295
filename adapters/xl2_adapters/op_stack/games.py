"""
Games: the era in which the portal itself says which dispute games count (OptimismPortal2 until 3.x).

Promise: the portal's rule for withdrawals, by its own getters at one L1 block with that block's time as the clock.
"""

from functools import partial

from attrs import frozen

from xl2.core.types import Address, BlockNumber
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.op_stack.game_list import FINALITY_DELAY, MATURITY_DELAY, GameList, Rule
from xl2_adapters.op_stack.pause import PAUSED
from xl2_adapters.op_stack.rule import Terms, why_not_settled

BLACKLISTED = Method("disputeGameBlacklist(address)", "(bool)")
RESPECTED = Method("respectedGameType()", "(uint32)")
RESPECTED_SINCE = Method("respectedGameTypeUpdatedAt()", "(uint64)")

_TERMS = (RESPECTED, RESPECTED_SINCE, FINALITY_DELAY, MATURITY_DELAY, PAUSED)


@frozen(kw_only=True)
class Games(GameList):
    """The games of one rollup, for a `LiveGames`."""

    async def rule_at(self, at: Block) -> Rule:
        """By the portal's terms."""
        answers = await self.l1.views([(self.portal, method.encode()) for method in _TERMS], at.number)
        kind, since, finality, maturity, paused = self.decoded(_TERMS, answers)
        terms = Terms(kind=kind, kind_since=since, finality_delay=finality, maturity_delay=maturity, is_paused=paused)
        return partial(why_not_settled, terms=terms, time=at.timestamp)

    async def blacklist_at(self, at: BlockNumber) -> tuple[Address, Method]:  # noqa: ARG002 - always the portal
        """The portal."""
        return self.portal, BLACKLISTED

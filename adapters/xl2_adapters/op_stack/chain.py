"""
Chain: a chain of the OP Stack: it sees its L1 in a predeploy, its deposits cost nothing on arrival, and its state roots
stand on L1 in one of several eras of contracts.

Promise: which era, the contract says that judges there (`eras`); nothing is guessed.
"""

from typing import Any

from xl2.core.types import Address, Wei
from xl2_adapters.anchor_view import AnchorView, OwnView
from xl2_adapters.contracts.checkpoints import Checkpoints
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack import eras
from xl2_adapters.rollup import HeadSource, ProvableRoots
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.rooted_heads import RootedHeads


class OpChain(RollupChain):
    """Optimism, Base, or their kin."""

    def anchor_view(self, anchor: Evm, checkpoints: Address) -> AnchorView:  # noqa: ARG002 - it sees L1 by itself
        """By its own predeploy."""
        return OwnView(checkpoints=Checkpoints(self, checkpoints), start=self.settings.start)

    async def deposit_value(self, anchor: Evm, size: int, gas_limit: int) -> Wei:  # noqa: ARG002
        """Nothing: deposits are paid for by gas that is burned on L1."""
        return Wei(0)

    async def provable_roots(self, anchor: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
        """By the era that the rule is made for."""
        return await eras.provable_roots(l1=anchor, rollup=self, reader=reader, rule=rule)

    async def head_source(self, anchor: Evm, rollup: Address) -> HeadSource:
        """Under the state roots of the era that the rollup's contract is made for."""
        return RootedHeads(home=self, roots=await eras.claimed_roots(l1=anchor, rollup=self, judge=rollup))

"""
Rollup chain: an EVM chain that settles on L1, and the questions whose answers differ by family.

Promise: a family overrides these hooks and nothing else; provers ask them and know no family. Nothing is asked of a
chain before somebody asks.
"""

from abc import ABC, abstractmethod
from typing import Any

from xl2.core.types import Address, Wei
from xl2_adapters.anchor_view import AnchorView
from xl2_adapters.chain import EvmChain
from xl2_adapters.evm import Evm
from xl2_adapters.rollup import HeadSource, ProvableRoots


class RollupChain(EvmChain, ABC):
    """A rollup with xl2's contracts."""

    # --- as a reader

    @abstractmethod
    def anchor_view(self, anchor: Evm, checkpoints: Address) -> AnchorView:
        """How this chain knows its anchor's blocks, in the `ICheckpoints` at this address."""

    @abstractmethod
    async def deposit_value(self, anchor: Evm, size: int, gas_limit: int) -> Wei:
        """
        Wei that `Router.push` or `AnchorBlocks.send` must carry to reach this chain.

        `size`: bytes of calldata here; `gas_limit`: gas of the call here. What is left over is the payer's.
        """

    # --- as a home

    @abstractmethod
    async def provable_roots(self, anchor: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
        """
        State roots of this chain as an `ISettledRule` on a reader judges them; which era it is for, the rule says.

        Raises `ConfigInvalid` where the rule is of no kind that this family knows.
        """

    @abstractmethod
    async def head_source(self, anchor: Evm, rollup: Address) -> HeadSource:
        """How heads of this chain get into its `IRollup` on the anchor. Raises `ConfigInvalid` for an unknown kind."""

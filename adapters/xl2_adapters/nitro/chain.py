"""
Chain: a chain of Arbitrum Nitro: it is told of L1's blocks, its deposits buy their own gas, and its confirmed blocks
stand in its outbox on L1.

Promise: which outbox, the contract says that judges there; before it is relied on, what it says when called is compared
with what a proof of its storage shows.
"""

from typing import Any

from xl2.core.types import Address, ChainId, Wei
from xl2.errors import ConfigInvalid
from xl2.ports import ChainSettings
from xl2_adapters.anchor_view import AnchorView, SentView
from xl2_adapters.contracts.anchor_blocks import SentCheckpoints
from xl2_adapters.evm import Evm
from xl2_adapters.layout import check_layout
from xl2_adapters.nitro.inbox import Inbox
from xl2_adapters.nitro.outbox import Outbox
from xl2_adapters.nitro.pricing import Pricing
from xl2_adapters.nitro.root_proof import LiveRoots, ProvenRoots, check_bridge, layout, outbox_of, pins_of
from xl2_adapters.nitro.roots import Roots
from xl2_adapters.rollup import HeadSource, ProvableRoots
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.rooted_heads import RootedHeads


class NitroChain(RollupChain):
    """Arbitrum One, Nova, or another chain of Nitro."""

    def anchor_view(self, anchor: Evm, checkpoints: Address) -> AnchorView:
        """By what `AnchorBlocks` on L1 has sent."""
        return SentView(
            checkpoints=SentCheckpoints(self, checkpoints),
            anchor=anchor,
            start=self.settings.start,
            deposit_value=self.deposit_value,
        )

    async def deposit_value(self, anchor: Evm, size: int, gas_limit: int) -> Wei:
        """A retryable ticket's submission and its gas; what it does not take is the payer's here."""
        price = await Pricing(rollup=self, inbox=inbox_of(self.settings, anchor)).price_for(size, gas_limit)
        return price.value_with(Wei(0))

    async def provable_roots(self, anchor: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
        """Confirmed blocks under the outbox that the rule is made for."""
        pins = await pins_of(reader, rule)
        roots = Roots(rollup=self, outbox=Outbox(anchor, pins.outbox))
        await check_bridge(roots.outbox, pins)
        await check_layout(anchor, await layout(roots.outbox, pins.bridge))
        return ProvenRoots(roots=roots, pins=pins)

    async def head_source(self, anchor: Evm, rollup: Address) -> HeadSource:
        """Under the confirmed blocks of the outbox that the rollup's contract asks."""
        roots = Roots(rollup=self, outbox=Outbox(anchor, await outbox_of(anchor, rollup)))
        return RootedHeads(home=self, roots=LiveRoots(roots=roots))


def inbox_of(settings: ChainSettings, anchor: Evm) -> Inbox:
    """Inbox of a chain, by its settings."""
    inbox, bridge = rollup_contract(settings, "inbox"), rollup_contract(settings, "bridge")
    return Inbox(l1=anchor, chain=ChainId(settings.chain), inbox=inbox, bridge=bridge)


def rollup_contract(settings: ChainSettings, name: str) -> Address:
    """A contract of the rollup on L1. Raises `ConfigInvalid` where the settings name none."""
    found = settings.rollup.get(name)
    if found is None:
        raise ConfigInvalid(
            f"chain {settings.chain} ({settings.name}) has no contract {name!r} of its rollup in its settings",
            remedy=f"Add rollup.{name} to the chain's settings.",
        )
    return found

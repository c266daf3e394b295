"""
Parts: what a client is made of, put together by `xl2.app`.

Promise: nothing here connects to anything; a submitter is made when something is first sent, so reading needs no key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from attrs import field, frozen

from xl2.config import Config
from xl2.core.types import Address, ChainId
from xl2.errors import InvalidInput
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Blocks, Bridge, CanonicalBridge, Chain, ChainSettings, Clock, Log, Prover, Store, Submitter
from xl2.wallet import WalletHooks


@frozen(kw_only=True)
class Parts:
    """Chains, provers, keys and clocks of one configuration."""

    config: Config
    #: Chains with xl2's contracts.
    chains: Mapping[ChainId, Chain]
    #: Chains that others settle on.
    anchors: Mapping[ChainId, Blocks]
    #: Rollups without xl2's contracts: their own bridges are all that there is.
    bare: Mapping[ChainId, Blocks] = field(factory=dict)
    #: Who can show heads of a log, fastest first.
    provers: Callable[[Log], Sequence[Prover]] = field(repr=False)
    #: A rollup's own bridge to its anchor; raises `ConfigInvalid` where its contracts are not configured.
    bridges: Callable[[ChainId], CanonicalBridge] = field(repr=False)
    #: Why logs of a chain's family cannot be shown by a kind of evidence, in words; None: they can.
    why_not: Callable[[ChainId, str], str | None] = field(repr=False)
    #: Who sends transactions on a chain; raises `NotFound` where no key is configured.
    submitter: Callable[[ChainId], Submitter] = field(repr=False)
    #: The same without the care for what an earlier run left: for who recovers by itself.
    journalled: Callable[[ChainId], JournalledSubmitter] = field(repr=False)
    #: What was observed and what was signed, durable.
    store: Store = field(repr=False)
    #: Held by whoever brings the store up to date: two at once would each write what the other has read past.
    turn: asyncio.Lock = field(factory=asyncio.Lock, repr=False)
    clock: Clock = field(repr=False)
    hooks: WalletHooks = field(repr=False)
    #: Gives connections and files back.
    close: Callable[[], Awaitable[None]] = field(repr=False)

    def settings(self, named: str | int) -> ChainSettings:
        """A chain by name or id. Raises `NotFound`."""
        return self.config.chain(named)

    def chain(self, named: str | int) -> Chain:
        """A chain with xl2's contracts, by name or id. Raises `NotFound`, and `InvalidInput` for one without."""
        settings = self.settings(named)
        if settings.chain not in self.chains:
            is_anchor = settings.chain in self.anchors
            why = "it is what other chains settle on" if is_anchor else "xl2 has no contracts there"
            raise InvalidInput(
                f"chain {settings.name} ({settings.chain}) has no outbox: {why}",
                field="chain",
                value=named,
                remedy="Name a chain that carries messages: " + ", ".join(map(str, self.chains)) + ".",
            )
        return self.chains[settings.chain]

    def blocks(self, chain: ChainId) -> Blocks:
        """A chain of either kind, by its id."""
        return {**self.anchors, **self.bare, **self.chains}[chain]

    @property
    def rollups(self) -> Sequence[ChainId]:
        """Chains that have a bridge of their own to their anchor."""
        return [*self.chains, *self.bare]

    def rollup(self, named: str | int) -> ChainId:
        """One of them, by name or id. Raises `NotFound`, and `InvalidInput` for an anchor."""
        settings = self.settings(named)
        if settings.chain not in self.rollups:
            raise InvalidInput(
                f"chain {settings.name} ({settings.chain}) is what other chains settle on: it has no bridge of its own",
                field="rollup",
                value=named,
                remedy="Name a rollup: " + ", ".join(map(self.name, self.rollups)) + ".",
            )
        return settings.chain

    def name(self, chain: ChainId) -> str:
        """The configuration's word for a chain, else its id."""
        names = {settings.chain: settings.name for settings in self.config.settings()}
        return names.get(chain, str(chain))

    def bridge_at(self, chain: ChainId, contract: Address) -> Bridge | None:
        """The token bridge of this address on a chain, None where the configuration knows none."""
        for token in self.config.tokens:
            place = token.on.get(self.name(chain))
            if place is not None and place.bridge == contract:
                return self.chains[chain].bridge(contract)
        return None

    def account(self, chain: ChainId) -> Address:
        """The account that signs on a chain."""
        return self.submitter(chain).address

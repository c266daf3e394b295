"""
Families: how a chain family is found, and where its chains are.

Comes in: settings that a configuration or `devnet.json` gave. Goes out: chains and provers. Promise: opening connects
to nothing; the first answer of a chain is preceded by a check of its chain id.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, ChainId, address, uint
from xl2.ports.canonical import CanonicalBridge
from xl2.ports.chains import Blocks, Chain
from xl2.ports.provers import Attester, Prover
from xl2.ports.reviews import Reviews


@frozen(kw_only=True)
class VerifierSettings:
    """A verifier that a chain's `Heads` has registered."""

    #: Class is number >> 6.
    number: int = field(validator=uint(8))
    #: `attested`, `proven` or `routed`.
    kind: str
    address: Address = field(converter=address)
    #: Chain whose logs it judges; 0: any.
    remote: ChainId = ChainId(0)
    #: Attested only: accounts of the signers in the order of the contract, and how many must sign.
    signers: tuple[Address, ...] = ()
    threshold: int = 0


@frozen(kw_only=True)
class ChainSettings:
    """Where a chain is and what stands on it: what a configuration or `devnet.json` says, read once."""

    chain: ChainId
    #: What people call it.
    name: str
    #: Entry point of the family, such as `op`; `l1` for an anchor.
    family: str
    rpc_url: str = field(repr=False)
    #: Further endpoints of the same chain.
    rpc_urls: tuple[str, ...] = field(default=(), repr=False)
    #: So many endpoints must say the same of what others build on; 0: more than half of them.
    quorum: int = 0
    #: Websocket whose new heads wake whoever waits for blocks; empty: blocks are polled for alone.
    ws_url: str = field(default="", repr=False)
    #: Longest silence of an endpoint while it answers.
    rpc_timeout_seconds: float = 20.0
    #: Calls a second to each endpoint; 0: no limit of ours.
    rpc_calls_per_second: float = 0.0
    #: Whose newest block is older than the other endpoints' by more is left aside.
    stale_seconds: float = 15.0
    #: xl2's contracts: `guard`, `heads`, `outbox`, `inbox`, `bridge`, `checkpoints`; on an anchor `router_<chain id>`.
    contracts: Mapping[str, Address] = field(factory=dict)
    verifiers: tuple[VerifierSettings, ...] = ()
    #: Contracts of the rollup on its anchor, as the family names them: `portal`, `dispute_game_factory` ...
    rollup: Mapping[str, Address] = field(factory=dict)
    #: Chain that this one settles on; 0 for an anchor.
    anchor: ChainId = ChainId(0)
    #: Block of the first of xl2's contracts: nothing is looked for below.
    start: BlockNumber = BlockNumber(0)


class Family(Protocol):
    """A chain family, found by the entry point `xl2.adapters`. Opening connects to nothing yet."""

    @property
    def reviews(self) -> Reviews:
        """What calls of its rollups' own bridge mean; `NO_REVIEWS` where there is none."""
        ...

    def chain(self, settings: ChainSettings) -> Chain:
        """Chain of this family."""
        ...

    def anchor(self, settings: ChainSettings) -> Blocks:
        """Chain on which chains of this family settle."""
        ...

    def provers(
        self, home: ChainSettings, reader: Chain, anchor: ChainSettings, attesters: Sequence[Attester]
    ) -> Sequence[Prover]:
        """
        Provers of logs at `home`, a chain of this family, by the verifiers that `reader` has; fastest first.

        `reader`: any chain over the same anchor, as its own family opened it. What this family cannot show (`why_not`)
        has no prover here.
        """
        ...

    def why_not(self, kind: str) -> str | None:
        """Why logs of this family's chains cannot be shown by evidence of a kind, in words; None: they can."""
        ...

    def bridge_to_anchor(self, settings: ChainSettings, anchor: ChainSettings) -> CanonicalBridge:
        """The rollup's own bridge to its anchor. Raises `ConfigInvalid` where `settings.rollup` lacks a contract."""
        ...

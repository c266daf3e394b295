"""
Rollup family: settings in; chains, anchors and provers of one family out, the same way in every family.

Promise: one connection to each endpoint, however many provers use it; nothing is asked before somebody asks. A family
says how its chains are opened (`_open`) and what cannot be shown of them (`why_not`); all else differs in the chains.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from xl2.core.types import ChainId
from xl2.errors import ConfigInvalid
from xl2.ports import Attester, Chain, ChainSettings, Prover, VerifierSettings
from xl2_adapters.attested import AttestedProver
from xl2_adapters.evm import Evm
from xl2_adapters.proven import ProvenProver
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.routed import RoutedProver

C = TypeVar("C", bound=RollupChain)

_KINDS = ("attested", "proven", "routed")


class RollupFamily(ABC, Generic[C]):
    """Chains of one family over one L1. Implements `xl2.ports.Family`."""

    def __init__(self) -> None:
        """One for each configuration: it keeps the chains that it opened."""
        self._chains: dict[ChainId, C] = {}
        self._anchors: dict[ChainId, Evm] = {}

    @abstractmethod
    def _open(self, settings: ChainSettings) -> C:
        """Chain of this family. Raises `ConfigInvalid` where the address of a contract is missing."""

    def why_not(self, kind: str) -> str | None:
        """Why logs of these chains cannot be shown by a kind of evidence; None: they can."""
        return None if kind in _KINDS else f"there are {', '.join(_KINDS)}; {kind!r} is none of them"

    def chain(self, settings: ChainSettings) -> C:
        """Chain of the family; the same one for the same settings."""
        known = self._chains.get(settings.chain)
        if known is None or known.settings != settings:
            known = self._chains[settings.chain] = self._open(settings)
        return known

    def anchor(self, settings: ChainSettings) -> Evm:
        """The L1."""
        if settings.chain not in self._anchors:
            self._anchors[settings.chain] = Evm(settings.chain, settings.rpc_url)
        return self._anchors[settings.chain]

    def provers(
        self, home: ChainSettings, reader: Chain, anchor: ChainSettings, attesters: Sequence[Attester]
    ) -> Sequence[Prover]:
        """A prover for each verifier of the reader that may judge logs of `home`, as far as this family can."""
        if not isinstance(reader, RollupChain):
            raise ConfigInvalid(
                f"chain {reader.chain} is opened as a {type(reader).__name__}, which tells nothing of its verifiers",
                remedy="Let its family's chains be `RollupChain`s; see docs/how-to/add-your-chain.md.",
            )
        return [
            self._prover(verifier, self.chain(home), reader, self.anchor(anchor), attesters)
            for verifier in sorted(reader.settings.verifiers, key=lambda one: one.number)
            if verifier.remote in (0, home.chain) and self.why_not(verifier.kind) is None
        ]

    def _prover(
        self,
        verifier: VerifierSettings,
        home: RollupChain,
        reader: RollupChain,
        anchor: Evm,
        attesters: Sequence[Attester],
    ) -> Prover:
        if verifier.kind == "attested":
            return AttestedProver(home=home, reader=reader, verifier=verifier, attesters=attesters)
        if verifier.kind == "proven":
            return ProvenProver(home=home, reader=reader, anchor=anchor, verifier=verifier)
        return RoutedProver(home=home, reader=reader, anchor=anchor, verifier=verifier)

"""
Family: settings in, chains and provers of the OP Stack out.

Promise: one connection to each endpoint, however many provers use it; nothing is asked before somebody asks.
"""

from collections.abc import Sequence

from xl2.core.types import ChainId
from xl2.ports import Attester, ChainSettings, Prover, VerifierSettings
from xl2_adapters.attested import AttestedProver
from xl2_adapters.chain import EvmChain
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.proven import ProvenProver
from xl2_adapters.op_stack.routed import RoutedProver


class OpStack:
    """Chains of the OP Stack over one L1. Implements `xl2.ports.Family`."""

    def __init__(self) -> None:
        """One for each configuration: it keeps the chains that it opened."""
        self._chains: dict[ChainId, EvmChain] = {}
        self._anchors: dict[ChainId, Evm] = {}

    def chain(self, settings: ChainSettings) -> EvmChain:
        """Chain of the family; the same one for the same settings."""
        known = self._chains.get(settings.chain)
        if known is None or known.settings != settings:
            known = self._chains[settings.chain] = EvmChain(settings)
        return known

    def anchor(self, settings: ChainSettings) -> Evm:
        """The L1."""
        if settings.chain not in self._anchors:
            self._anchors[settings.chain] = Evm(settings.chain, settings.rpc_url)
        return self._anchors[settings.chain]

    def provers(
        self, home: ChainSettings, reader: ChainSettings, anchor: ChainSettings, attesters: Sequence[Attester]
    ) -> Sequence[Prover]:
        """A prover for each verifier of the reader that may judge logs of `home`: attested, proven, routed."""
        return [
            self._prover(verifier, home, reader, anchor, attesters)
            for verifier in sorted(reader.verifiers, key=lambda one: one.number)
            if verifier.remote in (0, home.chain) and verifier.kind in _KINDS
        ]

    def _prover(
        self,
        verifier: VerifierSettings,
        home: ChainSettings,
        reader: ChainSettings,
        anchor: ChainSettings,
        attesters: Sequence[Attester],
    ) -> Prover:
        there, here = self.chain(home), self.chain(reader)
        if verifier.kind == "attested":
            return AttestedProver(home=there, reader=here, verifier=verifier, attesters=attesters)
        if verifier.kind == "proven":
            return ProvenProver(home=there, reader=here, anchor=self.anchor(anchor), verifier=verifier)
        return RoutedProver(home=there, reader=here, anchor=self.anchor(anchor), verifier=verifier)


_KINDS = ("attested", "proven", "routed")

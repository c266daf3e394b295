"""
EVM family: settings in; chains, anchors and provers of one family out.

Promise: one connection to each endpoint, however many provers use it; nothing is asked before somebody asks. What is
here serves any EVM chain: its heads can be attested. Families whose heads can be shown without signers build on
`rollup_family`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from xl2.core.types import ChainId
from xl2.errors import ConfigInvalid
from xl2.ports import NO_REVIEWS, Attester, CanonicalBridge, Chain, ChainSettings, Prover, Reviews, VerifierSettings
from xl2_adapters.attested import AttestedProver
from xl2_adapters.chain import EvmChain
from xl2_adapters.evm import Evm
from xl2_adapters.fee_model import FeeModel, GasAlone
from xl2_adapters.providers import rpc_of

C = TypeVar("C", bound=EvmChain)

_KINDS = ("attested", "proven", "routed")


class EvmFamily(ABC, Generic[C]):
    """Chains of one family over one anchor. Implements `xl2.ports.Family`."""

    def __init__(self) -> None:
        """One for each configuration: it keeps the chains that it opened."""
        self._chains: dict[ChainId, C] = {}
        self._anchors: dict[ChainId, Evm] = {}
        self._bare: dict[ChainId, Evm] = {}

    @property
    def reviews(self) -> Reviews:
        """Nothing is known here of a bridge of the chain's own."""
        return NO_REVIEWS

    @abstractmethod
    def _open(self, settings: ChainSettings) -> C:
        """Chain of this family. Raises `ConfigInvalid` where the address of a contract is missing."""

    def fee_model(self) -> FeeModel:
        """How these chains charge for transactions."""
        return GasAlone()

    def why_not(self, kind: str) -> str | None:
        """Why logs of these chains cannot be shown by a kind of evidence; None: they can."""
        if kind == "attested":
            return None
        if kind in _KINDS:
            return "no contract on the anchor is known to hold the state or the messages of this family's chains"
        return f"there are {', '.join(_KINDS)}; {kind!r} is none of them"

    def chain(self, settings: ChainSettings) -> C:
        """Chain of the family; the same one for the same settings."""
        known = self._chains.get(settings.chain)
        if known is None or known.settings != settings:
            known = self._chains[settings.chain] = self._open(settings)
            known.fee_model = self.fee_model()
        return known

    def evm(self, settings: ChainSettings) -> Evm:
        """The chain as its own bridge needs it, which asks for none of xl2's contracts; with them it is `chain`."""
        if "outbox" in settings.contracts:
            return self.chain(settings)
        if settings.chain not in self._bare:
            self._bare[settings.chain] = self._plain(settings)
        return self._bare[settings.chain]

    def anchor(self, settings: ChainSettings) -> Evm:
        """The L1, or one of these chains as plainly as that."""
        if settings.chain not in self._anchors:
            self._anchors[settings.chain] = self._plain(settings)
        return self._anchors[settings.chain]

    def _plain(self, settings: ChainSettings) -> Evm:
        """A chain without xl2's contracts: what settles on another one charges as this family does."""
        evm = Evm(settings.chain, rpc_of(settings), ws_url=settings.ws_url)
        evm.fee_model = self.fee_model() if settings.anchor else evm.fee_model
        return evm

    def provers(
        self, home: ChainSettings, reader: Chain, anchor: ChainSettings, attesters: Sequence[Attester]
    ) -> Sequence[Prover]:
        """
        A prover for each verifier of the reader that may judge logs of `home`, as far as this family can.

        Raises `ConfigInvalid` for a reader that has a verifier and cannot tell what it rests on.
        """
        if not isinstance(reader, EvmChain):
            raise ConfigInvalid(
                f"chain {reader.chain} is opened as a {type(reader).__name__}, which tells nothing of its verifiers",
                remedy="Let its family's chains be `EvmChain`s; see docs/how-to/add-your-chain.md.",
            )
        return [
            self._prover(verifier, self.chain(home), reader, self.anchor(anchor), attesters)
            for verifier in sorted(reader.settings.verifiers, key=lambda one: one.number)
            if verifier.remote in (0, home.chain) and self.why_not(verifier.kind) is None
        ]

    def bridge_to_anchor(self, settings: ChainSettings, anchor: ChainSettings) -> CanonicalBridge:  # noqa: ARG002
        """The chain's own bridge. Raises `ConfigInvalid`: none is known here."""
        raise ConfigInvalid(
            f"no bridge of its own is known of chain {settings.chain} ({settings.name}), of family {settings.family!r}",
            remedy="Carry messages by evidence, or give the family a `CanonicalBridge`.",
        )

    def _prover(
        self, verifier: VerifierSettings, home: C, reader: EvmChain, anchor: Evm, attesters: Sequence[Attester]
    ) -> Prover:
        del anchor
        return AttestedProver(home=home, reader=reader, verifier=verifier, attesters=attesters)

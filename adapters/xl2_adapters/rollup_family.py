"""
Rollup family: what `evm_family` does, for rollups: their heads can also be proven, or routed through L1.

Promise: the provers are the same for every family; what differs are the chains' own answers (`rollup_chain`). A family
that cannot show heads in one of these ways says so in `why_not`, and then has no such prover.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from xl2.errors import ConfigInvalid
from xl2.ports import Attester, Prover, VerifierSettings
from xl2_adapters.chain import EvmChain
from xl2_adapters.evm import Evm
from xl2_adapters.evm_family import EvmFamily
from xl2_adapters.proven import ProvenProver
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.routed import RoutedProver

R = TypeVar("R", bound=RollupChain)

_PROVERS: Mapping[str, type[ProvenProver] | type[RoutedProver]] = {"proven": ProvenProver, "routed": RoutedProver}


class RollupFamily(EvmFamily[R]):
    """Chains of one family over one L1. Implements `xl2.ports.Family`."""

    def why_not(self, kind: str) -> str | None:
        """Why logs of these chains cannot be shown by a kind of evidence; None: they can."""
        return None if kind in _PROVERS else super().why_not(kind)

    def _prover(
        self, verifier: VerifierSettings, home: R, reader: EvmChain, anchor: Evm, attesters: Sequence[Attester]
    ) -> Prover:
        made = _PROVERS.get(verifier.kind)
        if made is None:
            return super()._prover(verifier, home, reader, anchor, attesters)
        if not isinstance(reader, RollupChain):
            raise ConfigInvalid(
                f"verifier {verifier.number} on chain {reader.chain} ({reader.settings.name}) is {verifier.kind}, and "
                f"that chain's family does not say how it hears of its anchor",
                remedy="Let its family's chains be `RollupChain`s; see docs/how-to/add-your-chain.md.",
            )
        return made(home=home, reader=reader, anchor=anchor, verifier=verifier)

"""
Sites: the chains of a devnet, and what was deployed on them.

Values only. Promise: what `to_tree` writes, `from_tree` reads back; a snapshot carries it from one start to the next.
"""

from collections.abc import Mapping
from typing import Any

from attrs import asdict, field, frozen


@frozen(kw_only=True)
class Site:
    """A chain to be."""

    name: str
    #: By EIP-155.
    chain_id: int
    #: Entry point of `xl2.adapters`, as a configuration has it; `l1` for the L1.
    family: str
    #: The word that it was asked for by, which begins its name: `op` and `base` are kinds of one family.
    kind: str


@frozen(kw_only=True)
class Deployed:
    """Where everything stands; each table by chain name."""

    #: The rollups' contracts on L1, as `xl2.ports.ChainSettings` names them.
    rollups: Mapping[str, Mapping[str, str]]
    #: xl2's contracts, by role.
    contracts: Mapping[str, Mapping[str, str]] = field(factory=dict)
    #: xl2's verifiers, as the configuration has them.
    verifiers: Mapping[str, tuple[Mapping[str, Any], ...]] = field(factory=dict)
    #: Tokens that move, as the configuration has them.
    tokens: tuple[Mapping[str, Any], ...] = ()

    def to_tree(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> "Deployed":
        """What `to_tree` wrote."""
        return cls(
            rollups=tree["rollups"],
            contracts=tree["contracts"],
            verifiers={name: tuple(verifiers) for name, verifiers in tree["verifiers"].items()},
            tokens=tuple(tree["tokens"]),
        )

"""
Options: which devnet is asked for.

What a user names comes in; chains with names and ids go out. Promise: options that exist can be started; what cannot is
refused when they are made.
"""

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from xl2.errors import InvalidInput
from xl2_devnet.clocks import Clocks
from xl2_devnet.kinds import FAMILIES
from xl2_devnet.sites import Site

L1_NAME, L1_CHAIN_ID = "l1", 900
_MOST_L2S = 8


@frozen(kw_only=True)
class Options:
    """What devnet to start, and how."""

    #: Kind of each L2 (`kinds.FAMILIES`); they are named by it, `op-a`, `base-b`, ...
    l2: tuple[str, ...] = ("op", "op")
    clocks: Clocks = field(factory=Clocks)
    #: Where to write devnet.json; None: nowhere.
    file: Path | None = None
    #: The anvil to use; None: looked for, and fetched if need be.
    anvil: Path | None = None
    #: Whether to start from a snapshot and keep one.
    cache: bool = True
    #: How many of the L2s, from the first on, are home to tokens of their own.
    homes: int = 1
    #: Port by chain name; what is not named gets a free one.
    ports: Mapping[str, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be started."""
        for kind in self.l2:
            if kind not in FAMILIES:
                known = ", ".join(FAMILIES)
                raise InvalidInput(
                    f"there is no L2 kind {kind!r}", field="l2", value=kind, remedy=f"Known are: {known}."
                )
        if not 1 <= len(self.l2) <= _MOST_L2S:
            raise InvalidInput(f"{len(self.l2)} L2s were asked for; 1 to {_MOST_L2S} can be had", field="l2")
        if not 1 <= self.homes <= len(self.l2):
            raise InvalidInput(f"{self.homes} of {len(self.l2)} L2s cannot be home to tokens", field="homes")
        for name in self.ports:
            if name not in self.sites:
                raise InvalidInput(f"a port was named for {name!r}, which is none of {', '.join(self.sites)}")

    @property
    def sites(self) -> Mapping[str, Site]:
        """Chains by name, the L1 first."""
        names = {L1_NAME: Site(name=L1_NAME, chain_id=L1_CHAIN_ID, family="l1", kind="l1")}
        for place, kind in enumerate(self.l2):
            name = f"{kind}-{chr(ord('a') + place)}"
            names[name] = Site(name=name, chain_id=L1_CHAIN_ID + 1 + place, family=FAMILIES[kind], kind=kind)
        return names

    @property
    def l2_sites(self) -> Mapping[str, Site]:
        """The L2s by name."""
        return {name: site for name, site in self.sites.items() if name != L1_NAME}

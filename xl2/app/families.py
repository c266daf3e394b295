"""
Families: a configuration's chains in, each as its family opened it out.

Promise: families are found by entry points (`xl2.adapters`), so nothing here imports one, and a chain can come from
another distribution. Opening connects to nothing; `close` gives back whatever was connected since.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import frozen

from xl2.app.installed import installed, names
from xl2.config import Config
from xl2.core.types import ChainId
from xl2.errors import ConfigInvalid
from xl2.ports import Attester, Blocks, CanonicalBridge, Chain, ChainSettings, Family, Log, Prover

ADAPTERS: Final = "xl2.adapters"


@frozen(kw_only=True)
class Opened:
    """The chains of one configuration."""

    settings: Mapping[ChainId, ChainSettings]
    #: By the word that the configuration has for them.
    families: Mapping[str, Family]
    #: Chains with xl2's contracts.
    chains: Mapping[ChainId, Chain]
    #: Without them a chain has its own bridge still, and is opened as plainly as an anchor.
    bare: Mapping[ChainId, Blocks]
    anchors: Mapping[ChainId, Blocks]
    #: The anchors once more: each family has its own connection to them.
    ends: Sequence[Blocks]

    @property
    def everywhere(self) -> Mapping[ChainId, Blocks]:
        """Every chain, of whichever kind."""
        return {**self.anchors, **self.bare, **self.chains}

    @property
    def connections(self) -> Sequence[Blocks]:
        """Whatever asks endpoints, each once."""
        return list({id(one): one for one in (*self.everywhere.values(), *self.ends)}.values())

    def provers(self, log: Log, attesters: Sequence[Attester]) -> Sequence[Prover]:
        """Who can show heads of a log, fastest first."""
        home = self.settings[log.home]
        return self._family_of(log.home).provers(home, self.chains[log.reader], self.settings[home.anchor], attesters)

    def why_not(self, home: ChainId, kind: str) -> str | None:
        """Why logs of a chain cannot be shown by a kind of evidence, in words; None: they can."""
        return self._family_of(home).why_not(kind)

    def bridge(self, rollup: ChainId) -> CanonicalBridge:
        """A rollup's own bridge to its anchor."""
        settings = self.settings[rollup]
        return self._family_of(rollup).bridge_to_anchor(settings, self.settings[settings.anchor])

    async def close(self) -> None:
        """Give all connections back."""
        for connection in self.connections:
            await connection.close()

    def _family_of(self, rollup: ChainId) -> Family:
        return self.families[self.settings[rollup].family]


def opened(config: Config) -> Opened:
    """Open all chains. Raises `ConfigInvalid` for a family that is not installed, and an anchor that nothing uses."""
    settings = {one.chain: one for one in config.settings()}
    rollups = [one for one in settings.values() if one.anchor]
    families = {one.family: family(one) for one in rollups}
    return Opened(
        settings=settings,
        families=families,
        chains={one.chain: families[one.family].chain(one) for one in rollups if one.contracts},
        bare={one.chain: families[one.family].anchor(one) for one in rollups if not one.contracts},
        anchors={one.chain: _anchor(one, settings, families) for one in settings.values() if not one.anchor},
        ends=[families[one.family].anchor(settings[one.anchor]) for one in rollups],
    )


def family(settings: ChainSettings) -> Family:
    """Find a chain family. Raises `ConfigInvalid` where none of that name is installed."""
    maker: Callable[[], Family] | None = installed(ADAPTERS, settings.family)
    if maker is None:
        raise ConfigInvalid(
            f"chain {settings.name} is of family {settings.family!r}, which is not installed",
            remedy=f"Installed are: {names(ADAPTERS)}. Correct `family`, or install the package that brings it.",
        )
    return maker()


def _anchor(one: ChainSettings, all_of: Mapping[ChainId, ChainSettings], families: Mapping[str, Family]) -> Blocks:
    """An anchor speaks as the families that settle on it understand it."""
    for other in all_of.values():
        if other.anchor == one.chain:
            return families[other.family].anchor(one)
    raise ConfigInvalid(
        f"no chain settles on {one.name} ({one.chain}), and it has no anchor of its own",
        remedy=f"Set `anchor` of [chains.{one.name}], or of the chains that settle on it.",
    )

"""Known networks: the files in `data`, read once."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import cattrs
from attrs import frozen

from xl2.core.types import Address, ChainId, address
from xl2.errors import NotFound


@frozen(kw_only=True)
class Source:
    """Where values of a network come from."""

    #: Which values.
    of: str
    what: str
    date: date
    #: A test compares them with that source.
    checked: bool


@frozen(kw_only=True)
class Network:
    """A public chain."""

    #: What a configuration calls it: `network = "base"`.
    name: str
    title: str
    chain_id: ChainId
    #: Entry point of the family; `l1` for an anchor.
    family: str
    #: Name of the network that this one settles on; empty for an anchor.
    anchor: str = ""
    testnet: bool
    block_seconds: float
    #: Contracts of the rollup on its anchor, named as `xl2.ports.ChainSettings` has them.
    rollup: Mapping[str, Address] = {}
    #: The rollup's own contracts on the chain itself.
    predeploys: Mapping[str, Address] = {}
    #: Times of the rollup's rule for withdrawals: seconds, or blocks of the anchor where the name says so.
    windows: Mapping[str, int] = {}
    #: Typical seconds until a block is `latest`, `safe`, `finalized`, `settled`.
    finality: Mapping[str, int] = {}
    sources: tuple[Source, ...]


@cache
def networks() -> Mapping[str, Network]:
    """Every known network by its name, anchors first, each followed by what settles on it."""
    found = [_read(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8")) for entry in _files()]
    anchors = sorted((one for one in found if not one.anchor), key=lambda one: one.testnet)
    ordered = [one for anchor in anchors for one in (anchor, *_settling_on(anchor.name, found))]
    return {one.name: one for one in ordered}


def network(named: str | int) -> Network:
    """A network by its name or EIP-155 id. Raises `NotFound` that lists what there is."""
    for known in networks().values():
        if named in (known.name, known.chain_id, str(known.chain_id), f"eip155:{known.chain_id}"):
            return known
    raise NotFound(
        f"no network {named!r} is known",
        remedy=f"Known are: {', '.join(networks())}. Any other chain is configured by its addresses.",
    )


def _files() -> list[Traversable]:
    folder = files("xl2.networks") / "data"
    return sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)


def _settling_on(anchor: str, found: list[Network]) -> list[Network]:
    return sorted((one for one in found if one.anchor == anchor), key=lambda one: (one.family, one.chain_id))


def _read(name: str, text: str) -> Network:
    return _CONVERTER.structure({"name": name, **tomllib.loads(text)}, Network)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    # `Address` is a NewType of bytes, and nothing else here is.
    converter.register_structure_hook(bytes, lambda value, _: address(value))
    converter.register_structure_hook(date, lambda value, _: value)
    return converter


_CONVERTER = _converter()

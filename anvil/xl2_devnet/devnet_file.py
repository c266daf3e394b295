"""
devnet.json: what SDK, CLI and tests need to know of a running devnet, in one file.

A `Description` comes in, JSON goes out, and back. The file is a configuration of xl2 (chains, tokens, keys) with one
table more, `devnet`, for what only a devnet has. Promise: it appears whole or not at all, and only when everything in
it answers. The schema is told in docs/reference/devnet-json.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import orjson
from attrs import field, frozen

from xl2 import whole
from xl2.errors import ConfigInvalid
from xl2_devnet.accounts import ACCOUNTS
from xl2_devnet.clocks import Clocks

#: Rises when a reader of an older one would go wrong.
SCHEMA = 2


@frozen(kw_only=True)
class ChainEntry:
    """One chain of a devnet."""

    name: str
    chain_id: int
    #: Entry point of `xl2.adapters`, or `l1`.
    family: str
    #: What users talk to.
    rpc_url: str
    #: The anvil itself. Of an L2 it stands behind `rpc_url`, for the devnet's own tools and for tests that turn clocks.
    node_url: str
    block_seconds: float
    #: Name of the L1; empty for the L1 itself.
    anchor: str = ""
    #: xl2's contracts by role.
    contracts: Mapping[str, str] = field(factory=dict)
    #: The rollup's contracts on L1, as `xl2.ports.ChainSettings` names them.
    rollup: Mapping[str, str] = field(factory=dict)
    #: The rollup's predeploys, by contract name.
    predeploys: Mapping[str, str] = field(factory=dict)
    #: xl2's verifiers, as the configuration has them.
    verifiers: tuple[Mapping[str, Any], ...] = ()
    #: The word that it was asked for by: `op`, `base`, ...
    kind: str = ""


@frozen(kw_only=True)
class Description:
    """A running devnet."""

    chains: Mapping[str, ChainEntry]
    clocks: Clocks
    #: The supervising process, and when the kernel says it began, so that a reused pid is not mistaken for it.
    pid: int
    pid_started: int
    tokens: tuple[Mapping[str, Any], ...] = ()
    #: How long the start took, and whether it began from a snapshot.
    ready_seconds: float = 0.0
    from_snapshot: bool = False
    #: What stands in for the real thing, in sentences.
    notices: tuple[str, ...] = ()

    def chain(self, name: str) -> ChainEntry:
        """A chain by its name; KeyError if there is none."""
        return self.chains[name]

    def to_json(self) -> bytes:
        """The file's bytes."""
        return orjson.dumps(
            {
                "chains": {name: _configured(chain) for name, chain in self.chains.items()},
                "tokens": list(self.tokens),
                "keys": {account.role: account.private_key for account in ACCOUNTS},
                "key": "alice",
                # A devnet begins anew each time: what was remembered of an older one would contradict it. Its ether is
                # worth nothing, so nothing is carried at a loss.
                "journal": ":memory:",
                "relayer": {"store": ":memory:", "policy": {"carry": "always"}},
                "devnet": {
                    "schema": SCHEMA,
                    "pid": self.pid,
                    "pid_started": self.pid_started,
                    "ready_seconds": round(self.ready_seconds, 3),
                    "from_snapshot": self.from_snapshot,
                    "notices": list(self.notices),
                    "clocks": attrs.asdict(self.clocks),
                    "accounts": {account.role: account.address for account in ACCOUNTS},
                    "chains": {
                        name: {
                            "kind": chain.kind,
                            "node_url": chain.node_url,
                            "block_seconds": chain.block_seconds,
                            "predeploys": chain.predeploys,
                        }
                        for name, chain in self.chains.items()
                    },
                },
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
        )

    @classmethod
    def from_json(cls, text: bytes, *, source: str) -> "Description":
        """Read what `to_json` wrote. `source`: the file's name, for the error.

        Raises:
            ConfigInvalid: no devnet's file, or one of another schema.
        """
        try:
            tree = orjson.loads(text)
            own = tree["devnet"]
            if own["schema"] != SCHEMA:
                raise ConfigInvalid(
                    f"{source} has schema {own['schema']}, this xl2 reads {SCHEMA}",
                    remedy="Start the devnet anew with this xl2.",
                )
            return cls(
                chains={name: _chain(name, entry, own["chains"][name]) for name, entry in tree["chains"].items()},
                clocks=Clocks(**own["clocks"]),
                pid=own["pid"],
                pid_started=own["pid_started"],
                tokens=tuple(tree["tokens"]),
                ready_seconds=own["ready_seconds"],
                from_snapshot=own["from_snapshot"],
                notices=tuple(own["notices"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ConfigInvalid(
                f"{source} is not the file of a devnet ({type(error).__name__}: {error})",
                remedy="Start a devnet with `xl2 devnet up`, which writes the file.",
            ) from error


def write(path: Path, description: Description) -> None:
    """Write the file in one step: a reader sees the old one or the new one.

    Raises:
        ConfigInvalid: its folder takes no file.
    """
    try:
        whole.write(path, description.to_json())
    except OSError as error:
        raise ConfigInvalid(
            f"{path} cannot be written: {error.strerror}",
            remedy="Start it in a folder that you may write to, or name one with --file.",
        ) from error


def read(path: Path) -> Description:
    """The devnet that a file describes, running or not.

    Raises:
        ConfigInvalid: there is no such file, or it is not a devnet's.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigInvalid(
            f"{path} cannot be read: {error.strerror}",
            remedy="Start a devnet with `xl2 devnet up`, or name its file with --file.",
        ) from error
    return Description.from_json(text, source=str(path))


def _configured(chain: ChainEntry) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "chain_id": chain.chain_id,
        "family": chain.family,
        "rpc_url": chain.rpc_url,
        "contracts": chain.contracts,
        "rollup": chain.rollup,
        "verifiers": list(chain.verifiers),
    }
    return {**entry, "anchor": chain.anchor} if chain.anchor else entry


def _chain(name: str, entry: Mapping[str, Any], own: Mapping[str, Any]) -> ChainEntry:
    return ChainEntry(
        name=name,
        chain_id=entry["chain_id"],
        family=entry["family"],
        rpc_url=entry["rpc_url"],
        kind=own["kind"],
        node_url=own["node_url"],
        block_seconds=own["block_seconds"],
        anchor=entry.get("anchor", ""),
        contracts=entry["contracts"],
        rollup=entry["rollup"],
        predeploys=own["predeploys"],
        verifiers=tuple(entry["verifiers"]),
    )

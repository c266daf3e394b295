"""
Fill: what a known network says of a chain goes into the chain's table.

In: the raw tree of a configuration, before it is structured. Out: the same tree with ids, family, anchor and addresses
that the file left out, and complaints. Promise: nothing that the file says is overwritten, and a file that contradicts
the network it names is told so.
"""

from typing import Any

from xl2.config.complaint import Complaints
from xl2.core.types import hex_text
from xl2.errors import NotFound
from xl2.networks import Network, network


def fill(tree: dict[str, Any]) -> Complaints:
    """Fill in every chain that names a network; what is wrong with one is yielded and leaves its table as it is."""
    chains = tree.get("chains")
    if not isinstance(chains, dict):
        return
    named = {}
    for name, table in chains.items():
        if not isinstance(table, dict) or not isinstance(table.get("network"), str) or not table["network"]:
            continue
        try:
            known = network(table["network"])
        except NotFound as unknown:
            yield ("chains", name, "network"), f"{unknown.what}. {unknown.remedy}"
            continue
        named[name] = known
        yield from _contradictions(name, table, known)
        table.setdefault("chain_id", known.chain_id)
        table.setdefault("family", known.family)
        rollup = {key: hex_text(contract) for key, contract in known.rollup.items()}
        table["rollup"] = rollup | table["rollup"] if isinstance(table.get("rollup"), dict) else rollup
    for name, known in named.items():
        yield from _anchor(name, known, chains)


def _contradictions(name: str, table: dict[str, Any], known: Network) -> Complaints:
    for key, value in (("chain_id", known.chain_id), ("family", known.family)):
        if table.get(key, value) != value:
            yield ("chains", name, key), f"{table[key]!r} is not that of the network {known.name}, {value!r}"


def _anchor(name: str, known: Network, chains: dict[str, Any]) -> Complaints:
    table = chains[name]
    if not known.anchor or "anchor" in table:
        return
    wanted = network(known.anchor)
    for other, candidate in chains.items():
        if isinstance(candidate, dict) and candidate.get("chain_id") == wanted.chain_id:
            table["anchor"] = other
            return
    what = (
        f"{known.name} settles on chain {wanted.chain_id}, which is not configured; add [chains.{wanted.name}] with "
        f"network = {wanted.name!r} and an rpc_url"
    )
    yield ("chains", name, "network"), what

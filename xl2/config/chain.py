"""
Chain: the settings of one chain, and of the verifiers that are registered there.

Values only. Promise: an endpoint's URL, which may hold a key, shows in no `repr` and in no complaint.
"""

import math
from collections.abc import Collection, Mapping

from attrs import field, frozen

from xl2.config.complaint import Complaints, endpoint_complaints, no_chain
from xl2.config.secret import Secret
from xl2.core.types import Address


@frozen(kw_only=True)
class Verifier:
    """A verifier registered at a chain's `Heads`; see `xl2.ports.VerifierSettings`."""

    number: int
    kind: str
    address: Address
    #: Name of the chain whose logs it judges; empty: any.
    remote: str = ""
    signers: tuple[Address, ...] = ()
    threshold: int = 0


@frozen(kw_only=True)
class Chain:
    """One chain; see `xl2.ports.ChainSettings`."""

    chain_id: int
    family: str
    #: May carry a key in its path, so it is never printed.
    rpc_url: Secret
    #: Further endpoints of the same chain; see docs/explanation/endpoints.md.
    rpc_urls: tuple[Secret, ...] = ()
    #: So many endpoints must agree; 0: more than half of them.
    quorum: int = 0
    #: Websocket that wakes the relayer at new heads; empty: it polls alone.
    ws_url: Secret = Secret("")
    #: Longest silence of an endpoint while it answers.
    rpc_timeout_seconds: float = 20.0
    #: Calls a second to each endpoint; 0: no limit of ours.
    rpc_calls_per_second: float = 0.0
    #: An endpoint whose newest block is older than the others' by more is left aside.
    stale_seconds: float = 15.0
    #: Name of the chain that this one settles on; empty for an L1.
    anchor: str = ""
    #: Most that a gas may cost here, in gwei, whatever a transaction is for; 0: no limit but the multiple of what the
    #: chain asks.
    max_fee_gwei: float = 0.0
    #: Name of a known network, from which ids and addresses were filled in; empty: none.
    network: str = ""
    start: int = 0
    contracts: Mapping[str, Address] = field(factory=dict)
    rollup: Mapping[str, Address] = field(factory=dict)
    verifiers: tuple[Verifier, ...] = ()


def complaints(name: str, chain: Chain, chains: Collection[str]) -> Complaints:
    """What is wrong with one. `chains`: names of all that there are."""
    here = ("chains", name)
    yield from _endpoints(here, chain)
    if chain.start < 0:
        yield (*here, "start"), f"{chain.start} is no number of a block"
    if not 0 <= chain.max_fee_gwei < math.inf:
        yield (*here, "max_fee_gwei"), f"{chain.max_fee_gwei} gwei is no price of gas; 0 is no limit of yours"
    if chain.anchor and chain.anchor not in chains:
        yield (*here, "anchor"), no_chain(chain.anchor, chains)
    for place, verifier in enumerate(chain.verifiers):
        spot = (*here, "verifiers", place)
        if not 0 <= verifier.number < 192:
            yield (*spot, "number"), f"{verifier.number} is no verifier number; they are 0 to 191"
        if verifier.remote and verifier.remote not in chains:
            yield (*spot, "remote"), no_chain(verifier.remote, chains)
        if verifier.kind == "attested" and not 0 < verifier.threshold <= len(verifier.signers):
            yield (*spot, "threshold"), f"{verifier.threshold} of {len(verifier.signers)} signers is no quorum"


def _endpoints(here: tuple[str | int, ...], chain: Chain) -> Complaints:
    urls = [chain.rpc_url.reveal(), *(url.reveal() for url in chain.rpc_urls)]
    further = [(*here, "rpc_urls", place) for place in range(len(chain.rpc_urls))]
    yield from endpoint_complaints(urls, [(*here, "rpc_url"), *further])
    if not 0 <= chain.quorum <= len(urls):
        yield (*here, "quorum"), f"{chain.quorum} of {len(urls)} endpoints cannot agree"
    ws_url = chain.ws_url.reveal()
    if ws_url and not ws_url.startswith(("ws://", "wss://")):
        yield (*here, "ws_url"), "a websocket's URL begins with ws:// or wss:// (its value is not shown here)"
    for name, seconds in (("rpc_timeout_seconds", chain.rpc_timeout_seconds), ("stale_seconds", chain.stale_seconds)):
        if not 0 < seconds < float("inf"):
            yield (*here, name), f"{seconds} seconds are no time to wait"
    if not 0 <= chain.rpc_calls_per_second < float("inf"):
        yield (*here, "rpc_calls_per_second"), f"{chain.rpc_calls_per_second} calls a second are none; 0 is no limit"

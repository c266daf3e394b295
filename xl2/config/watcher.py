"""
Watcher: the settings of `xl2 watcher run`.

Values only. Promise: endpoints are named by chain, and none of them shows in a `repr`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from xl2.config.complaint import Complaints, endpoint_complaints, no_chain
from xl2.config.secret import Secret


@frozen(kw_only=True)
class Watcher:
    """Settings of `xl2 watcher run`."""

    #: Account that pauses, and may do nothing else: a name under `keys`.
    key: str = "watcher"
    #: Folder of its journal and of the evidence that it finds; relative to the configuration.
    state: Path = Path("xl2-watcher")
    #: Seconds between two looks.
    poll_seconds: float = 2.0
    #: How far the clocks of two chains may be apart: what is ahead of its origin by more is false.
    margin_seconds: int = 60
    #: Endpoints of each chain that must confirm a contradiction; 0: more than half of them.
    agree: int = 0
    #: Where health and metrics are told; port 0: a free one.
    listen: str = "127.0.0.1:0"
    #: Endpoints by name of chain, better others than the relayer's; where none are named, the chain's own.
    endpoints: Mapping[str, tuple[Secret, ...]] = field(factory=dict)


def complaints(watcher: Watcher, chains: Sequence[str]) -> Complaints:
    """What is wrong with them."""
    here = "watcher"
    if not 0 < watcher.poll_seconds < float("inf"):
        yield (here, "poll_seconds"), f"{watcher.poll_seconds} seconds are no time to wait"
    if watcher.margin_seconds < 0:
        yield (here, "margin_seconds"), f"{watcher.margin_seconds} is below 0: a clock that is right would be wrong"
    if watcher.agree < 0:
        yield (here, "agree"), f"{watcher.agree} endpoints cannot agree; 0 is more than half of them"
    for name, urls in watcher.endpoints.items():
        spot = (here, "endpoints", name)
        if name not in chains:
            yield spot, no_chain(name, chains)
        if not urls:
            yield spot, "there is no endpoint in it: leave it out, and the chain's own are used"
        yield from endpoint_complaints([url.reveal() for url in urls], [(*spot, place) for place in range(len(urls))])

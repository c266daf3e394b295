"""
Lanes: chains in, the lanes that are open between them out.

Promise: a lane is open only if both ends agree: the outbox names the very inbox that the other chain is configured
with. Which of them a relayer carries is left to its configuration.
"""

from collections.abc import Sequence
from itertools import permutations

from xl2.core.lane import Lane
from xl2.core.types import Assurance, checksum
from xl2.errors import ConfigInvalid, NotFound
from xl2.ports import Chain


async def open_lanes(chains: Sequence[Chain]) -> list[Lane]:
    """
    Every open lane between two of the chains, each class its own.

    Raises `ConfigInvalid` where an outbox leads to another inbox than the configured one.
    """
    found = []
    for origin, destination in permutations(chains, 2):
        for assurance in Assurance:
            try:
                lane = await origin.lane_to(destination.chain, assurance)
            except NotFound:
                continue
            if lane.inbox != destination.inbox:
                raise ConfigInvalid(
                    f"the outbox on chain {origin.chain} sends to inbox {checksum(lane.inbox)} on chain "
                    f"{destination.chain}, configured there is {checksum(destination.inbox)}",
                    remedy="Correct `contracts.inbox` or `contracts.outbox` of these chains.",
                )
            found.append(lane)
    return found


def lanes_between(chains: Sequence[Chain]) -> list[Lane]:
    """Every lane that there may be between two of the chains, open or not. Asks nobody."""
    return [
        Lane(
            origin=origin.chain,
            outbox=origin.outbox,
            destination=destination.chain,
            inbox=destination.inbox,
            assurance=assurance,
        )
        for origin, destination in permutations(chains, 2)
        for assurance in Assurance
    ]

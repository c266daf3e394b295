"""
Judging: a relayer's policy, asked with what the chains say now.

Comes in: messages that could be delivered. Goes out: which of them are not carried, and why. Promise: the chains are
asked only for what the policy needs: prices where it wants cost covered, top-ups where a fee is too low; and what a
delivery takes for all is shared by messages that are carried and go together, by no other. What becomes of the declined
is left to `lane`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.types import MessageId, Wei
from xl2.flow.prove import BatchLimits, fitting
from xl2.plan import DELIVERY_GAS, EVIDENCE_BYTES, SETTLEMENT_GAS
from xl2.ports import Chain
from xl2.relayer.policy import Declined, Policy, share

#: Each round declines those that pay only if the ones declined before share with them. In the last one whoever has
#: lost a neighbour yet pays for a delivery of his own, so fees that are chosen to unravel one by one cost few rounds.
_ROUNDS = 4

#: What a message costs that shares a delivery with so many.
Cost = Callable[[Message, int], Wei]


async def declined(
    messages: Sequence[Message], policy: Policy, lane: Lane, origin: Chain, destination: Chain, *, limits: BatchLimits
) -> Mapping[MessageId, Declined]:
    """What a relayer does not carry now. `limits`: of one delivery; `messages`: in the order of their nonces."""
    if not policy.wants_cost(lane.origin, lane.destination):
        return await _refused(messages, policy, origin, dict.fromkeys((one.id for one in messages), Wei(0)), {})
    cost = await _cost(lane, origin, destination)
    found: dict[MessageId, Declined] = {}
    added: dict[MessageId, Wei] = {}
    left, before = list(messages), dict[MessageId, int]()
    for turn in range(1, _ROUNDS + 1):
        sizes = _together(left, limits)
        if turn == _ROUNDS:
            sizes = {one: size if before[one] == size else 1 for one, size in sizes.items()}
        refused = await _refused(left, policy, origin, {one.id: cost(one, sizes[one.id]) for one in left}, added)
        if not refused:
            break
        found |= refused
        left, before = [one for one in left if one.id not in refused], sizes
    return found


async def _cost(lane: Lane, origin: Chain, destination: Chain) -> Cost:
    here, there = await asyncio.gather(origin.rates(), destination.rates())
    # What all share, the receipt proven back included.
    size, overhead = EVIDENCE_BYTES[lane.assurance], DELIVERY_GAS[lane.assurance]
    back = here.cost(SETTLEMENT_GAS[lane.assurance], size) + there.byte_fee * size
    return lambda message, batch: Wei(share(message, there, overhead, batch) + back // batch)


async def _refused(
    messages: Sequence[Message],
    policy: Policy,
    origin: Chain,
    costs: Mapping[MessageId, Wei],
    added: dict[MessageId, Wei],
) -> dict[MessageId, Declined]:
    """Those that the policy declines at these costs. `added`: top-ups as far as they are known; grows."""
    verdicts = {one: policy.judge(one, costs[one.id], added.get(one.id, Wei(0))) for one in messages}
    poor = [
        one
        for one, verdict in verdicts.items()
        if isinstance(verdict, Declined) and verdict.may_change and one.id not in added
    ]
    if poor:
        added.update(zip((one.id for one in poor), await origin.top_ups(poor), strict=True))
        verdicts |= {one: policy.judge(one, costs[one.id], added[one.id]) for one in poor}
    return {one.id: verdict for one, verdict in verdicts.items() if isinstance(verdict, Declined)}


def _together(messages: Sequence[Message], limits: BatchLimits) -> dict[MessageId, int]:
    """How many messages are in the delivery that each would be in."""
    found: dict[MessageId, int] = {}
    place = 0
    while place < len(messages):
        size = fitting(messages[place : place + limits.messages], limits)
        found.update(dict.fromkeys((one.id for one in messages[place : place + size]), size))
        place += size
    return found

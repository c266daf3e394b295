"""
Judging: a relayer's policy, asked with what the chains say now.

Comes in: messages that could be delivered. Goes out: which of them are not carried, and why. Promise: the chains are
asked only for what the policy needs: prices where it wants cost covered, top-ups where a fee is too low. What becomes
of the declined is left to `lane`.
"""

import asyncio
from collections.abc import Mapping, Sequence

from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.types import MessageId, Wei
from xl2.plan import DELIVERY_GAS, EVIDENCE_BYTES, SETTLEMENT_GAS
from xl2.ports import Chain
from xl2.relayer.policy import Declined, Policy, share


async def declined(
    messages: Sequence[Message], policy: Policy, lane: Lane, origin: Chain, destination: Chain, *, message_gas: int
) -> Mapping[MessageId, Declined]:
    """What a relayer does not carry now. `message_gas`: what one message more takes of a delivery."""
    costs = dict.fromkeys((one.id for one in messages), Wei(0))
    if policy.wants_cost(lane.origin, lane.destination):
        here, there = await asyncio.gather(origin.rates(), destination.rates())
        # What all share, the receipt proven back included, is shared by those that could go together.
        size, batch = EVIDENCE_BYTES[lane.assurance], len(messages)
        back = here.cost(SETTLEMENT_GAS[lane.assurance], size) + there.byte_fee * size
        overhead = DELIVERY_GAS[lane.assurance]
        costs = {one.id: Wei(share(one, there, message_gas, overhead, batch) + back // batch) for one in messages}
    found = {one: verdict for one in messages if isinstance(verdict := policy.judge(one, costs[one.id]), Declined)}
    poor = [one for one, verdict in found.items() if verdict.may_change]
    added = await origin.top_ups(poor) if poor else []
    judged = {one.id: policy.judge(one, costs[one.id], amount) for one, amount in zip(poor, added, strict=True)}
    verdicts = {one.id: judged.get(one.id, verdict) for one, verdict in found.items()}
    return {one: verdict for one, verdict in verdicts.items() if isinstance(verdict, Declined)}

"""
Policy: settings of what a relayer carries, and for how much.

Pure. In: the tables `[relayer.policy]` and `[[relayer.policy.lanes]]`. Out: values, and what is wrong with them.
"""

from collections.abc import Collection

from attrs import frozen

from xl2.config.complaint import Complaints
from xl2.core.types import Address

CARRY = ("always", "paid", "never")


@frozen(kw_only=True)
class LanePolicy:
    """Terms of one lane, instead of those for all."""

    origin: str
    destination: str
    carry: str = "paid"
    margin_percent: int = 10
    min_fee_wei: int = 0


@frozen(kw_only=True)
class RelayerPolicy:
    """What is carried. Lists that are empty let everything through."""

    #: `paid`: where the fee, top-ups counted, covers the cost and the margin; `always`, also at a loss; `never`.
    carry: str = "paid"
    margin_percent: int = 10
    lanes: tuple[LanePolicy, ...] = ()
    allow_senders: tuple[Address, ...] = ()
    deny_senders: tuple[Address, ...] = ()
    allow_recipients: tuple[Address, ...] = ()
    deny_recipients: tuple[Address, ...] = ()
    #: Bytes; 0: any.
    max_payload: int = 0


def policy_complaints(policy: RelayerPolicy, chains: Collection[str]) -> Complaints:
    """What is wrong, by path."""
    yield from _terms(("relayer", "policy"), policy.carry, policy.margin_percent)
    if policy.max_payload < 0:
        yield ("relayer", "policy", "max_payload"), f"{policy.max_payload} is no size in bytes"
    for place, lane in enumerate(policy.lanes):
        here = ("relayer", "policy", "lanes", place)
        yield from _terms(here, lane.carry, lane.margin_percent)
        if lane.min_fee_wei < 0:
            yield (*here, "min_fee_wei"), f"{lane.min_fee_wei} is no amount of wei"
        for key, name in (("origin", lane.origin), ("destination", lane.destination)):
            if name not in chains:
                yield (*here, key), f"there is no chain {name!r}"


def _terms(here: tuple[str | int, ...], carry: str, margin: int) -> Complaints:
    if carry not in CARRY:
        yield (*here, "carry"), f"{carry!r} is none of {', '.join(CARRY)}"
    if margin < 0:
        yield (*here, "margin_percent"), f"{margin} is below 0: messages would be carried at a loss"

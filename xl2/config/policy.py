"""
Policy: settings of what a relayer carries, and for how much.

Pure. In: the tables `[relayer.policy]` and `[[relayer.policy.lanes]]`. Out: values, and what is wrong with them.
"""

from collections.abc import Collection

from attrs import frozen

from xl2.config.complaint import Complaints, no_chain
from xl2.core.types import Address

CARRY = ("always", "paid", "never")
#: Seconds that a message may be kept for company.
MOST_WAIT = 86_400
#: Gas that a message of the usual gas limit may take on a lane of the dearest class, alone.
LEAST_LOSS_GAS = 1_500_000


@frozen(kw_only=True)
class LanePolicy:
    """Terms of one lane, instead of those for all."""

    origin: str
    destination: str
    carry: str = "paid"
    margin_percent: int = 10
    min_fee_wei: int = 0
    wait_seconds: float = 60.0
    loss_gas_per_hour: int = 50_000_000


@frozen(kw_only=True)
class RelayerPolicy:
    """What is carried. Lists that are empty let everything through."""

    #: `paid`: where the fee, top-ups counted, covers the cost and the margin; `always`, also at a loss; `never`.
    carry: str = "paid"
    margin_percent: int = 10
    #: Whoever pays for itself, and not for a delivery, is kept for company so long before it is declined for minutes.
    wait_seconds: float = 60.0
    #: Gas that may go within an hour, on each lane, into calls that fail and expiries: neither earns anything.
    loss_gas_per_hour: int = 50_000_000
    lanes: tuple[LanePolicy, ...] = ()
    allow_senders: tuple[Address, ...] = ()
    deny_senders: tuple[Address, ...] = ()
    allow_recipients: tuple[Address, ...] = ()
    deny_recipients: tuple[Address, ...] = ()
    #: Bytes; 0: any.
    max_payload: int = 0


def policy_complaints(policy: RelayerPolicy, chains: Collection[str]) -> Complaints:
    """What is wrong, by path."""
    yield from _terms(("relayer", "policy"), policy)
    if policy.max_payload < 0:
        yield ("relayer", "policy", "max_payload"), f"{policy.max_payload} is no size in bytes"
    for place, lane in enumerate(policy.lanes):
        here = ("relayer", "policy", "lanes", place)
        yield from _terms(here, lane)
        if lane.min_fee_wei < 0:
            yield (*here, "min_fee_wei"), f"{lane.min_fee_wei} is no amount of wei"
        for key, name in (("origin", lane.origin), ("destination", lane.destination)):
            if name not in chains:
                yield (*here, key), no_chain(name, chains)


def _terms(here: tuple[str | int, ...], terms: RelayerPolicy | LanePolicy) -> Complaints:
    if terms.carry not in CARRY:
        yield (*here, "carry"), f"{terms.carry!r} is none of {', '.join(CARRY)}"
    if terms.margin_percent < 0:
        yield (*here, "margin_percent"), f"{terms.margin_percent} is below 0: messages would be carried at a loss"
    # Comparisons with `nan` are false, so this says what is right.
    if not 0 <= terms.wait_seconds <= MOST_WAIT:
        what = (
            f"{terms.wait_seconds} seconds are no time to keep a message for company; 0 is none, {MOST_WAIT} the most"
        )
        yield (*here, "wait_seconds"), what
    if terms.loss_gas_per_hour < LEAST_LOSS_GAS:
        what = (
            f"{terms.loss_gas_per_hour} gas is less than a first message to any recipient may take: nothing would be "
            f"carried; write {LEAST_LOSS_GAS} or more"
        )
        yield (*here, "loss_gas_per_hour"), what

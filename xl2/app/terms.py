"""
Terms: a configuration's words on what a relayer carries become its policy.

Comes in: `[relayer.policy]`. Goes out: a `Policy`. Promise: `min_fee_wei` of the relayer holds for every lane that has
no terms of its own.
"""

from xl2.config import Config
from xl2.core.types import ChainId, Wei
from xl2.relayer.choosing.policy import Carry, Policy, Terms


def policy_of(config: Config) -> Policy:
    """What the configuration's relayer carries."""
    settings = config.relayer.policy
    ids = {name: ChainId(chain.chain_id) for name, chain in config.chains.items()}
    return Policy(
        terms=Terms(
            carry=Carry(settings.carry),
            margin_percent=settings.margin_percent,
            min_fee=Wei(config.relayer.min_fee_wei),
            wait_seconds=settings.wait_seconds,
            loss_gas_per_hour=settings.loss_gas_per_hour,
        ),
        lanes={
            (ids[lane.origin], ids[lane.destination]): Terms(
                carry=Carry(lane.carry),
                margin_percent=lane.margin_percent,
                min_fee=Wei(lane.min_fee_wei),
                wait_seconds=lane.wait_seconds,
                loss_gas_per_hour=lane.loss_gas_per_hour,
            )
            for lane in settings.lanes
        },
        allow_senders=frozenset(settings.allow_senders),
        deny_senders=frozenset(settings.deny_senders),
        allow_recipients=frozenset(settings.allow_recipients),
        deny_recipients=frozenset(settings.deny_recipients),
        max_payload=settings.max_payload or None,
    )

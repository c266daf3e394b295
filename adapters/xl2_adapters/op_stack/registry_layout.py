"""
Registry layout: what `ProvenRegistry` reads by slot and the contracts on L1 tell by call, for `layout` to compare.

Comes in: the pins of a rule. Goes out: facts of the registry, of the factory's list, of its newest game, of the pauses.
"""

from attrs import evolve

from xl2.core.types import Address, checksum
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.layout import Fact
from xl2_adapters.op_stack import registry
from xl2_adapters.op_stack.game_layout import list_facts, newest_game
from xl2_adapters.op_stack.games import RESPECTED
from xl2_adapters.op_stack.registry_proof import (
    REGISTRY_SLOT,
    RESPECTED_SLOT,
    RETIREMENT_SLOT,
    SUPERCHAIN,
    Pins,
    blacklist_slot,
    pause_slot,
)

PAUSED_SINCE = Method("pauseTimestamps(address)", "(uint256)")


async def facts(l1: Evm, pins: Pins) -> list[Fact]:
    """Facts about the contracts that are pinned, and about the newest game if there is one."""
    name = "AnchorStateRegistry"
    retirement = Fact(
        contract=pins.registry,
        name=f"{name}.retirementTimestamp",
        slot=RETIREMENT_SLOT,
        shift=32,
        bits=64,
        getter=registry.RETIREMENT,
    )
    named = Fact(
        contract=pins.portal, name="OptimismPortal2.anchorStateRegistry", slot=REGISTRY_SLOT, getter=registry.REGISTRY
    )
    kind = evolve(retirement, name=f"{name}.respectedGameType", shift=0, bits=32, getter=RESPECTED)
    pauses = [_pause(pins, SUPERCHAIN), _pause(pins, pins.pause_identifier)]
    found = [named, retirement, kind, *pauses, *await list_facts(l1, pins.factory)]
    newest = await newest_game(l1, pins.factory)
    if newest is None:
        return found
    respected = Fact(
        contract=newest,
        name="FaultDisputeGame.wasRespectedGameTypeWhenCreated",
        slot=RESPECTED_SLOT,
        bits=8,
        getter=registry.WAS_RESPECTED,
    )
    black = Fact(
        contract=pins.registry,
        name=f"{name}.disputeGameBlacklist",
        slot=blacklist_slot(newest),
        bits=8,
        getter=registry.BLACKLISTED,
        arguments=(checksum(newest),),
    )
    return [*found, respected, black]


def _pause(pins: Pins, identifier: Address) -> Fact:
    return Fact(
        contract=pins.superchain_config,
        name=f"SuperchainConfig.pauseTimestamps[{checksum(identifier)}]",
        slot=pause_slot(identifier),
        getter=PAUSED_SINCE,
        arguments=(checksum(identifier),),
    )

"""
Game layout: what `ProvenGames` reads by slot and the contracts on L1 tell by call, for `layout` to compare.

Comes in: the pins of a rule. Goes out: facts of the portal, of the factory's list, of its newest game, of the pause.
"""

from attrs import evolve

from xl2.core.types import address, checksum
from xl2_adapters.evm import Evm
from xl2_adapters.layout import Fact
from xl2_adapters.op_stack import games
from xl2_adapters.op_stack.game_proof import GAME, GAME_LIST, RESPECT, Pins, blacklist_slot, listed_slot
from xl2_adapters.op_stack.pause import pause_fact

_LIST = "DisputeGameFactory._disputeGameList"


async def facts(l1: Evm, pins: Pins) -> list[Fact]:
    """Facts about the contracts that are pinned, and about the newest game if there is one."""
    portal, factory = pins.portal, pins.factory
    name = "OptimismPortal2.respectedGameType"
    kind = Fact(contract=portal, name=name, slot=RESPECT, bits=32, getter=games.RESPECTED)
    since = evolve(kind, name=f"{name}UpdatedAt", shift=32, bits=64, getter=games.RESPECTED_SINCE)
    length = Fact(contract=factory, name=f"{_LIST}.length", slot=GAME_LIST, getter=games.GAME_COUNT)
    found = [kind, since, length, pause_fact(pins.superchain_config)]
    (count,) = games.GAME_COUNT.decode(await l1.view(factory, games.GAME_COUNT.encode()), l1.endpoint)
    return [*found, *await _newest(l1, pins, count - 1)] if count else found


async def _newest(l1: Evm, pins: Pins, index: int) -> list[Fact]:
    """Facts about the newest game: its place in the list, what became of it, whether it is blacklisted."""
    view = await l1.view(pins.factory, games.GAME_AT.encode(index))
    newest = address(games.GAME_AT.decode(view, l1.endpoint)[2])
    # Type u32, created u64, game 20, from the highest bit.
    kind = Fact(
        contract=pins.factory,
        name=f"{_LIST}[{index}]",
        slot=listed_slot(index),
        shift=224,
        bits=32,
        getter=games.GAME_AT,
        arguments=(index,),
    )
    listed = [kind, evolve(kind, shift=160, bits=64, value=1), evolve(kind, shift=0, bits=160, value=2)]
    created = Fact(contract=newest, name="FaultDisputeGame.createdAt", slot=GAME, bits=64, getter=games.CREATED_AT)
    resolved = evolve(created, name="FaultDisputeGame.resolvedAt", shift=64, getter=games.RESOLVED_AT)
    status = evolve(created, name="FaultDisputeGame.status", shift=128, bits=8, getter=games.STATUS)
    black = Fact(
        contract=pins.portal,
        name="OptimismPortal2.disputeGameBlacklist",
        slot=blacklist_slot(newest),
        bits=8,
        getter=games.BLACKLISTED,
        arguments=(checksum(newest),),
    )
    return [*listed, created, resolved, status, black]

"""
Game layout: what `ProvenGames` reads by slot and the contracts on L1 tell by call, for `layout` to compare.

Comes in: the pins of a rule. Goes out: facts of the portal, of the factory's list, of its newest game, of the pause.
"""

from attrs import evolve

from xl2.core.types import Address, address, checksum
from xl2_adapters.evm import Evm
from xl2_adapters.layout import Fact
from xl2_adapters.op_stack import game_list, games
from xl2_adapters.op_stack.game_proof import GAME, GAME_LIST, RESPECT, Pins, blacklist_slot, listed_slot
from xl2_adapters.op_stack.pause import pause_fact

_LIST = "DisputeGameFactory._disputeGameList"


async def facts(l1: Evm, pins: Pins) -> list[Fact]:
    """Facts about the contracts that are pinned, and about the newest game if there is one."""
    name = "OptimismPortal2.respectedGameType"
    kind = Fact(contract=pins.portal, name=name, slot=RESPECT, bits=32, getter=games.RESPECTED)
    since = evolve(kind, name=f"{name}UpdatedAt", shift=32, bits=64, getter=games.RESPECTED_SINCE)
    found = [kind, since, pause_fact(pins.superchain_config), *await list_facts(l1, pins.factory)]
    newest = await newest_game(l1, pins.factory)
    if newest is None:
        return found
    black = Fact(
        contract=pins.portal,
        name="OptimismPortal2.disputeGameBlacklist",
        slot=blacklist_slot(newest),
        bits=8,
        getter=games.BLACKLISTED,
        arguments=(checksum(newest),),
    )
    return [*found, black]


async def newest_game(l1: Evm, factory: Address) -> Address | None:
    """The newest game of a factory, None where there is none yet."""
    count = await _count(l1, factory)
    return await _game_at(l1, factory, count - 1) if count else None


async def list_facts(l1: Evm, factory: Address) -> list[Fact]:
    """Facts of a factory's list and of what its newest game has become; the same in both eras of games."""
    length = Fact(contract=factory, name=f"{_LIST}.length", slot=GAME_LIST, getter=game_list.GAME_COUNT)
    # Counted once: a game more may come before the next look.
    count = await _count(l1, factory)
    if not count:
        return [length]
    index = count - 1
    newest = await _game_at(l1, factory, index)
    # Type u32, created u64, game 20, from the highest bit.
    kind = Fact(
        contract=factory,
        name=f"{_LIST}[{index}]",
        slot=listed_slot(index),
        shift=224,
        bits=32,
        getter=game_list.GAME_AT,
        arguments=(index,),
    )
    listed = [kind, evolve(kind, shift=160, bits=64, value=1), evolve(kind, shift=0, bits=160, value=2)]
    created = Fact(contract=newest, name="FaultDisputeGame.createdAt", slot=GAME, bits=64, getter=game_list.CREATED_AT)
    resolved = evolve(created, name="FaultDisputeGame.resolvedAt", shift=64, getter=game_list.RESOLVED_AT)
    status = evolve(created, name="FaultDisputeGame.status", shift=128, bits=8, getter=game_list.STATUS)
    return [length, *listed, created, resolved, status]


async def _count(l1: Evm, factory: Address) -> int:
    answer = await l1.view(factory, game_list.GAME_COUNT.encode())
    return int(game_list.GAME_COUNT.decode(answer, l1.endpoint)[0])


async def _game_at(l1: Evm, factory: Address, index: int) -> Address:
    answer = await l1.view(factory, game_list.GAME_AT.encode(index))
    return address(game_list.GAME_AT.decode(answer, l1.endpoint)[2])

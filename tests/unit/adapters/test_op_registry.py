"""The era of the AnchorStateRegistry: which game is usable, its proof, and what refuses when the slots drift."""

from typing import Any

import pytest
from attrs import evolve

from tests.unit.adapters.memory_node import MemoryNode
from tests.unit.adapters.test_op_outputs import Scene as OutputScene
from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, checksum
from xl2.errors import LayoutDiffers, NotYet, ProofInvalid
from xl2_adapters.header_proof import IMPLEMENTATION
from xl2_adapters.op_stack import eras, game_list, registry, registry_layout, registry_proof
from xl2_adapters.op_stack.game_list import SettledGame
from xl2_adapters.op_stack.game_proof import GAME, GAME_LIST, listed_slot
from xl2_adapters.op_stack.games import RESPECTED
from xl2_adapters.op_stack.pause import PAUSED
from xl2_adapters.op_stack.registry import RegistryGames
from xl2_adapters.op_stack.registry_proof import (
    REGISTRY_SLOT,
    RESPECTED_SLOT,
    RETIREMENT_SLOT,
    SUPERCHAIN,
    Pins,
    ProvenRegistry,
    blacklist_slot,
    pause_slot,
)
from xl2_adapters.op_stack.rule import Game, RegistryTerms, clone_code_hash, why_not_settled_by_registry

NAMES = ("portal", "portal_", "factory", "factory_", "registry", "registry_", "config", "config_", "game", "pause")
PORTAL, PORTAL_CODE, FACTORY, FACTORY_CODE, REGISTRY, REGISTRY_CODE, CONFIG, CONFIG_CODE, CLONE, LOCKBOX = (
    Address(bytes((0x20 + n,)) * 20) for n in range(len(NAMES))
)
RULE, PLAYED, CREATOR, JUDGE = (Address(bytes((n,)) * 20) for n in (0x41, 0x42, 0x43, 0x44))
FINALITY, MATURITY = 300, 700
PINS = Pins(
    portal=PORTAL,
    portal_implementation=PORTAL_CODE,
    factory=FACTORY,
    factory_implementation=FACTORY_CODE,
    registry=REGISTRY,
    registry_implementation=REGISTRY_CODE,
    superchain_config=CONFIG,
    superchain_config_implementation=CONFIG_CODE,
    game_implementation=CLONE,
    pause_identifier=LOCKBOX,
    finality_delay=FINALITY,
    maturity_delay=MATURITY,
)
TERMS = RegistryTerms(retirement=900, finality_delay=FINALITY, maturity_delay=MATURITY, is_paused=False)
CREATED, RESOLVED, KIND = 1_100, 1_500, 3


async def scene(*, is_respected: bool = True) -> tuple[MemoryNode, MemoryNode, Game]:
    """An L1 with one resolved game about block 6 of a rollup, and both nodes."""
    l1, rollup = MemoryNode(900), OutputScene().rollup
    game = Game(
        index=0,
        address=PLAYED,
        kind=KIND,
        created_at=CREATED,
        resolved_at=RESOLVED,
        status=2,
        is_blacklisted=False,
        was_respected=is_respected,
        creator=CREATOR,
        root_claim=await OutputScene().true_root(6),
        l1_head=Hash32(b"\x04" * 32),
        number=BlockNumber(6),
    )
    for proxy, code in ((PORTAL, PORTAL_CODE), (FACTORY, FACTORY_CODE), (REGISTRY, REGISTRY_CODE)):
        l1.put(proxy, IMPLEMENTATION, bytes(code))
    l1.put(CONFIG, IMPLEMENTATION, bytes(CONFIG_CODE))
    l1.put(PORTAL, REGISTRY_SLOT, bytes(REGISTRY))
    l1.put(FACTORY, GAME_LIST, 1)
    l1.put(FACTORY, listed_slot(0), KIND << 224 | CREATED << 160 | int.from_bytes(PLAYED))
    l1.put(REGISTRY, RETIREMENT_SLOT, 900 << 32 | KIND)
    l1.put(PLAYED, GAME, 2 << 128 | RESOLVED << 64 | CREATED)
    # Something of another's stands above the flag.
    l1.put(PLAYED, RESPECTED_SLOT, 0xAB00 | is_respected)
    l1.next.code_hash[PLAYED] = clone_code_hash(CLONE, game)
    l1.tell(PORTAL, game_list.FACTORY, checksum(FACTORY))
    l1.tell(PORTAL, registry.REGISTRY, checksum(REGISTRY))
    l1.tell(PORTAL, game_list.MATURITY_DELAY, MATURITY)
    l1.tell(PORTAL, PAUSED, False)
    l1.tell(REGISTRY, game_list.FINALITY_DELAY, FINALITY)
    l1.tell(REGISTRY, registry.RETIREMENT, 900)
    l1.tell(REGISTRY, RESPECTED, KIND)
    l1.tell(REGISTRY, registry.BLACKLISTED, False, given=(checksum(PLAYED),))
    l1.tell(FACTORY, game_list.GAME_COUNT, 1)
    l1.tell(FACTORY, game_list.GAME_AT, KIND, CREATED, checksum(PLAYED), given=(0,))
    for identifier in (SUPERCHAIN, LOCKBOX):
        l1.tell(CONFIG, registry_layout.PAUSED_SINCE, 0, given=(checksum(identifier),))
    for method, value in (
        (game_list.STATUS, 2),
        (game_list.RESOLVED_AT, RESOLVED),
        (game_list.CREATED_AT, CREATED),
        (game_list.CREATOR, checksum(CREATOR)),
        (game_list.ROOT_CLAIM, game.root_claim),
        (game_list.L1_HEAD, game.l1_head),
        (game_list.L2_BLOCK, 6),
        (registry.WAS_RESPECTED, is_respected),
    ):
        l1.tell(PLAYED, method, value)
    for method, pin in zip(registry_proof.PINS, (getattr(PINS, name) for name in Pins.__annotations__), strict=True):
        rollup.tell(RULE, method, checksum(Address(pin)) if isinstance(pin, bytes) else pin)
    rollup.mine(2_000)
    return l1, rollup, game


async def newest(l1: MemoryNode, rollup: MemoryNode) -> SettledGame:
    roots = ProvenRegistry(games=RegistryGames(l1=l1, rollup=rollup, portal=PORTAL), pins=PINS)
    return await roots.newest_settled(await l1.head(Finality.LATEST), BlockNumber(9))


async def proven(l1: MemoryNode, rollup: MemoryNode, root: SettledGame) -> bytes:
    tip = await l1.head(Finality.LATEST)
    roots = ProvenRegistry(games=RegistryGames(l1=l1, rollup=rollup, portal=PORTAL), pins=PINS)
    return await roots.rule_proof(root, Header.of_block(await l1.raw_block(tip.number)))


@pytest.mark.parametrize(
    ("odd", "terms", "reason"),
    [
        ({"was_respected": False}, {}, "not the respected one when it was created"),
        ({"created_at": 900}, {}, "retired with all until 900"),
        ({"status": 1}, {}, "status is 1"),
        ({"is_blacklisted": True}, {}, "blacklisted"),
        ({}, {"is_paused": True}, "paused"),
        ({}, {"finality_delay": 301}, "it settles after 1801, l1 is at 1801"),
        ({}, {"maturity_delay": 701}, "it settles after 1802, l1 is at 1801"),
    ],
)
async def test_each_refusal_has_its_reason(odd: dict[str, Any], terms: dict[str, Any], reason: str) -> None:
    _, _, game = await scene()

    assert why_not_settled_by_registry(game, TERMS, Timestamp(1_801)) == "it settles after 1801, l1 is at 1801"
    assert why_not_settled_by_registry(game, TERMS, Timestamp(1_802)) is None
    refused = why_not_settled_by_registry(evolve(game, **odd), evolve(TERMS, **terms), Timestamp(1_801))
    assert reason in (refused or "")


async def test_a_type_that_is_respected_no_more_still_counts_for_older_games() -> None:
    l1, rollup, _ = await scene()
    l1.tell(REGISTRY, RESPECTED, KIND + 1)
    l1.put(REGISTRY, RETIREMENT_SLOT, 900 << 32 | KIND + 1)
    l1.mine(1_900)

    found = await newest(l1, rollup)
    assert (found.name, found.number) == ("game 0", 6)
    assert (await proven(l1, rollup, found)).startswith(bytes(8) + (6).to_bytes(8) + CREATOR)


async def test_a_game_that_was_not_respected_when_it_was_created_is_not_usable() -> None:
    l1, rollup, _ = await scene(is_respected=False)
    l1.mine(1_900)

    with pytest.raises(NotYet, match="not the respected one"):
        await newest(l1, rollup)


async def test_the_flag_is_taken_from_the_proof_not_from_the_call() -> None:
    l1, rollup, _ = await scene()
    l1.put(PLAYED, RESPECTED_SLOT, 0xAB00)
    l1.mine(1_900)
    found = await newest(l1, rollup)

    with pytest.raises(NotYet, match="not the respected one"):
        await proven(l1, rollup, found)


@pytest.mark.parametrize(
    ("account", "slot"),
    [(REGISTRY, blacklist_slot(PLAYED)), (CONFIG, pause_slot(SUPERCHAIN)), (CONFIG, pause_slot(LOCKBOX))],
)
async def test_neither_a_blacklisting_nor_a_pause_is_proven_away(account: Address, slot: Hash32) -> None:
    l1, rollup, _ = await scene()
    l1.put(account, slot, 1)
    l1.mine(1_900)
    found = await newest(l1, rollup)

    with pytest.raises(ProofInvalid, match="is in the trie"):
        await proven(l1, rollup, found)


async def test_a_portal_that_was_migrated_settles_nothing_more_by_the_old_registry() -> None:
    l1, rollup, _ = await scene()
    l1.put(PORTAL, REGISTRY_SLOT, bytes(FACTORY))
    l1.mine(1_900)
    found = await newest(l1, rollup)

    with pytest.raises(ProofInvalid, match="goes by registry"):
        await proven(l1, rollup, found)


async def test_a_game_with_other_code_than_the_factorys_is_no_game() -> None:
    l1, rollup, _ = await scene()
    l1.next.code_hash[PLAYED] = Hash32(b"\x77" * 32)
    l1.mine(1_900)
    found = await newest(l1, rollup)

    with pytest.raises(ProofInvalid, match="not the one it must"):
        await proven(l1, rollup, found)


async def test_the_era_is_what_the_rule_says() -> None:
    l1, rollup, _ = await scene()
    l1.mine(1_900)

    found = await eras.provable_roots(l1=l1, rollup=rollup, reader=rollup, rule=RULE)

    assert isinstance(found, ProvenRegistry)
    assert found.pins == PINS


async def test_the_era_of_a_rollups_contract_is_its_portals() -> None:
    l1, rollup, _ = await scene()
    l1.tell(JUDGE, eras.PORTAL, checksum(PORTAL))
    l1.mine(1_900)

    found = await eras.claimed_roots(l1=l1, rollup=rollup, judge=JUDGE)

    assert isinstance(found, RegistryGames)
    root = await found.newest_settled(await l1.head(Finality.LATEST), BlockNumber(9))
    assert found.claim(root) == bytes(8) + root.output.encode()


@pytest.mark.parametrize(
    ("account", "slot"),
    [
        (REGISTRY, RETIREMENT_SLOT),
        (REGISTRY, blacklist_slot(PLAYED)),
        (FACTORY, GAME_LIST),
        (FACTORY, listed_slot(0)),
        (PLAYED, GAME),
        (PLAYED, RESPECTED_SLOT),
        (CONFIG, pause_slot(LOCKBOX)),
        (CONFIG, pause_slot(SUPERCHAIN)),
    ],
)
async def test_a_slot_that_drifted_refuses_at_connect_time(account: Address, slot: Hash32) -> None:
    l1, rollup, _ = await scene()
    l1.put(account, slot, 0x1234 << 160 | 0x77)
    l1.mine(1_900)

    with pytest.raises(LayoutDiffers):
        await eras.provable_roots(l1=l1, rollup=rollup, reader=rollup, rule=RULE)

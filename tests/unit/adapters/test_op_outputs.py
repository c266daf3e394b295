"""The era of the output oracle: which output is usable, what refuses it, and which contract says that it is the era."""

import json
from pathlib import Path

import pytest

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, checksum
from xl2.errors import ConfigInvalid, LayoutDiffers, NotYet, ProofInvalid
from xl2_adapters.header_proof import IMPLEMENTATION
from xl2_adapters.op_stack import eras, game_proof, output_proof, outputs
from xl2_adapters.op_stack.game_list import FACTORY
from xl2_adapters.op_stack.games import Games
from xl2_adapters.op_stack.output_proof import (
    ORACLE_SLOT,
    OUTPUT_LIST,
    PERIOD_SLOT,
    Pins,
    ProvenOutputs,
    output_slot,
)
from xl2_adapters.op_stack.output_root import MESSAGE_PASSER, OutputRoot
from xl2_adapters.op_stack.outputs import Outputs, SettledOutput
from xl2_adapters.op_stack.pause import PAUSED, PAUSED_SLOT

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "proofs" / "outputs.json").read_text())
GOOD = [one for one in VECTORS if not one["error"]]
ORACLE, CODE, CONFIG, CONFIG_CODE = (Address(bytes((n,)) * 20) for n in (1, 2, 3, 4))
RULE, JUDGE, PORTAL, LEGACY, LEGACY_CODE = (Address(bytes((n,)) * 20) for n in (5, 6, 7, 8, 9))
PERIOD = 100
PINS = Pins(
    oracle=ORACLE,
    oracle_implementation=CODE,
    superchain_config=CONFIG,
    superchain_config_implementation=CONFIG_CODE,
    portal=LEGACY,
    portal_implementation=LEGACY_CODE,
)


class Scene:
    """An L1 with an oracle, and the rollup that it speaks of, of ten blocks."""

    def __init__(self) -> None:
        self.l1, self.rollup = MemoryNode(900), MemoryNode(901)
        for number in range(1, 10):
            self.rollup.put(MESSAGE_PASSER, Hash32(number.to_bytes(32)), number)
            self.rollup.mine(1_000 + number)
        self.l1.put(ORACLE, IMPLEMENTATION, bytes(CODE))
        self.l1.put(ORACLE, PERIOD_SLOT, PERIOD)
        self.l1.put(CONFIG, IMPLEMENTATION, bytes(CONFIG_CODE))
        self.l1.put(LEGACY, IMPLEMENTATION, bytes(LEGACY_CODE))
        self.l1.put(LEGACY, ORACLE_SLOT, bytes(ORACLE))
        self.l1.tell(LEGACY, outputs.ORACLE, checksum(ORACLE))
        self.l1.tell(ORACLE, outputs.PERIOD, PERIOD)
        self.l1.tell(CONFIG, PAUSED, False)
        self.count = 0

    async def true_root(self, number: int) -> Hash32:
        header = Header.of_block(await self.rollup.raw_block(BlockNumber(number)))
        proof = await self.rollup.proof(MESSAGE_PASSER, [], BlockNumber(number))
        root = OutputRoot(state_root=header.state_root, storage_root=proof.storage_root, block_hash=header.hash)
        return root.hash

    def propose(self, root: Hash32, number: int, at: int) -> None:
        index, self.count = self.count, self.count + 1
        self.l1.put(ORACLE, OUTPUT_LIST, self.count)
        self.l1.put(ORACLE, output_slot(index), bytes(root))
        self.l1.put(ORACLE, output_slot(index, 1), number << 128 | at)
        self.l1.tell(ORACLE, outputs.NEXT_INDEX, self.count)
        self.l1.tell(ORACLE, outputs.OUTPUT_AT, root, at, number, given=(index,))

    def delete_last(self) -> None:
        """As the challenger does: what was deleted stays in storage."""
        self.count -= 1
        self.l1.put(ORACLE, OUTPUT_LIST, self.count)
        self.l1.tell(ORACLE, outputs.NEXT_INDEX, self.count)

    @property
    def roots(self) -> ProvenOutputs:
        return ProvenOutputs(outputs=Outputs(l1=self.l1, rollup=self.rollup, oracle=ORACLE, pause=CONFIG), pins=PINS)

    async def newest(self, upto: int = 9) -> SettledOutput:
        return await self.roots.newest_settled(await self.l1.head(Finality.LATEST), BlockNumber(upto))

    async def proven(self) -> bytes:
        tip = await self.l1.head(Finality.LATEST)
        return await self.roots.rule_proof(await self.newest(), Header.of_block(await self.l1.raw_block(tip.number)))


@pytest.fixture
async def scene() -> Scene:
    """Output 0 is about block 3, output 1 about block 6."""
    made = Scene()
    made.propose(await made.true_root(3), 3, 1_100)
    made.propose(await made.true_root(6), 6, 1_200)
    return made


async def test_the_newest_output_whose_period_is_over_is_taken(scene: Scene) -> None:
    scene.l1.mine(1_300)
    assert (await scene.newest()).name == "output 0"

    scene.l1.mine(1_301)
    found = await scene.newest()
    assert (found.name, found.number) == ("output 1", 6)
    assert found.state_root == Header.of_block(await scene.rollup.raw_block(BlockNumber(6))).state_root
    assert (await scene.newest(upto=5)).name == "output 0"


async def test_what_is_not_usable_has_its_reason(scene: Scene) -> None:
    scene.l1.mine(1_200)
    with pytest.raises(NotYet, match="output 1 is not settled at l1 block 1: it settles after 1300, l1 is at 1200"):
        await scene.newest()
    scene.l1.tell(CONFIG, PAUSED, True)
    scene.l1.mine(1_400)
    with pytest.raises(NotYet, match="withdrawals are paused"):
        await scene.newest()


async def test_an_output_that_was_deleted_is_not_found(scene: Scene) -> None:
    scene.delete_last()
    scene.l1.mine(1_400)

    assert (await scene.newest()).name == "output 0"


async def test_a_claim_that_our_node_does_not_confirm_is_passed_over(scene: Scene) -> None:
    scene.propose(Hash32(b"\x66" * 32), 8, 1_250)
    scene.l1.mine(1_400)
    assert (await scene.newest()).name == "output 1"

    with pytest.raises(NotYet, match="known is the rollup up to 2"):
        await scene.newest(upto=2)


async def test_a_claim_is_packed_as_the_contract_reads_it(scene: Scene) -> None:
    scene.l1.mine(1_400)
    found = await scene.newest()

    claim = scene.roots.outputs.claim(found)
    assert claim == (1).to_bytes(8) + found.output.state_root + found.output.storage_root + found.output.block_hash


async def test_the_proof_is_refused_where_l1_holds_something_else(scene: Scene) -> None:
    scene.l1.mine(1_400)
    honest = await scene.proven()
    assert honest[:8] == (1).to_bytes(8)

    scene.l1.put(ORACLE, output_slot(1, 1), 7 << 128 | 1_200)
    scene.l1.mine(1_401)
    with pytest.raises(ProofInvalid, match="proves other facts of output 1"):
        await scene.proven()
    scene.l1.put(ORACLE, output_slot(1, 1), 6 << 128 | 1_200)
    scene.l1.put(ORACLE, OUTPUT_LIST, 1)
    scene.l1.mine(1_402)
    with pytest.raises(ProofInvalid, match="output 1 of 1"):
        await scene.proven()


async def test_an_upgrade_on_l1_silences_the_verifier(scene: Scene) -> None:
    scene.l1.put(ORACLE, IMPLEMENTATION, b"\x99" * 20)
    scene.l1.mine(1_400)

    with pytest.raises(ProofInvalid, match="the verifier is made for"):
        await scene.proven()


async def test_a_pause_in_the_slot_is_not_proven_away(scene: Scene) -> None:
    scene.l1.put(CONFIG, PAUSED_SLOT, 1)
    scene.l1.mine(1_400)

    with pytest.raises(ProofInvalid):
        await scene.proven()


@pytest.mark.parametrize(("slot", "why"), [(ORACLE_SLOT, "goes by oracle"), (IMPLEMENTATION, "runs")])
async def test_an_oracle_that_the_portal_has_left_settles_nothing_more(scene: Scene, slot: Hash32, why: str) -> None:
    scene.l1.put(LEGACY, slot, bytes(CONFIG))
    scene.l1.mine(1_400)

    with pytest.raises(ProofInvalid, match=why):
        await scene.proven()


def named(scene: Scene) -> None:
    """Let a rule on the rollup, and a rollup's contract on L1, name what they were made for."""
    for method, value in zip(output_proof.PINS, (ORACLE, CODE, CONFIG, CONFIG_CODE, LEGACY, LEGACY_CODE), strict=True):
        scene.rollup.tell(RULE, method, checksum(value))
    scene.rollup.mine(2_000)
    scene.l1.tell(JUDGE, eras.PORTAL, checksum(PORTAL))


async def test_the_era_is_what_the_rule_says(scene: Scene) -> None:
    named(scene)
    scene.l1.mine(1_400)
    l1, rollup = scene.l1, scene.rollup

    found = await eras.provable_roots(l1=l1, rollup=rollup, reader=rollup, rule=RULE)
    assert isinstance(found, ProvenOutputs)
    assert found.pins == PINS
    with pytest.raises(ConfigInvalid, match="not a rule of an era"):
        await eras.provable_roots(l1=l1, rollup=rollup, reader=rollup, rule=JUDGE)


async def test_the_era_of_a_rollups_contract_is_its_portals(scene: Scene) -> None:
    named(scene)
    scene.l1.mine(1_400)
    with pytest.raises(ConfigInvalid, match="not a portal of an era"):
        await eras.claimed_roots(l1=scene.l1, rollup=scene.rollup, judge=JUDGE)

    scene.l1.tell(PORTAL, FACTORY, checksum(ORACLE))
    scene.l1.mine(1_401)
    games = await eras.claimed_roots(l1=scene.l1, rollup=scene.rollup, judge=JUDGE)
    scene.l1.tell(PORTAL, outputs.ORACLE, checksum(ORACLE))
    scene.l1.mine(1_402)
    found = await eras.claimed_roots(l1=scene.l1, rollup=scene.rollup, judge=JUDGE)

    assert isinstance(games, Games)
    assert isinstance(found, Outputs)
    assert (found.oracle, found.pause) == (ORACLE, PORTAL)


@pytest.mark.parametrize(
    ("slot", "name"),
    [
        (OUTPUT_LIST, "l2Outputs.length"),
        (PERIOD_SLOT, "finalizationPeriodSeconds"),
        (output_slot(1), r"l2Outputs\[1\]"),
        (output_slot(1, 1), r"l2Outputs\[1\]"),
    ],
)
async def test_a_slot_that_drifted_refuses_at_connect_time(scene: Scene, slot: Hash32, name: str) -> None:
    named(scene)
    scene.l1.put(ORACLE, slot, 0x1234)
    scene.l1.mine(1_400)

    with pytest.raises(LayoutDiffers, match=name) as refused:
        await eras.provable_roots(l1=scene.l1, rollup=scene.rollup, reader=scene.rollup, rule=RULE)
    assert refused.value.told != refused.value.proven


def test_pins_are_asked_for_by_the_names_of_the_contracts() -> None:
    assert [one.name for one in output_proof.PINS] == [
        "oracle",
        "oracleImplementation",
        "superchainConfig",
        "superchainConfigImplementation",
        "portal",
        "portalImplementation",
    ]
    assert game_proof.PINS[0].name == "portal"

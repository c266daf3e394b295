"""Slots that drift between releases: a proof is compared with a call, and a mismatch refuses with both values."""

from typing import Any

import pytest
from attrs import evolve

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import LayoutDiffers, ProofInvalid, Refused
from xl2_adapters.abi import Method
from xl2_adapters.evm import Proof
from xl2_adapters.layout import Fact, check_layout
from xl2_adapters.op_stack.game_layout import list_facts
from xl2_adapters.op_stack.game_list import GAME_COUNT

PORTAL = Address(b"\x0a" * 20)
SLOT = Hash32((59).to_bytes(32))
KIND = Method("respectedGameType()", "(uint32)")
SINCE = Method("respectedGameTypeUpdatedAt()", "(uint64)")
OWNER = Method("owner()", "(address)")
LISTED = Method("gameAtIndex(uint256)", "(uint32,uint64,address)")


def node(word: int = 0) -> MemoryNode:
    l1 = MemoryNode()
    l1.put(PORTAL, SLOT, word)
    l1.tell(PORTAL, KIND, 7)
    l1.tell(PORTAL, SINCE, 900)
    l1.mine(1_100)
    return l1


def fact(getter: Method = KIND, **fields: Any) -> Fact:
    return evolve(Fact(contract=PORTAL, name="Portal.respect", slot=SLOT, bits=32, getter=getter), **fields)


async def test_words_that_say_what_the_getters_say_are_agreed_on() -> None:
    await check_layout(node(900 << 32 | 7), [fact(), fact(SINCE, shift=32, bits=64)])


@pytest.mark.parametrize("word", [0, 8, 900 << 32, 7 << 32])
async def test_a_mismatch_refuses_with_the_slot_both_values_and_a_remedy(word: int) -> None:
    with pytest.raises(LayoutDiffers, match=r"slot 0x0+3b proves .* respectedGameType\(\) says 0x7") as refused:
        await check_layout(node(word), [fact()])

    assert isinstance(refused.value, Refused)
    assert (refused.value.contract, refused.value.slot) == (checksum(PORTAL), hex_text(SLOT))
    assert (refused.value.proven, refused.value.told) == (word & 0xFFFFFFFF, 7)
    assert "update xl2" in refused.value.remedy


async def test_a_zero_is_proven_by_its_absence() -> None:
    l1 = node()
    l1.put(PORTAL, Hash32((60).to_bytes(32)), 5)
    l1.tell(PORTAL, KIND, 0)
    l1.mine(1_200)

    await check_layout(l1, [fact()])


async def test_addresses_and_members_of_tuples_are_compared() -> None:
    l1, game = node(), Address(b"\x0b" * 20)
    l1.put(PORTAL, SLOT, 3 << 224 | 1_234 << 160 | int.from_bytes(game))
    l1.tell(PORTAL, LISTED, 3, 1_234, checksum(game), given=(4,))
    l1.mine(1_200)
    listed = fact(LISTED, arguments=(4,), shift=224)

    await check_layout(
        l1, [listed, evolve(listed, shift=160, bits=64, value=1), evolve(listed, shift=0, bits=160, value=2)]
    )
    with pytest.raises(LayoutDiffers):
        await check_layout(l1, [evolve(listed, value=1)])


async def test_a_proof_that_does_not_hold_agrees_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    l1 = node(900 << 32 | 7)
    honest = l1.proof

    async def lying(account: Address, slots: list[Hash32], at: BlockNumber) -> Proof:
        found = await honest(account, slots, at)
        return evolve(found, storage=tuple((nodes[0][:-1] + b"\x08",) for nodes in found.storage))

    monkeypatch.setattr(l1, "proof", lying)
    with pytest.raises(ProofInvalid) as refused:
        await check_layout(l1, [fact()])
    assert not isinstance(refused.value, LayoutDiffers)


async def test_a_game_that_comes_between_two_looks_is_no_fact_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    l1, looked = node(), MemoryNode.view
    l1.tell(PORTAL, GAME_COUNT, 0)
    l1.mine(1_200)

    async def view(self: MemoryNode, *asked: Any) -> bytes:
        answer = await looked(self, *asked)
        self.tell(PORTAL, GAME_COUNT, 1)
        self.mine(1_300)
        return answer

    monkeypatch.setattr(MemoryNode, "view", view)

    facts = await list_facts(l1, PORTAL)

    assert [one.name for one in facts] == ["DisputeGameFactory._disputeGameList.length"]

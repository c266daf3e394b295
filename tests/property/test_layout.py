"""A fact in a slot and the same fact by a getter agree just when their bits do, wherever in the word they stand."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, Hash32
from xl2.errors import LayoutDiffers
from xl2_adapters.abi import Method
from xl2_adapters.layout import Fact, check_layout

CONTRACT = Address(b"\x0c" * 20)
GETTER = Method("value()", "(uint256)")
WORDS = st.one_of(st.just(0), st.integers(0, (1 << 256) - 1), st.integers(0, 1 << 64))


@given(word=WORDS, told=WORDS, slot=st.integers(0, 1 << 255), shift=st.integers(0, 255), bits=st.integers(1, 256))
@settings(max_examples=150)
def test_a_slot_and_its_getter_agree_just_when_their_bits_do(
    word: int, told: int, slot: int, shift: int, bits: int
) -> None:
    there = word >> shift & (1 << bits) - 1
    node = MemoryNode()
    place = Hash32(slot.to_bytes(32))
    node.put(CONTRACT, place, word)
    # Others' words, so that the trie is one.
    node.put(CONTRACT, Hash32((slot + 1).to_bytes(32)), 7)
    fact = Fact(contract=CONTRACT, name="value", slot=place, shift=shift, bits=bits, getter=GETTER)

    for said in (told, there):
        node.tell(CONTRACT, GETTER, said)
        node.mine(2_000)
        if said == there:
            asyncio.run(check_layout(node, [fact]))
            continue
        with pytest.raises(LayoutDiffers) as refused:
            asyncio.run(check_layout(node, [fact]))
        assert (refused.value.proven, refused.value.told) == (there, said)

"""The notes of a journey are read back as they were written, and nothing else is read as one."""

from hypothesis import given
from hypothesis import strategies as st

from xl2.core.onward import Onward, comes_from, first_of, in_words, note_in, onward_in
from xl2.core.types import Address, ChainId, Hash32

RECIPIENT, TOKEN = Address(b"\x01" * 20), Address(b"\x02" * 20)


def test_where_it_goes_on_is_read_back() -> None:
    for token in (None, TOKEN):
        onward = Onward(destination=ChainId(42_161), recipient=RECIPIENT, token=token)

        assert onward_in(onward.encode()) == onward


def test_where_it_comes_from_is_read_back() -> None:
    first = Hash32(b"\x07" * 32)

    assert first_of(comes_from(first)) == first
    assert onward_in(comes_from(first)) is None


@given(st.binary(max_size=80))
def test_other_bytes_are_no_note(data: bytes) -> None:
    assert onward_in(data) is None
    assert first_of(data) is None


@given(st.binary(min_size=1, max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_words_give_back_the_note_that_they_hold(note: bytes, before: str, after: str) -> None:
    assert note_in(f"{before}{in_words(note)}{after}") == note or "[note 0x" in before


def test_words_without_a_note_hold_none() -> None:
    assert note_in("withdraw 5 wei [note 0xzz] [note 0x1]") == b""

"""A message of a log is linked to the head that closes its page, and to the log's own; heads are kept one by one."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import lane, messages
from xl2.core.lane import PAGE_SIZE, closing_page, extend, index_in_page, page_of, page_start
from xl2.core.message import Message
from xl2.core.receipt import Delivered
from xl2.core.segment import Segment
from xl2.core.types import Hash32, Nonce, Wei

#: Two pages and a part of a third.
COUNT = 2 * PAGE_SIZE + 40


@cache
def log() -> tuple[tuple[Message, ...], tuple[Hash32, ...]]:
    """Messages of a lane, and the head after each, kept as the outbox would see them pass."""
    sent = messages(COUNT)
    heads = [lane().log]
    for message in sent:
        heads.append(extend(heads[-1], message.id))
    return sent, tuple(heads)


def pages() -> dict[int, Hash32]:
    """Page heads as the outbox stores them: one whenever the count is a multiple of 256."""
    _, heads = log()
    return {count // PAGE_SIZE: heads[count] for count in range(1, COUNT + 1) if count % PAGE_SIZE == 0}


@given(st.data())
def test_a_segment_leads_to_the_head_that_closes_its_page_or_to_the_tip(data: st.DataObject) -> None:
    sent, heads = log()
    first = data.draw(st.integers(0, COUNT - 1))
    last = data.draw(st.integers(first, min(first + 5, COUNT - 1)))
    end = min(page_start(closing_page(last)), COUNT)

    segment = Segment(
        lane=lane(),
        first=Nonce(first),
        start=heads[first],
        messages=sent[first : last + 1],
        suffix=tuple(message.id for message in sent[last + 1 : end]),
    )

    assert len(segment.suffix) < PAGE_SIZE
    assert segment.end == end
    assert segment.head == pages().get(closing_page(last), heads[-1])


@given(st.integers(0, 2**40 - 1))
def test_a_place_is_its_page_and_its_index(place: int) -> None:
    assert page_start(page_of(place)) + index_in_page(place) == place
    assert 0 <= index_in_page(place) < PAGE_SIZE
    assert page_start(closing_page(place) - 1) <= place < page_start(closing_page(place))


@given(st.sets(st.integers(0, COUNT - 1), min_size=1))
def test_receipts_page_by_page_name_the_delivered_nonces_and_no_other(delivered: set[int]) -> None:
    touched = sorted({page_of(nonce) for nonce in delivered})
    receipts = [
        Delivered.of([Nonce(n) for n in delivered if page_of(n) == page], payee=lane().inbox, fees=Wei(0))
        for page in touched
    ]

    assert [nonce for receipt in receipts for nonce in receipt.nonces] == sorted(delivered)
    assert [receipt.page for receipt in receipts] == touched

"""A block that runs in a thread of its own raises what it would raise here, and has ended when the block has."""

import contextlib
import threading
from collections.abc import AsyncIterator

import pytest

from xl2_devnet.own_thread import in_own_thread


class Broken(Exception):
    """What a block raises."""


@contextlib.asynccontextmanager
async def block(seen: list[str], *, fails_at: str = "") -> AsyncIterator[threading.Thread]:
    if fails_at == "start":
        raise Broken
    seen.append("entered")
    yield threading.current_thread()
    seen.append("left")
    if fails_at == "end":
        raise Broken


def test_a_block_is_entered_and_left_in_one_thread_that_is_not_ours() -> None:
    seen: list[str] = []

    with in_own_thread(lambda: block(seen), name="a block") as thread:
        during = list(seen)

    assert (during, seen) == (["entered"], ["entered", "left"])
    assert thread.name == "a block"
    assert not thread.is_alive()


@pytest.mark.parametrize("when", ["start", "end"])
def test_what_the_block_raises_is_raised_here(when: str) -> None:
    with pytest.raises(Broken), in_own_thread(lambda: block([], fails_at=when), name="a block"):
        pass


def test_what_is_raised_within_is_raised_when_the_block_has_been_left() -> None:
    seen: list[str] = []

    with pytest.raises(Broken), in_own_thread(lambda: block(seen, fails_at="end"), name="a block"):
        raise Broken

    assert seen == ["entered", "left"]

"""What a person sees of a deposit, a withdrawal or a journey."""

from io import StringIO

import pytest
from attrs import evolve
from rich.console import Console

from xl2.cli.crossing import drawn
from xl2.core.onward import Onward
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, checksum
from xl2.ports import Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place
from xl2.sdk import Journey

RECIPIENT = Address(b"\x42" * 20)
PLACE = Place(block=BlockNumber(7), block_hash=Hash32(bytes(32)), tx_hash=Hash32(b"\x0a" * 32), log_index=0)
PROVEN = Crossing(
    direction=Direction.WITHDRAWAL,
    rollup=ChainId(901),
    anchor=ChainId(900),
    index=0,
    sent=PLACE,
    key=Hash32(b"\x0b" * 32),
    sender=RECIPIENT,
    cargo=Cargo(recipient=RECIPIENT, amount=5),
    state=CrossingState.PROVEN,
    steps=(
        CrossingStep(state=CrossingState.SENT, chain=ChainId(901), at=Timestamp(0), place=PLACE),
        CrossingStep(state=CrossingState.PROVEN, chain=ChainId(900), at=Timestamp(60), detail="against game 3"),
    ),
    waits_for="the end of game 3",
    wait_seconds=180_061,
    arrival_seconds=604_800,
)


def shown(journey: Journey) -> str:
    written = StringIO()
    Console(width=400, file=written).print(drawn(journey))
    return written.getvalue()


def test_it_says_what_is_waited_for_and_how_long_and_what_to_do_next() -> None:
    text = shown(Journey(first=PROVEN, arrival_seconds=604_800))

    for words in (
        f"withdrawal of 5 wei (0.000000000000000005 ether) for {checksum(RECIPIENT)} from chain 901 to 900 is proven",
        "against game 3",
        "the end of game 3",
        "2 d 2 h 1 min, at the earliest",
        "7 d, at the earliest",
        "xl2 claim 0x0a0a",
    ):
        assert words in text


@pytest.mark.parametrize(("seconds", "words"), [(None, "nobody can tell"), (0, "0 s"), (59, "59 s"), (3_600, "1 h,")])
def test_times_are_said_as_they_are_known(seconds: int | None, words: str) -> None:
    assert words in shown(Journey(first=PROVEN, arrival_seconds=seconds))


@pytest.mark.parametrize(
    ("wei", "words"),
    [
        (5, "of 5 wei (0.000000000000000005 ether)"),
        (25 * 10**16, "of 250000000000000000 wei (0.25 ether)"),
        (10**18 + 1, "of 1000000000000000001 wei (1.000000000000000001 ether)"),
    ],
)
def test_amounts_are_exact(wei: int, words: str) -> None:
    assert words in shown(Journey(first=evolve(PROVEN, cargo=Cargo(recipient=RECIPIENT, amount=wei))))


def test_a_move_and_its_end_are_said() -> None:
    failed = evolve(PROVEN, state=CrossingState.FAILED, moves=(Move.REDEEM, Move.CANCEL), until=Timestamp(86_400))

    text = shown(Journey(first=failed))

    assert "redeem, cancel" in text
    assert "1970-01-02 00:00:00 UTC" in text


def test_where_a_journey_goes_on_is_said() -> None:
    onward = Onward(destination=ChainId(902), recipient=RECIPIENT)

    assert f"{checksum(RECIPIENT)} on chain 902" in shown(Journey(first=PROVEN, onward=onward))


def test_what_is_over_says_where_the_value_is() -> None:
    lost = CrossingStep(state=CrossingState.IMPOSSIBLE, chain=ChainId(900), detail="the ether stays with the portal")
    over = evolve(PROVEN, state=CrossingState.IMPOSSIBLE, steps=(*PROVEN.steps, lost))

    text = shown(Journey(first=over))

    assert "the ether stays with the portal" in text
    assert "xl2 claim" not in text

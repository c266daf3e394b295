"""What is long (hashes, accounts) is never broken in the middle, eighty columns hold it, and an expiry is a moment."""

import io

import pytest
from rich.console import Console, RenderableType

from xl2.app.doctor import Diagnosis
from xl2.cli.doctor import drawn
from xl2.cli.screen import entries, expiry
from xl2.operator.values import Check

HASH = "0x" + "ab" * 32
ACCOUNT = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def shown(drawing: RenderableType, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, soft_wrap=True)
    console.print(drawing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_what_the_doctor_found_keeps_accounts_whole_and_says_what_to_do_beneath() -> None:
    found = Diagnosis(
        checks=(
            Check(what="relayer: balance on op-a", ok=True, said=f"{ACCOUNT} has {10**22} wei"),
            Check(what="op-a: endpoint", ok=False, said="it cannot be reached", remedy="See that it is up."),
        )
    )

    lines = shown(drawn(found))

    assert max(map(len, lines)) <= 80
    assert any(ACCOUNT in line for line in lines)
    assert lines[-2].split() == ["ILL", "op-a:", "endpoint", "it", "cannot", "be", "reached"]
    assert lines[-1].strip() == "See that it is up."


def test_hashes_and_sentences_stand_beneath_their_row_whole_and_without_blanks_at_the_end() -> None:
    rows = [(["sent", "901"], [HASH, ""]), (["delivered", "902"], [HASH, f"the fee is earned by {ACCOUNT}"])]

    lines = shown(entries("a message", ["room", "chain"], rows))

    assert max(map(len, lines)) <= 80
    assert lines[:3] == ["a message", "room       chain", "sent       901"]
    assert lines[3] == " " * 11 + HASH
    assert lines[4] == "delivered  902"
    assert lines[-1] == " " * 11 + f"the fee is earned by {ACCOUNT}"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "never"), (1_700_000_000, "2023-11-14 22:13:20 UTC"), ((1 << 64) - 1, str((1 << 64) - 1))],
)
def test_an_expiry_is_told_as_a_moment(seconds: int, told: str) -> None:
    assert expiry(seconds) == told

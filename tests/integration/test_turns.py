"""Turns: who signs with the key of another process waits for it, and never for one that has ended."""

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from tests.waiting import until_true
from xl2.app.turns import Turns
from xl2.core.types import Address, ChainId, checksum
from xl2_devnet.bound import bound

ACCOUNT, CHAIN = Address(b"\x41" * 20), ChainId(901)
#: Another process that holds a turn, and says so.
_HOLDS = """
import asyncio, pathlib, sys
from xl2.app.turns import Turns
from xl2.core.types import Address
async def hold():
    async with Turns(folder=pathlib.Path(sys.argv[1]), account=Address(b"\\x41" * 20)).turn(901):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


async def test_a_turn_is_waited_for_in_so_many_words_and_is_over_with_its_holder_also_when_that_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns, ours = Turns(folder=tmp_path, account=ACCOUNT), asyncio.Event()

    async def take() -> None:
        async with turns.turn(CHAIN):
            ours.set()

    words = bound([sys.executable, "-c", _HOLDS, str(tmp_path)])
    other = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert await other.stdout.readline() == b"held\n"
        with caplog.at_level(logging.WARNING):
            taking = asyncio.ensure_future(take())
            await until_true(lambda: caplog.messages, "a word of the wait")
        was_held = ours.is_set()
    finally:
        other.kill()
        await other.wait()
    await taking

    assert (was_held, ours.is_set()) == (False, True)
    assert caplog.messages == [
        f"waits for its turn: another process makes a transaction as {checksum(ACCOUNT)} on chain {CHAIN} just now"
    ]


async def test_accounts_and_chains_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, two = (Turns(folder=tmp_path, account=Address(bytes([number]) * 20)) for number in (1, 2))

    async with one.turn(CHAIN), two.turn(CHAIN), two.turn(ChainId(902)):
        both = True

    assert both


async def test_a_turn_that_nobody_gives_back_keeps_nobody_from_pausing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns, did_without = Turns(folder=tmp_path, account=ACCOUNT, longest_seconds=0.0), False

    async with turns.turn(CHAIN), turns.turn(CHAIN):
        did_without = True

    assert did_without
    assert "without having its turn" in caplog.messages[-1]


async def test_a_turn_that_cannot_be_had_keeps_nobody_from_pausing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns, did_without = Turns(folder=tmp_path / "there is none", account=ACCOUNT), False

    async with turns.turn(CHAIN):
        did_without = True

    assert did_without
    assert "without having its turn" in caplog.messages[-1]

"""An operator in an incident: `xl2 watcher pause` stops things by one command, and only the owner gives them back."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.devnet_user import User
from tests.integration.clients import file_of
from tests.program import at_a_terminal, started, xl2
from tests.waiting import until, until_true
from xl2.app.turns import Turns
from xl2.config import load
from xl2.core.types import ChainId, address
from xl2_devnet import BRISK, Description, Options
from xl2_devnet.abi import xl2 as contract
from xl2_devnet.accounts import account
from xl2_devnet.devnet import running

A, B = "op-a", "op-b"
NOTHING = bytes(32)


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """One of our own: what is paused here concerns nobody else, and no owner is to be prevented from giving it back."""
    with running(Options(clocks=evolve(BRISK, timelock_seconds=1))) as description:
        yield description


@pytest.fixture
def folder(devnet: Description, tmp_path: Path) -> Path:
    """Of an operator whose watcher is the guardian."""
    file_of(devnet, tmp_path, watcher={"key": "guardian", "poll_seconds": 0.3})
    return tmp_path


def told(folder: Path, *words: str, code: int = 0) -> Any:
    """What `xl2 watcher ...` answers."""
    ran = xl2(folder, "watcher", *words, "--json")
    assert ran.returncode == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


async def resume(devnet: Description, chain: str, *calls: dict[str, str]) -> None:
    """Have the owner, a timelock, make the calls that were told."""
    entry = devnet.chain(chain)
    lock, timelock, delay = entry.contracts["timelock"], contract("TimelockController"), devnet.clocks.timelock_seconds
    data = [bytes.fromhex(call["data"][2:]) for call in calls]
    # All in one operation, as an owner would.
    operation = ([call["to"] for call in calls], [0] * len(calls), data, NOTHING, NOTHING)
    async with (
        User(entry, account("deployer").private_key) as proposer,
        User(entry, account("bob").private_key) as anybody,
    ):
        await proposer.send(lock, timelock.call("scheduleBatch", *operation, delay))
        name = await anybody.read(lock, timelock, "hashOperationBatch", *operation)

        async def is_ready() -> bool | None:
            return await anybody.read(lock, timelock, "isOperationReady", name) or None

        await until(is_ready, "the timelock's delay")
        await anybody.send(lock, timelock.call("executeBatch", *operation))


async def test_a_lane_is_paused_by_one_command_and_resumed_by_the_call_that_it_tells(
    devnet: Description, folder: Path
) -> None:
    words = ("pause", "lane", "901-902-attested", "--why", "a forged delivery")

    (before,) = told(folder, *words, "--check")
    (done,) = told(folder, *words, "--yes")
    (standing,) = told(folder, "pauses")
    (again,) = told(folder, *words, "--yes")
    await resume(devnet, B, standing["resumed_by"])
    after = told(folder, "pauses")

    assert (before["in_force"], before["done"]) == (False, None)
    assert before["called"]["to"].lower() == devnet.chain(B).contracts["guard"].lower()
    assert (done["in_force"], done["done"]["outcome"]) == (True, "paused")
    assert standing["what"] == "lane 901-902-attested (its deliveries)"
    assert (again["in_force"], again["done"]) == (True, None)
    assert after == []


async def test_verifiers_and_tokens_are_paused_on_each_chain_also_while_the_watcher_runs(
    devnet: Description, folder: Path
) -> None:
    log, out = folder / "watcher.log", folder / "watcher.json"
    with started("watcher", "run", "--json", "-c", str(folder / "devnet.json"), log=log, out=out) as watching:

        async def is_up() -> bool | None:
            return out.read_bytes().endswith(b"\n") or None

        await until(is_up, "the watcher")
        verifiers = told(folder, "pause", "verifier", "0", "--chain", B, "--yes")
        tokens = told(folder, "pause", "asset", "gold", "--yes")
        assert watching.poll() is None

    assert [(one["chain"], one["in_force"]) for one in verifiers] == [(902, True)]
    assert [(one["chain"], one["in_force"]) for one in tokens] == [(901, True), (902, True)]
    shown = xl2(folder, "watcher", "pauses").stdout
    assert "PAUSED" in shown
    assert "reinstate(0)" in shown
    # Whole, to be copied.
    assert verifiers[0]["resumed_by"]["data"] in shown.split()
    paused = (*verifiers, *tokens)
    await asyncio.gather(
        *(
            resume(devnet, chain, *(one["resumed_by"] for one in paused if one["chain"] == number))
            for chain, number in ((A, 901), (B, 902))
        )
    )
    assert told(folder, "pauses") == []


async def test_at_a_terminal_an_operator_sees_what_will_be_called_and_decides(
    devnet: Description, folder: Path
) -> None:
    words = ("watcher", "pause", "verifier", "128", "--chain", A)

    declined, shown = at_a_terminal(folder, *words, question="Sign and pause?", answer="n")
    left = told(folder, "pauses")
    agreed, ended = at_a_terminal(folder, *words, question="Sign and pause?", answer="y")
    (standing,) = told(folder, "pauses")
    await resume(devnet, A, standing["resumed_by"])

    assert (declined, left, agreed) == (3, [], 0)
    for part in ("verifier 128 (proven) on op-a (901)", "not paused", "Guard 0x", account("guardian").address):
        assert part in shown
    assert "PAUSED" in ended
    assert "reinstate(128)" in ended


def test_nothing_is_signed_without_a_yes_by_a_key_that_cannot_pause_or_for_what_is_not_there(folder: Path) -> None:
    lane = ("watcher", "pause", "lane", "901-902-attested")

    unasked = xl2(folder, *lane)
    powerless = xl2(folder, *lane, "--key", "grace", "--yes")
    unknown = xl2(folder, "watcher", "pause", "lane", "901-903-attested", "--check")

    assert (unasked.returncode, powerless.returncode, unknown.returncode) == (3, 5, 3)
    assert "no terminal to ask at" in unasked.stderr
    for part in ("lane 901-902-attested", "op-b (902)", "Guard 0x", account("guardian").address, "not paused"):
        assert part in unasked.stderr
    assert "is no guardian on op-b (902)" in powerless.stderr
    assert "xl2 watcher pauses --all" in unknown.stderr
    assert told(folder, "pauses") == []
    everything = told(folder, "pauses", "--all")
    assert len(everything) == 2 * 3 * 2 + sum(one["what"].startswith(("verifier", "asset")) for one in everything)


async def test_a_pause_by_hand_waits_while_another_process_makes_one_with_the_same_key_and_says_so(
    devnet: Description, folder: Path
) -> None:
    config = load(folder / "devnet.json")
    turns = Turns(folder=config.path(config.watcher.state), account=address(account("guardian").address))
    turns.folder.mkdir()
    log, out = folder / "pause.log", folder / "pause.json"
    words = ("watcher", "pause", "verifier", "128", "--chain", B, "--yes", "--json", "-c", str(folder / "devnet.json"))

    async with contextlib.AsyncExitStack() as stack:
        async with turns.turn(ChainId(902)):
            pausing = stack.enter_context(started(*words, log=log, out=out))
            await until_true(lambda: "waits for its turn" in log.read_text("utf-8"), "a word of the wait")
            meanwhile = told(folder, "pauses")
        await until_true(lambda: pausing.poll() is not None, "the pause")

    (done,) = json.loads(out.read_bytes())
    await resume(devnet, B, done["resumed_by"])
    assert meanwhile == []
    assert (pausing.returncode, done["done"]["outcome"], done["in_force"]) == (0, "paused", True)
    assert account("guardian").address in log.read_text("utf-8")

"""
Blocks are taken back: what was not final costs time and nothing else; what was final parks the lane.

Each time some depths are tried, one of them drawn by a seed that stays; all of them by `make soak`.
"""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.daemon import Daemon
from tests.faults.ground import A, B, Grounds
from tests.faults.ground import grounds as started
from tests.faults.oracle import ask, assert_each_paid_message_ended_once, until_fate
from tests.faults.scene import FEE, Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true
from xl2.core.types import hex_text
from xl2.ports import Ending, Fate

_PROGRAM = "from xl2.cli import main; main()"
_LANE = "901-902-attested"
_SEED = 4
#: A chain's `finalized` is twice as many blocks behind its tip.
_EPOCH = 32


def depths(*named: int) -> list[Any]:
    """How deep blocks are taken back, as parameters of a test: up to the last that is named, each once."""
    others = sorted(set(range(1, named[-1])) - set(named))
    tried = {*named, random.Random(_SEED + named[-1]).choice(others)}
    soak = pytest.mark.soak
    return [pytest.param(depth, marks=() if depth in tried else soak) for depth in range(1, named[-1] + 1)]


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with started(epoch=_EPOCH) as found:
        for chain in (A, B):
            with found[chain].held() as node:
                # No reorg goes as deep as the contracts.
                node.ask("anvil_mine", hex(200))
        yield found


@pytest.mark.parametrize("depth", depths(1, 8, 64))
async def test_a_message_that_is_taken_back_before_it_is_final_is_never_delivered(
    scene: Scene, stable: Stable, depth: int
) -> None:
    stable.start(scene.configuration("relayer"))
    with scene.grounds[A].held() as node:
        gone = await scene.send(Parcel(payload=b"gone"), blocks=False)
        if depth > 1:
            node.ask("anvil_mine", hex(depth - 1))
        node.ask("anvil_reorg", depth, [])
        node.ask("evm_mine")

    # Its place on the lane is another message's now.
    kept = await scene.send(Parcel(payload=b"kept"))
    await scene.advance_until(assert_each_paid_message_ended_once(scene, kept))
    (told,) = await ask(scene, gone)

    assert (told.executed, told.sent.message.nonce) == (0, kept[0].message.nonce)


@pytest.mark.parametrize("depth", depths(1, 8, 60))
async def test_a_delivery_that_is_taken_back_before_it_is_final_is_made_again_and_paid_once(
    scene: Scene, stable: Stable, depth: int
) -> None:
    stable.start(scene.configuration("relayer"))
    sent = await scene.send(Parcel(), Parcel())
    scene.finalize(A)
    await until_fate(scene, sent, Fate.DELIVERED)
    with scene.grounds[B].held() as node:
        first = min(entry.place.block for entry in await scene.receipts_of(sent))
        at = int(node.ask("eth_blockNumber"), 16)
        node.ask("anvil_mine", hex(max(1, depth - (at - first) - 1)))
        at = int(node.ask("eth_blockNumber"), 16)
        node.ask("anvil_reorg", at - first + 1, [])
        node.ask("evm_mine")
        taken = [one.fate for one in await ask(scene, sent)]

    told = await scene.advance_until(assert_each_paid_message_ended_once(scene, sent))

    assert taken == [Fate.UNSEEN] * len(sent)
    assert [one.ending for one in told] == [Ending.SETTLED] * len(sent)


@pytest.mark.parametrize("depth", depths(2, 16))
async def test_a_message_that_was_observed_and_is_taken_back_before_it_was_proven_is_observed_no_more(
    scene: Scene, stable: Stable, depth: int
) -> None:
    configuration = scene.configuration("relayer")
    # Nothing of the tests before goes with it.
    scene.finalize(A)
    gone = await scene.send(Parcel(payload=b"gone"))
    scene.finalize(A)
    killed = stable.start(configuration, dies_at="messages are observed").wait()
    # So deep that what was final goes, and some blocks more.
    scene.take_back_from(A, gone[0].place.block - depth)

    kept = await scene.send(Parcel(payload=b"kept"), Parcel(payload=b"and kept"))
    relayer = stable.start(configuration)
    await scene.advance_until(assert_each_paid_message_ended_once(scene, kept))
    (told,) = await ask(scene, gone)

    assert killed == -signal.SIGKILL
    assert (told.executed, told.sent.message.nonce) == (0, kept[0].message.nonce)
    assert relayer.alarms("deep-reorg") == []


async def test_a_lane_is_parked_where_its_destination_takes_a_delivery_back_that_was_paid_for(
    scene: Scene, stable: Stable
) -> None:
    relayer = stable.start(scene.configuration("relayer"))
    sent = await scene.send(Parcel(), Parcel())
    await scene.advance_until(assert_each_paid_message_ended_once(scene, sent))
    (delivery,) = await scene.receipts_of(sent)
    await until_true(lambda: observed_past(relayer, delivery.place.block, "receipts"), "the delivery to be observed")
    scene.finalize()
    await scene.until_blocks(20)

    scene.take_back_from(B, delivery.place.block)
    await until_true(lambda: relayer.alarms("deep-reorg"), "the lane to be parked")

    (parked,) = relayer.alarms("deep-reorg")
    assert set(parked["ids"]) == {hex_text(one.message.id) for one in sent}
    assert parked["value_wei"] == 2 * FEE
    assert relayer.lines("relayer stops: a promise broke") == []


async def test_a_lane_is_parked_where_its_origin_takes_a_delivered_message_back_and_others_go_on(
    scene: Scene, stable: Stable
) -> None:
    configuration = scene.configuration("relayer")
    relayer = stable.start(configuration)
    sent = await scene.send(Parcel())
    scene.finalize(A)
    await until_fate(scene, sent, Fate.DELIVERED)

    await until_true(lambda: observed_past(relayer, sent[0].place.block, "lane"), "the message to be observed")
    scene.take_back_from(A, sent[0].place.block)
    await until_true(lambda: relayer.alarms("deep-reorg"), "the lane to be parked")
    later = await scene.send(Parcel(payload=b"after the fork"), Parcel(payload=b"and one more"))
    scene.finalize()
    await scene.until_blocks(20)
    while_parked = await ask(scene, later)
    relayer.kill()
    resume(configuration)
    again = stable.start(configuration)
    # The first of them stands at the nonce of what was delivered, which the inbox takes no more; the other goes on.
    await scene.advance_until(assert_each_paid_message_ended_once(scene, later[1:]))

    (parked,) = relayer.alarms("deep-reorg")
    assert parked["ids"] == [hex_text(sent[0].message.id)]
    assert parked["value_wei"] == FEE
    assert [parked] == relayer.told("deep reorg")
    assert [one.executed for one in while_parked] == [0, 0]
    assert again.alarms("deep-reorg") == []
    assert {line["lane"] for line in relayer.lines(level=("error",))} == {"901-902-attested"}


def observed_past(relayer: Daemon, block: int, log: str) -> bool:
    """Whether it has observed entries of a log in this block, or later ones."""
    return any(line["log"] == log and line["block"] >= block for line in relayer.lines("observed"))


def resume(configuration: Path) -> None:
    """As an operator does, with the relayer stopped."""
    command = [sys.executable, "-c", _PROGRAM, "relayer", "resume", _LANE, "--config", str(configuration)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)

"""The process of the only L1 node is stopped while both L2s run: lanes that do not need it are carried all the same."""

import asyncio
from pathlib import Path

import orjson

from tests.faults.anchored import ready, stopped, unready
from tests.faults.ground import CHAIN_IDS
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until, until_true


async def test_while_the_node_of_l1_is_stopped_a_relayer_starts_carries_and_says_so_once(
    scene: Scene, stable: Stable
) -> None:
    configuration = soon_silent(scene.configuration("relayer"))
    with stopped(CHAIN_IDS["l1"]):
        relayer = stable.start(configuration)
        sent = await scene.send(Parcel(), Parcel())
        await assert_each_paid_message_ended_once(scene, sent)
        await until_true(lambda: bool(relayer.lines(level=("warning",))), "a line that names L1")
        not_well = await until(lambda: unready(configuration), "a relayer that says it is not ready")
    more = await scene.send(Parcel())

    await assert_each_paid_message_ended_once(scene, more)
    await until(lambda: ready(configuration), "a relayer that says it is ready")
    assert await asyncio.to_thread(relayer.stop) == 0
    assert not_well == ["chain l1"]
    (line,) = relayer.lines(level=("warning", "error"))
    assert (line["alarm"], line["chain"]) == ("provider-down", CHAIN_IDS["l1"])
    assert line["event"].startswith("chain l1 does not answer: ")


def soon_silent(configuration: Path) -> Path:
    """The same configuration, in which a node of L1 that is stopped counts as silent soon."""
    tree = orjson.loads(configuration.read_bytes())
    tree["chains"]["l1"]["rpc_timeout_seconds"] = 0.5
    configuration.write_bytes(orjson.dumps(tree))
    return configuration

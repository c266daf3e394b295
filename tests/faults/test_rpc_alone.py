"""
A relayer with one endpoint a chain, which fails in every way: nothing wrong is done, and work goes on afterwards.

Each time one fault of each kind is tried, mostly another one than in `test_rpc_quorum`; all of them by `make soak`.
"""

import asyncio
from typing import Any

import pytest

from tests.faults.daemon import Daemon
from tests.faults.endpoints import Row, carrying, endpoints, rows_by
from tests.faults.oracle import ask, assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true

#: Exit code.
_A_PROMISE_BROKE = 5
_BLOCKS = ("eth_getBlockByNumber",)
#: After a failure relayers rest for seconds, by a clock that runs so many times as fast.
_RATE = 5

#: Tried each time; see the module.
_EACH_TIME = {
    Fault.REFUSED,
    Fault.HANG_MID_BODY,
    Fault.RATE_LIMIT_UNTIL,
    Fault.SERVER_ERROR,
    Fault.HTML,
    Fault.HUGE,
    Fault.REORDERED_BATCH,
    Fault.PARTIAL_BATCH,
    Fault.NULL_RESULT,
    Fault.HEAD_BACK,
    Fault.FORGED_LOG,
    Fault.MISSING_LOG,
    Fault.DUPLICATED_LOG,
    Fault.PRUNED_STATE,
    Fault.SWALLOWED,
}

ROWS = [
    Row(fault=Fault.REFUSED),
    Row(fault=Fault.RESET),
    Row(fault=Fault.HANG),
    Row(fault=Fault.HANG_MID_BODY),
    Row(fault=Fault.SLOW, seconds=0.3),
    Row(fault=Fault.DRIP),
    Row(fault=Fault.RATE_LIMIT),
    Row(fault=Fault.RATE_LIMIT_UNTIL, seconds=1),
    Row(fault=Fault.SERVER_ERROR),
    Row(fault=Fault.HTML, times=1),
    Row(fault=Fault.TRUNCATED),
    Row(fault=Fault.HUGE, times=1, methods=_BLOCKS),
    Row(fault=Fault.REORDERED_BATCH),
    Row(fault=Fault.PARTIAL_BATCH),
    Row(fault=Fault.WRONG_ID),
    Row(fault=Fault.NULL_RESULT, times=1),
    Row(fault=Fault.STALE_HEAD),
    Row(fault=Fault.HEAD_BACK),
    # One answer each: who lies about all blocks alike shows another chain, and nothing here could tell.
    Row(fault=Fault.FORGED_BLOCK, times=1),
    Row(fault=Fault.FORGED_LOG, times=1),
    Row(fault=Fault.MISSING_LOG, times=1),
    Row(fault=Fault.DUPLICATED_LOG, times=1),
    Row(fault=Fault.PRUNED_STATE, times=1),
    Row(fault=Fault.SWALLOWED, times=1),
]


@pytest.mark.parametrize("row", rows_by(ROWS, each_time=_EACH_TIME))
async def test_a_fault_of_the_only_endpoint_costs_time_and_nothing_else(scene: Scene, stable: Stable, row: Row) -> None:
    async with endpoints(scene, each=1) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"), clock=scene.clock(_RATE))
        await carrying(behind)

        behind.fault(row)
        sent = await scene.send(*[Parcel()] * 3)
        await until_true(
            lambda: any(one.spoiled[row.fault] >= row.least for one in behind.faulty), "the fault to be met"
        )
        during = await ask(scene, sent)
        behind.heal()

        await assert_each_paid_message_ended_once(scene, sent)
        assert [one.fault for one in during] == [None] * len(sent)
        assert await asyncio.to_thread(relayer.stop) == 0


async def test_a_gap_that_stays_when_it_is_read_again_is_alarmed_once(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"), clock=scene.clock(_RATE))
        await carrying(behind)

        behind.fault(Row(fault=Fault.MISSING_LOG))
        sent = await scene.send(Parcel())
        await until_true(lambda: bool(gaps(relayer, scene.origin.chain)), "an alarm")
        (told,) = await ask(scene, sent)
        await asyncio.to_thread(relayer.stop)

    (line,) = gaps(relayer, scene.origin.chain)
    assert [line] == [one for one in relayer.told("missing log") if one["chain"] == scene.origin.chain]
    assert told.executed == 0


def gaps(relayer: Daemon, chain: int) -> list[dict[str, Any]]:
    """Lines of alarms about gaps in the logs of one chain; the other may have receipts of earlier tests."""
    alarms = [line for line in relayer.lines(level=("warning",)) if line.get("alarm") == "rpc-disagreement"]
    return [line for line in alarms if line["chain"] == chain]


async def test_an_endpoint_that_serves_another_chain_stops_the_relayer_before_it_signs(
    scene: Scene, stable: Stable
) -> None:
    async with endpoints(scene, each=1) as behind:
        file = behind.configuration(scene, "relayer")
        changed = stable.start(file, clock=scene.clock(_RATE))
        await carrying(behind)

        behind.fault(Row(fault=Fault.WRONG_CHAIN))
        sent = await scene.send(Parcel())
        stopped = await asyncio.to_thread(changed.wait)
        at_start = stable.start(file, clock=scene.clock(_RATE))
        refused = await asyncio.to_thread(at_start.wait)
        told = await ask(scene, sent)
        behind.heal()
        after = stable.start(file, clock=scene.clock(_RATE))

        await assert_each_paid_message_ended_once(scene, sent)
        assert stopped == refused == _A_PROMISE_BROKE
        assert [(one.executed, one.delivered) for one in told] == [(0, 0)]
        assert all(not proxy.spoiled[Fault.SWALLOWED] for proxy in behind.faulty)
        assert b"15999" in changed.said.read_bytes()
        assert len(changed.told("wrong chain id")) == 1
        assert await asyncio.to_thread(after.stop) == 0


async def test_every_fault_has_its_test_here() -> None:
    # An attested lane asks for no proof; those that do are in `scenario/test_lies.py`. Finality has `test_finality`.
    assert {row.fault for row in ROWS} == set(Fault) - {Fault.WRONG_CHAIN, Fault.FORGED_PROOF, Fault.FINALITY_FROZEN}

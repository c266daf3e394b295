"""
A relayer with three endpoints a chain, one of which fails in every way: work goes on, and the culprit is named.

Each time one fault of each kind is tried, mostly another one than in `test_rpc_alone`; all of them by `make soak`.
"""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.faults.daemon import Daemon
from tests.faults.endpoints import Endpoints, Row, carrying, endpoints, rows_by
from tests.faults.oracle import ask, assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true

_DOWN, _LIES = "provider-down", "rpc-disagreement"
_BLOCKS = ("eth_getBlockByNumber",)
_BACK = "an endpoint is back"

#: Tried each time; see the module.
_EACH_TIME = {
    Fault.RESET,
    Fault.HANG,
    Fault.RATE_LIMIT,
    Fault.TRUNCATED,
    Fault.WRONG_ID,
    Fault.PRUNED_STATE,
    Fault.STALE_HEAD,
    Fault.WRONG_CHAIN,
    Fault.FORGED_BLOCK,
    Fault.FORGED_LOG,
    Fault.MISSING_LOG,
    Fault.SWALLOWED,
}

ROWS = [
    Row(fault=Fault.REFUSED, named=_DOWN),
    Row(fault=Fault.RESET, named=_DOWN),
    Row(fault=Fault.HANG, named=_DOWN),
    Row(fault=Fault.HANG_MID_BODY, named=_DOWN),
    Row(fault=Fault.SLOW, seconds=3, named=_DOWN),
    Row(fault=Fault.DRIP, named=_DOWN),
    Row(fault=Fault.RATE_LIMIT, named=_DOWN),
    Row(fault=Fault.RATE_LIMIT_UNTIL, named=_DOWN),
    Row(fault=Fault.SERVER_ERROR, named=_DOWN),
    Row(fault=Fault.HTML, named=_DOWN),
    Row(fault=Fault.TRUNCATED, named=_DOWN),
    Row(fault=Fault.HUGE, methods=_BLOCKS, named=_DOWN),
    Row(fault=Fault.PARTIAL_BATCH, named=_DOWN),
    Row(fault=Fault.WRONG_ID, named=_DOWN),
    Row(fault=Fault.NULL_RESULT, named=_DOWN),
    Row(fault=Fault.PRUNED_STATE, named=_DOWN),
    Row(fault=Fault.STALE_HEAD, named=_DOWN),
    Row(fault=Fault.HEAD_BACK, named=_DOWN),
    Row(fault=Fault.WRONG_CHAIN, named=_LIES),
    Row(fault=Fault.FORGED_BLOCK, named=_LIES),
    Row(fault=Fault.FORGED_LOG, named=_LIES),
    Row(fault=Fault.MISSING_LOG, named=_LIES),
    Row(fault=Fault.DUPLICATED_LOG, named=_LIES),
    # Batches may come back in any order, and what others broadcast is included all the same.
    Row(fault=Fault.REORDERED_BATCH),
    Row(fault=Fault.SWALLOWED),
]


@pytest.mark.parametrize("row", rows_by(ROWS, each_time=_EACH_TIME))
async def test_work_goes_on_beside_a_faulty_endpoint_and_it_is_named_once(
    scene: Scene, stable: Stable, row: Row
) -> None:
    async with endpoints(scene, each=3) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await carrying(behind)

        behind.fault(row)
        sent = await scene.send(*[Parcel()] * 3)
        await assert_each_paid_message_ended_once(scene, sent)
        if row.named is not None:
            await until_true(lambda: bool(named(behind, relayer)), "the faulty endpoint to be named")
        # One of each chain fails: the other may be named in between.
        await asyncio.to_thread(relayer.stop)
        said = named(behind, relayer)
        honest = [line for line in alarms(relayer) if line not in said]

    assert {line["alarm"] for line in said} == ({row.named} if row.named else set())
    times, back = (Counter(line["endpoint"] for line in lines) for lines in (said, relayer.lines(_BACK)))
    assert all(times[one] <= 1 + back[one] for one in times), "each is named once, till it has proven itself"
    assert honest == []
    lies = "one of several lies" if row.named == _LIES else "one of several is down, behind, slow or limits"
    assert said == relayer.told(lies)


async def test_an_endpoint_that_recovered_is_taken_back(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=3) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await carrying(behind)

        behind.fault(Row(fault=Fault.SERVER_ERROR))
        await until_true(lambda: len(named(behind, relayer)) == 2, "both faulty endpoints to be named")
        behind.heal()
        await until_true(lambda: len(relayer.lines(_BACK)) == 2, "both to be taken back")
        before = [proxy.asked.total() for proxy in behind.faulty]
        sent = await scene.send(Parcel())
        await assert_each_paid_message_ended_once(scene, sent)
        after = [proxy.asked.total() for proxy in behind.faulty]
        back = {line["endpoint"] for line in relayer.lines(_BACK)}
        assert back == {proxy.url for proxy in behind.faulty}
        await asyncio.to_thread(relayer.stop)

    assert all(then < now for then, now in zip(before, after, strict=True))


async def test_where_two_of_three_fall_silent_nothing_is_believed_until_one_speaks(
    scene: Scene, stable: Stable
) -> None:
    async with endpoints(scene, each=3) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await carrying(behind)

        silent = [proxy for proxies in behind.proxies.values() for proxy in proxies[1:]]
        for proxy in silent:
            proxy.fault(Fault.RESET)
        sent = await scene.send(Parcel())
        await until_true(lambda: len(alarms(relayer)) == len(silent), "all that are silent to be named")
        (during,) = await ask(scene, sent)
        for proxies in behind.proxies.values():
            proxies[1].heal()

        await assert_each_paid_message_ended_once(scene, sent)
        assert (during.executed, during.fault) == (0, None)
        assert {line["endpoint"] for line in alarms(relayer)} == {proxy.url for proxy in silent}
        await asyncio.to_thread(relayer.stop)


async def test_every_fault_has_its_test_here() -> None:
    # An attested lane asks for no proof; `test_rpc_pool.py` tries that one, and `test_finality` the other.
    assert {row.fault for row in ROWS} == set(Fault) - {Fault.FORGED_PROOF, Fault.FINALITY_FROZEN}


def alarms(relayer: Daemon) -> list[dict[str, Any]]:
    """Lines of alarms about endpoints."""
    return [line for line in relayer.lines(level=("warning", "error")) if "alarm" in line]


def named(behind: Endpoints, relayer: Daemon) -> list[dict[str, Any]]:
    """Lines that name a faulty endpoint."""
    faulty = {proxy.url for proxy in behind.faulty}
    return [line for line in alarms(relayer) if line.get("endpoint") in faulty and line["endpoint"] in line["event"]]

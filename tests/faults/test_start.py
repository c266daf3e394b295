"""A relayer that starts while its endpoints do not serve waits for them, says so once, and can be stopped meanwhile."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.faults.daemon import Daemon
from tests.faults.endpoints import Row, endpoints
from tests.faults.ground import B
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true
from xl2.app.doctor import doctor
from xl2.core.types import Address, checksum

_WAITS = "the start waits for an endpoint, and goes on by itself when it answers"
_EACH_TIME = (Fault.REFUSED, Fault.WRONG_ID)
#: The others by `make soak`.
_TRIED = (*_EACH_TIME, Fault.SERVER_ERROR, Fault.HTML, Fault.NULL_RESULT, Fault.PRUNED_STATE, Fault.RATE_LIMIT)


NOBODY = checksum(Address(b"\x11" * 20))
#: Exit code of a command whose configuration cannot be used.
CONFIG_INVALID = 5


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.name.lower(), marks=() if fault in _EACH_TIME else pytest.mark.soak)
        for fault in _TRIED
    ],
)
async def test_a_relayer_that_starts_behind_endpoints_that_do_not_serve_waits_for_them(
    scene: Scene, stable: Stable, fault: Fault
) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=fault))
        relayer = stable.start(behind.configuration(scene, "relayer"))
        sent = await scene.send(Parcel())
        await until_true(lambda: bool(waits(relayer)), "a start that waits")
        behind.heal()

        await assert_each_paid_message_ended_once(scene, sent)
        code = await asyncio.to_thread(relayer.stop)

    (line,) = waits(relayer)
    assert line["remedy"]
    assert "http://127.0.0.1:" in line["cause"]
    assert code == 0


async def test_a_relayer_that_is_stopped_while_it_starts_ends_in_good_order(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=Fault.HANG))
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await until_true(lambda: any(proxy.asked for proxy in behind.faulty), "a start that asks its endpoints")
        relayer.signal(signal.SIGTERM)

        code = await asyncio.to_thread(relayer.wait)

    assert code == 0
    assert relayer.lines(level=("error",)) == []


def swapped(chain: dict[str, Any]) -> None:
    contracts = chain["contracts"]
    contracts["outbox"], contracts["inbox"] = contracts["inbox"], contracts["outbox"]


def without_code(chain: dict[str, Any]) -> None:
    chain["contracts"]["inbox"] = NOBODY


def heads_of_others(chain: dict[str, Any]) -> None:
    chain["contracts"]["heads"] = chain["contracts"]["guard"]


def another_verifier(chain: dict[str, Any]) -> None:
    chain["verifiers"][0]["address"] = NOBODY


def another_signer(chain: dict[str, Any]) -> None:
    chain["verifiers"][0]["signers"] = [NOBODY]


@pytest.mark.parametrize(
    ("spoil", "key", "said"),
    [
        (swapped, "contracts.outbox", "is another contract: it does not answer `lane`"),
        (without_code, "contracts.inbox", f"the inbox {NOBODY} on chain b has no code there"),
        (heads_of_others, "contracts.heads", "is another contract: it does not answer `verifierOf`"),
        (another_verifier, "verifiers.0.address", f"verifier 0 is {NOBODY} here, 0x"),
        (another_signer, "verifiers.0.signers", "has other signers than these"),
    ],
)
async def test_what_the_chain_contradicts_is_named_by_the_doctor_and_ends_the_start(
    scene: Scene, stable: Stable, spoil: Callable[[dict[str, Any]], None], key: str, said: str
) -> None:
    file = scene.configuration("relayer")
    tree = orjson.loads(file.read_bytes())
    spoil(tree["chains"][B])
    file.write_bytes(orjson.dumps(tree))

    relayer = stable.start(file)
    code = await asyncio.to_thread(relayer.wait)
    refused = relayer.said.read_text("utf-8")
    looked = [check for check in (await doctor(file)).checks if said in check.said]

    assert code == CONFIG_INVALID
    assert f"chains.b.{key}: " in refused
    assert said in refused
    (check,) = looked
    assert not check.ok
    assert f"chains.b.{key}" in check.remedy
    assert waits(relayer) == []


async def test_a_verifier_that_is_not_registered_yet_is_told_and_all_else_is_carried(
    scene: Scene, stable: Stable
) -> None:
    file = scene.configuration("relayer")
    tree = orjson.loads(file.read_bytes())
    (known,) = tree["chains"][B]["verifiers"]
    tree["chains"][B]["verifiers"] = [known, known | {"number": 7, "signers": [NOBODY]}]
    file.write_bytes(orjson.dumps(tree))

    relayer = stable.start(file)
    await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))

    (line,) = relayer.lines(level=("warning",))
    assert "chain b has no verifier 7 registered" in line["event"]
    assert "chains.b.verifiers.1.number" in line["event"]


def waits(relayer: Daemon) -> list[dict[str, Any]]:
    """Lines that say that the start waits."""
    return relayer.lines(_WAITS, level=("warning",))

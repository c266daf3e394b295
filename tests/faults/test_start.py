"""A relayer that starts while its endpoints do not serve waits for them, tells whoever asks, and can be stopped."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from attrs import frozen

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


#: As Prometheus reads it.
PROVIDER_DOWN = 'xl2_alarm_standing{kind="provider-down"}'
NOBODY = checksum(Address(b"\x11" * 20))
#: Exit code of a command whose configuration cannot be used.
CONFIG_INVALID = 5


@frozen(kw_only=True)
class Asking:
    """The operator's view of a relayer, asked."""

    session: aiohttp.ClientSession
    url: str

    async def json(self, path: str, *, token: str = "") -> tuple[int, Any]:
        """Status and JSON of an answer; with a token, of an order."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request("POST" if token else "GET", f"{self.url}/{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def text(self, path: str) -> str:
        """An answer that is no JSON."""
        async with self.session.get(f"{self.url}/{path}") as answer:
            assert answer.status == 200
            return await answer.text()


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
    assert "http://127.0.0.1:" in line["event"]
    assert line["alarm"] == "provider-down"
    assert code == 0


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.HANG], ids=["refused", "hang"])
async def test_a_relayer_that_waits_at_its_start_answers_and_names_what_it_waits_for(
    scene: Scene, stable: Stable, fault: Fault
) -> None:
    async with endpoints(scene, each=1) as behind, aiohttp.ClientSession() as session:
        names = [proxy.url for proxy in behind.faulty]
        behind.fault(Row(fault=fault))
        file = behind.configuration(scene, "relayer")
        relayer = stable.start(file)
        await until_true(lambda: bool(waits(relayer)), "a start that waits")
        ask = Asking(session=session, url=orjson.loads(view_of(file).read_bytes())["url"])

        alive, ready = await ask.json("healthz"), await ask.json("readyz")
        held = [await ask.json(path) for path in ("lanes", "messages")]
        metrics = await ask.text("metrics")
        drained = await ask.json("drain", token=file.with_name("relayer.sqlite.token").read_text("ascii").strip())
        behind.heal()
        await asyncio.to_thread(relayer.until_up)
        later = [check["what"] for check in (await ask.json("readyz"))[1]["checks"]]
        over = await ask.text("metrics")
        code = await asyncio.to_thread(relayer.stop)

    assert alive[0] == 200
    assert ready[0] == 503
    start = ready[1]["checks"][0]
    assert (start["what"], start["ok"]) == ("start", False)
    assert any(name in start["said"] for name in names)
    assert held == [(200, {"lanes": []}), (200, {"messages": [], "next": None})]
    assert {"xl2_ready 0.0", PROVIDER_DOWN + " 1.0"} <= set(metrics.splitlines())
    assert drained[0] == 503
    assert drained[1]["error"]["code"] == "NotYet"
    assert "start" not in later
    assert PROVIDER_DOWN + " 0.0" in over.splitlines()
    assert len(waits(relayer)) == len(relayer.alarms("provider-down")) == 1
    assert code == 0
    assert not view_of(file).exists()


async def test_a_relayer_that_is_stopped_while_it_starts_ends_in_good_order(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=Fault.HANG))
        file = behind.configuration(scene, "relayer")
        relayer = stable.start(file)
        await until_true(lambda: any(proxy.asked for proxy in behind.faulty), "a start that asks its endpoints")
        relayer.signal(signal.SIGTERM)

        code = await asyncio.to_thread(relayer.wait)

    assert code == 0
    assert relayer.lines(level=("error",)) == []
    assert not view_of(file).exists()


async def test_a_start_that_waits_is_drawn_as_it_stands_and_can_be_stopped(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=Fault.REFUSED))
        relayer = stable.start(behind.configuration(scene, "relayer"), arguments=("--live",))
        drawn = "NOT READY: start: it waits for an endpoint since "
        await until_true(lambda: relayer.said.exists() and drawn in relayer.said.read_text(), "a picture of the start")
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
    return [line for line in relayer.lines(level=("warning",)) if line["event"].startswith(_WAITS)]


def view_of(configuration: Path) -> Path:
    """Where a relayer writes down where it answers, as long as it does."""
    return configuration.with_name("relayer.sqlite.view")

"""Each fault that is an operator's to mend is one line: what is wrong, and what to do; however long it lasts."""

import ast
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.daemon import Daemon
from tests.faults.endpoints import Row, carrying, endpoints, rows_by
from tests.faults.ground import ATTESTER, B
from tests.faults.lines import LINES
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true
from xl2.app.attesting import attester
from xl2.app.doctor import doctor
from xl2.core.types import address, checksum
from xl2.operator.values import Check
from xl2_devnet.accounts import ATTESTERS

ROOT = Path(__file__).parents[2]
GWEI = 10**9
_RICH = 10**20
#: For so long what fails goes on failing: some looks of every room, which rest by a clock that runs so much faster.
_BLOCKS, _RATE = 40, 5

#: The others by `make soak`.
_EACH_TIME = {Fault.RATE_LIMIT, Fault.HTML}
ROWS = [
    Row(fault=Fault.REFUSED),
    Row(fault=Fault.RESET),
    Row(fault=Fault.HANG),
    Row(fault=Fault.RATE_LIMIT),
    Row(fault=Fault.SERVER_ERROR),
    Row(fault=Fault.HTML),
    Row(fault=Fault.TRUNCATED),
    Row(fault=Fault.HUGE, methods=("eth_getBlockByNumber",)),
    Row(fault=Fault.WRONG_ID),
    Row(fault=Fault.NULL_RESULT),
]


def told(relayer: Daemon) -> Sequence[dict[str, Any]]:
    """All that a person would read."""
    return relayer.lines(level=("warning", "error"))


@pytest.mark.parametrize("row", rows_by(ROWS, each_time=_EACH_TIME))
async def test_an_endpoint_alone_that_fails_is_one_line(scene: Scene, stable: Stable, row: Row) -> None:
    async with endpoints(scene, each=1) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"), clock=scene.clock(_RATE))
        await carrying(behind)
        (destination,) = behind.proxies[B]

        destination.fault(row.fault, methods=row.methods)
        sent = await scene.send(Parcel(), Parcel())
        await until_true(lambda: relayer.told(row.name), "a line that says so")
        # It lasts: what fails meanwhile says nothing more.
        await scene.until_blocks(_BLOCKS)
        said = told(relayer)
        destination.heal()

        await assert_each_paid_message_ended_once(scene, sent)
        assert said == relayer.told(row.name)
        assert len(said) == 1
        assert destination.url in str(said[0])
        assert await asyncio.to_thread(relayer.stop) == 0


async def test_an_empty_wallet_is_one_line_though_it_is_noticed_twice(scene: Scene, stable: Stable) -> None:
    (account,) = scene.fund("poor")
    with scene.grounds[B].held() as node:
        node.ask("anvil_setBalance", account, hex(1_000))
    settings = {"low_balance_wei": {B: 10**18}}
    relayer = stable.start(scene.configuration("relayer", relayer=settings, key=scene.key_of("poor")))

    sent = await scene.send(Parcel(), Parcel())
    await until_true(lambda: relayer.told("empty wallet"), "a line that says so")
    await scene.until_blocks(60)
    said = told(relayer)
    with scene.grounds[B].held() as node:
        node.ask("anvil_setBalance", account, hex(_RICH))
    stop = await asyncio.to_thread(relayer.stop)
    # Who is poor rests for half a minute; a start looks at once.
    stable.start(scene.configuration("relayer", relayer=settings, key=scene.key_of("poor")))

    await assert_each_paid_message_ended_once(scene, sent)
    assert said == relayer.told("empty wallet")
    assert len(said) == 1
    assert stop == 0


async def test_a_base_fee_above_the_cap_is_one_line(scene: Scene, stable: Stable) -> None:
    file = scene.configuration("relayer")
    tree = file.read_text("utf-8")
    # Both chains have the same cap: only the destination gets dear.
    file.write_text(tree.replace('"chain_id":902', '"max_fee_gwei":2.0,"chain_id":902'), "utf-8")
    assert file.read_text("utf-8") != tree
    with scene.grounds[B].held() as node:
        node.ask("anvil_setNextBlockBaseFeePerGas", hex(500 * GWEI))
        node.ask("evm_mine")
        relayer = stable.start(file)
        sent = await scene.send(Parcel(), Parcel())
        await until_true(lambda: relayer.told("base fee"), "a line that says so")
        said = told(relayer)
        node.ask("anvil_setNextBlockBaseFeePerGas", hex(GWEI // 10))
        node.ask("evm_mine")

    await assert_each_paid_message_ended_once(scene, sent)
    assert said == relayer.told("base fee")
    assert len(said) == 1


async def test_a_key_that_is_used_elsewhere_again_and_again_is_one_line(scene: Scene, stable: Stable) -> None:
    relayer = stable.start(scene.configuration("relayer"))
    await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))

    for _ in range(3):
        await scene.use_key("relayer")
        await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))

    assert len(relayer.told("key used elsewhere")) == 1
    assert told(relayer) == relayer.told("key used elsewhere")


async def test_an_attester_that_does_not_answer_is_one_line_and_its_coming_back_another(
    scene: Scene, stable: Stable
) -> None:
    own = scene.configuration("attester")
    async with attester(own) as found:
        url = found.url
    file = scene.configuration("relayer", attester={"urls": {ATTESTER.address: url}})
    relayer = stable.start(file, clock=scene.clock(_RATE))

    await until_true(lambda: relayer.told("attester silent"), "a line that says so")
    sent = await scene.send(Parcel())
    await scene.until_blocks(_BLOCKS)
    said = told(relayer)
    async with attester(own, listen=url.removeprefix("http://")):
        await assert_each_paid_message_ended_once(scene, sent)
        await until_true(lambda: relayer.lines("an attester answers again"), "a line that it does again")

        assert told(relayer) == said == relayer.told("attester silent")
    assert len(said) == 1
    assert f"attester {ATTESTER.address} does not answer: {url}" in said[0]["event"]
    assert "chain b has 0 of 1 needed" in said[0]["event"]


async def test_an_attester_that_signs_for_another_verifier_is_one_line_until_it_signs_well(
    scene: Scene, stable: Stable
) -> None:
    own, astray = scene.configuration("attester"), scene.configuration("attester-astray")
    verifier, other = scene.grounds[B].verifiers[0]["address"], scene.grounds[B].contracts["outbox"]
    astray.write_text(astray.read_text("utf-8").replace(verifier, other), "utf-8")
    async with attester(astray) as found:
        url = found.url
        file = scene.configuration("relayer", attester={"urls": {ATTESTER.address: url}})
        relayer = stable.start(file, clock=scene.clock(_RATE))
        sent = await scene.send(Parcel())
        await until_true(lambda: relayer.told("attester signs nothing that counts"), "a line that says so")
        await scene.until_blocks(_BLOCKS)
        said = told(relayer)
    async with attester(own, listen=url.removeprefix("http://")):
        await assert_each_paid_message_ended_once(scene, sent)
        await until_true(lambda: relayer.lines("an attester signs again"), "a line that it does again")

        assert [one for one in told(relayer) if one not in relayer.told("attester silent")] == said
    assert said == relayer.told("attester signs nothing that counts")
    assert len(said) == 1
    assert f"attester {ATTESTER.address} gives no signature that counts: {url}: " in said[0]["event"]
    assert f"it signed for verifier {checksum(address(other))}" in said[0]["event"]


async def test_the_doctor_says_of_each_attester_whether_it_answers_and_as_whom(scene: Scene) -> None:
    own, other = scene.configuration("attester"), ATTESTERS[1]
    signer = f"attester {ATTESTER.address}"

    async def said(url: str, account: str = ATTESTER.address) -> dict[str, Check]:
        file = scene.configuration("relayer", attester={"urls": {account: url}})
        return {check.what: check for check in (await doctor(file)).checks}

    async with attester(own) as found:
        up, mixed_up = await said(found.url), await said(found.url, other.address)
    down = await said(found.url)

    assert (up[signer].ok, up[signer].said) == (True, f"answers at {found.url}, as this account")
    assert up["b: signers of verifier 0"].said == "1 of 1 signers answer, 1 must sign"
    assert not mixed_up[f"attester {other.address}"].ok
    assert f"answers as {ATTESTER.address}" in mixed_up[f"attester {other.address}"].said
    assert (down[signer].ok, down["b: signers of verifier 0"].ok) == (False, False)
    assert f"{found.url} cannot be reached" in down[signer].said
    assert down["b: signers of verifier 0"].said == "0 of 1 signers answer, 1 must sign"


@pytest.mark.parametrize("fault", LINES)
def test_every_line_names_the_test_that_brings_it_about_and_stands_on_the_page(fault: str) -> None:
    line = LINES[fault]
    module, _, test = line.by.partition("::")
    tree = ast.parse((ROOT / "tests" / module).read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    page = (ROOT / "docs" / "operations" / "lines.md").read_text("utf-8")

    assert test in names
    assert [words for words in (line.what.strip(), line.remedy.strip()) if words not in page] == []


def test_every_fault_of_an_endpoint_alone_has_its_line() -> None:
    assert {row.name for row in ROWS} <= LINES.keys()
    assert {row.fault for row in ROWS} >= _EACH_TIME

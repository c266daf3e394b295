"""One attester that is there and signs nothing that counts, or late, is one alarm, until it signs well and in time."""

import asyncio
import logging

import pytest
from attrs import define, field

from tests.heard import Heard
from tests.waiting import PATIENCE_SECONDS
from xl2.core.attestation import Attestation
from xl2.core.evidence import Head
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, checksum
from xl2.errors import NotYet, ProofInvalid, Refused, RpcUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind, Log, SignedHead
from xl2.relayer.attester_heed import HeededAttester
from xl2.testing import ManualClock, World

ACCOUNT = Address(b"\x41" * 20)
NAME = "http://attester:17001"
LANE, RECEIPTS = (Log(lane=World().lane(901, 902), kind=kind) for kind in LogKind)


@define
class Far:
    """An attester that refuses, or signs when its time has come. Implements `xl2.ports.RemoteAttester`."""

    clock: ManualClock
    cause: Xl2Error | None = field(factory=lambda: Refused("it attests no logs of chain 901"))
    #: For so long it keeps who asks waiting.
    seconds: float = 0.0
    #: Who it says it is; None: it is down.
    says: Address | None = ACCOUNT
    address: Address = ACCOUNT
    name: str = NAME

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        self.clock.advance(self.seconds)
        if self.cause is not None:
            raise self.cause
        head = Head(log=log.id, head=log.id, count=count or 0)
        attestation = Attestation(head=head, block=at, chain=log.reader, contract=ACCOUNT)
        return SignedHead(attestation=attestation, signature=bytes(65))

    async def answers_as(self) -> Address:
        if self.says is None:
            raise RpcUnavailable(f"{NAME} cannot be reached", endpoint=NAME)
        return self.says

    async def close(self) -> None:
        pass


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def far(clock: ManualClock) -> Far:
    return Far(clock)


@pytest.fixture
def attester(far: Far, heard: Heard, clock: ManualClock) -> HeededAttester:
    return HeededAttester(inner=far, clock=clock, alarms=Alarms(heard, clock.steady))


async def ask(attester: HeededAttester, times: int = 2) -> None:
    for _ in range(times):
        with pytest.raises((Refused, RpcUnavailable, NotYet)):
            await attester.attest(LANE, BlockNumber(7))


async def sign(attester: HeededAttester, times: int = 2) -> None:
    for _ in range(times):
        await attester.attest(LANE, BlockNumber(7))
        attester.checked(LANE, None)


async def test_one_that_refuses_is_one_alarm_with_its_account_its_reason_and_what_to_do(
    attester: HeededAttester, heard: Heard
) -> None:
    await ask(attester, times=5)

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.endpoint) == (AlarmKind.PROVIDER_DOWN, NAME)
    assert f"attester {checksum(ACCOUNT)} gives no signature that counts" in alarm.what
    assert "it attests no logs of chain 901" in alarm.what
    assert "compare its chains, verifiers and key" in alarm.what


async def test_one_that_signs_what_does_not_hold_is_alarmed_until_it_signs_well_for_each_log(
    attester: HeededAttester, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for log in (LANE, RECEIPTS, LANE, RECEIPTS):
        attester.checked(log, ProofInvalid("the signature is by somebody else"))

    attester.checked(LANE, None)
    half = list(attester.alarms.standing)
    attester.checked(RECEIPTS, None)

    assert len(heard.alarms) == len(half) == 1
    assert attester.alarms.standing == []
    assert [one.getMessage() for one in caplog.records] == ["an attester signs again"]


async def test_one_answer_of_no_use_and_a_block_that_is_not_final_yet_are_nobodys_concern(
    attester: HeededAttester, far: Far, heard: Heard
) -> None:
    for _ in range(3):
        attester.checked(LANE, ProofInvalid("the chain says another head"))
        attester.checked(LANE, None)
    far.cause = NotYet("block 7 is not final here")
    await ask(attester, times=5)

    assert heard.alarms == []


@pytest.mark.parametrize(("says", "alarms"), [(ACCOUNT, 1), (None, 0), (Address(b"\x42" * 20), 0)])
async def test_one_whose_answer_is_none_is_told_here_only_where_it_is_there_as_itself(
    attester: HeededAttester, far: Far, heard: Heard, says: Address | None, alarms: int
) -> None:
    """Else `attester_watch` tells of it."""
    far.cause, far.says = RpcUnavailable(f"{NAME} answered HTTP 500 with what is no attestation", endpoint=NAME), says

    await ask(attester)

    assert len(heard.alarms) == alarms


async def test_one_that_is_there_and_never_signs_is_alarmed_with_what_to_look_for(
    attester: HeededAttester, far: Far, heard: Heard
) -> None:
    far.cause = RpcUnavailable(f"{NAME} did not answer within 30 s", endpoint=NAME)

    await ask(attester, times=5)

    (alarm,) = heard.alarms
    said = f"attester {checksum(ACCOUNT)} gives no signature that counts: {NAME} did not answer within 30 s. Have "
    assert alarm.what.startswith(said)
    assert "see what holds it up" in alarm.what


async def test_one_that_signs_late_again_and_again_is_alarmed_until_it_signs_in_time(
    attester: HeededAttester, far: Far, heard: Heard
) -> None:
    far.cause, far.seconds = None, 20
    await sign(attester, times=5)
    late = list(attester.alarms.standing)
    far.seconds = 1
    await sign(attester, times=1)

    (alarm,) = heard.alarms
    assert f"{NAME} signed after 20 s" in alarm.what
    assert "see what holds it up" in alarm.what
    assert (len(late), attester.alarms.standing) == (1, [])


async def test_one_signature_that_is_late_is_nobodys_concern(attester: HeededAttester, far: Far, heard: Heard) -> None:
    far.cause = None
    for _ in range(3):
        far.seconds = 20
        await sign(attester, times=1)
        far.seconds = 1
        await sign(attester, times=1)

    assert heard.alarms == []


async def test_refusing_signing_late_and_signing_nothing_are_one_alarm(
    attester: HeededAttester, far: Far, heard: Heard
) -> None:
    await ask(attester)
    far.cause = RpcUnavailable(f"{NAME} did not answer within 30 s", endpoint=NAME)
    await ask(attester)
    far.cause, far.seconds = None, 20
    await sign(attester)

    assert len(heard.alarms) == len(attester.alarms.standing) == 1


async def test_a_question_that_nobody_waits_for_goes_on_and_a_second_about_the_same_log_is_ended(
    attester: HeededAttester,
) -> None:
    over = asyncio.Event()
    first, second, of_another = (asyncio.create_task(over.wait()) for _ in range(3))

    attester.late(LANE, first)
    attester.late(LANE, second)
    attester.late(RECEIPTS, of_another)
    await asyncio.wait([second], timeout=PATIENCE_SECONDS)
    over.set()

    assert second.cancelled()
    assert (await first, await of_another) == (True, True)


async def test_what_nobody_waits_for_ends_when_it_is_closed(attester: HeededAttester) -> None:
    question = asyncio.create_task(asyncio.Event().wait())
    attester.late(LANE, question)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await attester.close()

    assert question.cancelled()

"""An attester that is there and signs nothing that counts is one alarm by its account, until it signs well again."""

import logging

import pytest
from attrs import define, field

from tests.heard import Heard
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
    """An attester that refuses. Implements `xl2.ports.RemoteAttester`."""

    cause: Xl2Error = field(factory=lambda: Refused("it attests no logs of chain 901"))
    #: Who it says it is; None: it is down.
    says: Address | None = ACCOUNT
    address: Address = ACCOUNT
    name: str = NAME

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        del log, at, count
        raise self.cause

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
def far() -> Far:
    return Far()


@pytest.fixture
def attester(far: Far, heard: Heard) -> HeededAttester:
    return HeededAttester(inner=far, alarms=Alarms(heard, ManualClock().steady))


async def ask(attester: HeededAttester, times: int = 2) -> None:
    for _ in range(times):
        with pytest.raises((Refused, RpcUnavailable, NotYet)):
            await attester.attest(LANE, BlockNumber(7))


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

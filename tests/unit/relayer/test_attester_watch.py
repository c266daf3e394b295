"""An attester that does not answer, or answers as another, is told by its account, once; so is its coming back."""

import logging

import pytest
from attrs import define, field

from tests.heard import Heard
from xl2.core.types import Address, BlockNumber, checksum
from xl2.errors import NotYet, RpcUnavailable
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind, Log, SignedHead
from xl2.relayer.attester_watch import AttesterWatch, Quorum
from xl2.testing import ManualClock

ONE, TWO, THREE, HERE = (Address(bytes((number,)) * 20) for number in (1, 2, 3, 4))


@define
class Far:
    """An attester that is up or down. Implements `xl2.ports.RemoteAttester`."""

    address: Address
    #: Who it says it is; None: it is down.
    says: Address | None = field(default=None)
    is_closed: bool = False

    def __attrs_post_init__(self) -> None:
        self.says = self.address

    @property
    def name(self) -> str:
        return f"http://attester-{self.address[0]}:17001"

    async def answers_as(self) -> Address:
        if self.says is None:
            raise RpcUnavailable(f"{self.name} cannot be reached", endpoint=self.name)
        return self.says

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        raise NotYet(f"nobody asks for {count} entries of {log} at {at}")

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def attesters() -> list[Far]:
    return [Far(address=one) for one in (ONE, TWO, THREE)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def watch(heard: Heard, attesters: list[Far], clock: ManualClock) -> AttesterWatch:
    quorum = Quorum(chain="b", signers=frozenset((ONE, TWO, THREE, HERE)), threshold=3)
    alarms = Alarms(heard, clock.steady)
    return AttesterWatch(attesters=attesters, here=[HERE], quorums=[quorum], clock=clock, alarms=alarms)


async def test_one_that_stays_silent_is_one_alarm_by_its_account_and_again_after_an_hour(
    watch: AttesterWatch, heard: Heard, attesters: list[Far], clock: ManualClock
) -> None:
    attesters[0].says = None
    for _ in range(5):
        await watch.look()
    told = list(heard.alarms)
    clock.advance(3_600)
    await watch.look()

    (alarm,) = told
    assert (alarm.kind, alarm.endpoint) == (AlarmKind.PROVIDER_DOWN, attesters[0].name)
    assert alarm.what.startswith(f"attester {checksum(ONE)} does not answer: {attesters[0].name} cannot be reached")
    assert "the others are enough" in alarm.what
    assert "correct attester.urls" in alarm.what
    assert len(heard.alarms) == 2


async def test_where_too_few_are_left_the_alarm_says_for_which_chain(
    watch: AttesterWatch, heard: Heard, attesters: list[Far]
) -> None:
    attesters[0].says = attesters[1].says = None
    for _ in range(2):
        await watch.look()

    assert len(heard.alarms) == 2
    assert all("chain b has 2 of 3 needed" in alarm.what for alarm in heard.alarms)


async def test_one_look_in_vain_is_nobodys_concern(watch: AttesterWatch, heard: Heard, attesters: list[Far]) -> None:
    for _ in range(3):
        attesters[0].says = None
        await watch.look()
        attesters[0].says = ONE
        await watch.look()

    assert heard.alarms == []


async def test_one_that_answers_as_another_is_told_with_both_accounts(
    watch: AttesterWatch, heard: Heard, attesters: list[Far]
) -> None:
    attesters[0].says = TWO
    for _ in range(2):
        await watch.look()

    (alarm,) = heard.alarms
    assert f"attester {checksum(ONE)} does not answer: " in alarm.what
    assert f"answers as {checksum(TWO)}" in alarm.what
    assert "Correct attester.urls" in alarm.what


async def test_one_that_answers_again_is_a_line_and_the_next_silence_a_new_alarm(
    watch: AttesterWatch, heard: Heard, attesters: list[Far], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for says in (None, None, ONE, ONE, None, None):
        attesters[0].says = says
        await watch.look()

    assert len(heard.alarms) == 2
    assert [record.getMessage() for record in caplog.records] == ["an attester answers again"]


async def test_where_nobody_is_asked_by_url_the_watch_ends_and_costs_nothing(heard: Heard, clock: ManualClock) -> None:
    before = clock.steady()

    await AttesterWatch(attesters=[], here=[HERE], quorums=[], clock=clock, alarms=Alarms(heard)).run()

    assert clock.steady() == before

"""An attester that takes questions over HTTP and hangs: who has enough signatures goes on, a person hears its name."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest
from attrs import define, field, frozen

from tests.attesters import honest, log_of, prover, world_with_a_message
from tests.heard import Heard
from tests.waiting import PATIENCE_SECONDS, until
from xl2.attester.attest import HeadAttester
from xl2.attester.service import serve
from xl2.core.types import Address, BlockNumber, checksum
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Attester, Log, Shown, SignedHead
from xl2.relayer.attester_heed import HeededAttester
from xl2.testing import ManualClock, World
from xl2_adapters import attested
from xl2_adapters.attested import AttestedProver
from xl2_adapters.attester_http import HttpAttester

#: So many of the five must sign.
ENOUGH = 3
#: Who waits so long has not gone on.
FOR_EVER = 3_600.0


@define
class Gated:
    """An attester behind a gate: shut, it is one whose own endpoint hangs. Implements `xl2.ports.Attester`."""

    inner: HeadAttester
    gate: asyncio.Event = field(factory=asyncio.Event)
    asked: asyncio.Event = field(factory=asyncio.Event)

    @property
    def address(self) -> Address:
        return self.inner.address

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        self.asked.set()
        await self.gate.wait()
        return await self.inner.attest(log, at, count)


@frozen
class Far:
    """A prover that asks over HTTP: as many as must sign, who do, and one more."""

    world: World
    prover: AttestedProver
    odd: Gated
    url: str
    heard: Heard
    alarms: Alarms

    async def show(self) -> Shown:
        async with asyncio.timeout(PATIENCE_SECONDS):
            shown = await self.prover.show(log_of(self.world), 1, BlockNumber(9))
        assert isinstance(shown, Shown)
        return shown

    async def told(self) -> list[Alarm] | None:
        """Ask; all alarms, once there are any."""
        await self.show()
        return self.heard.alarms or None

    async def is_well(self) -> bool | None:
        """Ask; whether no alarm stands."""
        await self.show()
        return not self.alarms.standing or None


Asking = Callable[[float], AbstractAsyncContextManager[Far]]


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Given for how long each is waited for."""
    monkeypatch.setattr(attested, "_LATE_SECONDS", FOR_EVER)

    @asynccontextmanager
    async def opened(seconds: float) -> AsyncIterator[Far]:
        world, heard, clock = await world_with_a_message(), Heard(), ManualClock()
        alarms = Alarms(heard, clock.steady)
        *good, inner = honest(world)[: ENOUGH + 1]
        odd = Gated(inner)
        all_of_them: list[Attester] = [*good, odd]
        async with AsyncExitStack() as stack:
            urls = [(await stack.enter_async_context(serve(one))).url for one in all_of_them]
            stack.callback(odd.gate.set)
            attesters = []
            for one, url in zip(all_of_them, urls, strict=True):
                limit = seconds if one is odd else FOR_EVER
                asked = HttpAttester(url, one.address, timeout_seconds=limit)
                heeded = HeededAttester(inner=asked, clock=clock, alarms=alarms)
                stack.push_async_callback(heeded.close)
                attesters.append(heeded)
            yield Far(world, prover(world, attesters), odd, urls[-1], heard, alarms)

    return opened


async def test_who_has_enough_signatures_waits_for_nobody(asking: Asking) -> None:
    async with asking(FOR_EVER) as far:
        first = await far.show()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await far.odd.asked.wait()

        assert await far.show() == first

        assert not far.odd.gate.is_set()
    assert len(first.trusted) == ENOUGH


async def test_one_that_hangs_is_one_alarm_by_its_account_until_it_signs_again(asking: Asking) -> None:
    async with asking(0.5) as far:
        (alarm,) = await until(far.told, "an alarm about the one that hangs")
        far.odd.gate.set()
        await until(far.is_well, "that it signs again")

    assert (alarm.kind, alarm.endpoint) == (AlarmKind.PROVIDER_DOWN, far.url)
    assert (
        f"attester {checksum(far.odd.address)} gives no signature that counts: {far.url} did not answer" in alarm.what
    )
    assert "see what holds it up" in alarm.what
    assert len(far.heard.alarms) == 1


async def test_what_comes_late_is_checked_all_the_same(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    found: asyncio.Queue[Address] = asyncio.Queue()
    checked = HeededAttester.checked

    def seen(attester: HeededAttester, log: Log, wrong: None) -> None:
        checked(attester, log, wrong)
        found.put_nowait(attester.address)

    monkeypatch.setattr(HeededAttester, "checked", seen)
    async with asking(FOR_EVER) as far:
        await far.show()
        far.odd.gate.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            addresses = {await found.get() for _ in range(ENOUGH + 1)}

    assert far.odd.address in addresses

"""Readings: a chain that falls silent is told of once, by name, and stands as not ready until it answers again."""

import pytest
from attrs import define, field

from xl2.app.reading import Readings
from xl2.core.evidence import Finality
from xl2.core.types import Address, ChainId
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Block, Unobserved
from xl2.store import SqliteStore
from xl2.testing import ManualClock
from xl2.testing.world import World

PAYER = Address(b"\x11" * 20)


@define
class Heard(Unobserved):
    """Alarms that were told."""

    alarms: list[Alarm] = field(factory=list)

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)


async def test_a_chain_that_does_not_answer_is_told_of_once_by_name_and_again_after_it_was_well() -> None:
    heard, world, ok = Heard(), World(), []
    async with SqliteStore(":memory:") as store:
        readings = Readings(
            chains={ChainId(901): (world.chain(901), PAYER), ChainId(902): (world.chain(902), PAYER)},
            origins={},
            store=store,
            clock=ManualClock(now=1_700_000_000.0),
            name=lambda chain: f"op-{chain}",
            alarms=Alarms(heard),
        )
        for is_down in (False, True, True, False, True):
            world.chain(902).is_down = is_down
            await readings.read()
            ok.append([check.ok for check in readings.checks()])

    assert ok == [[True, True], [True, False], [True, False], [True, True], [True, False]]
    assert [(one.kind, one.chain) for one in heard.alarms] == [(AlarmKind.PROVIDER_DOWN, 902)] * 2
    assert heard.alarms[0].what.startswith("chain op-902 does not answer: the node of chain 902 is down; lanes that")
    assert "Check that the endpoint is up" in heard.alarms[0].what


async def test_a_chain_that_makes_no_blocks_any_more_is_told_of_once() -> None:
    heard, world, clock = Heard(), World(), ManualClock(now=1_700_000_000.0)
    chain = world.chain(901)
    async with SqliteStore(":memory:") as store:
        readings = Readings(
            chains={ChainId(901): (chain, PAYER)},
            origins={},
            store=store,
            clock=clock,
            name=lambda chain: f"op-{chain}",
            alarms=Alarms(heard),
        )
        for _ in range(4):
            await readings.read()
            await clock.sleep(200)

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.chain) == (AlarmKind.PROVIDER_DOWN, 901)
    assert alarm.what.startswith("the latest block of chain op-901 is")
    assert "Compare with another endpoint" in alarm.what


async def test_finality_that_stands_still_while_blocks_go_on_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, chain, clock = Heard(), World().chain(901), ManualClock(now=1_700_000_000.0)
    chain.mine(9)
    head, stands = chain.head, await chain.head(Finality.FINALIZED)

    async def frozen(finality: Finality) -> Block:
        return stands if finality is Finality.FINALIZED else await head(finality)

    monkeypatch.setattr(chain, "head", frozen)
    async with SqliteStore(":memory:") as store:
        readings = Readings(
            chains={ChainId(901): (chain, PAYER)},
            origins={},
            store=store,
            clock=clock,
            name=lambda chain: f"op-{chain}",
            alarms=Alarms(heard),
        )
        for _ in range(50):
            await readings.read()
            await clock.sleep(100)
            chain.mine()

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.chain) == (AlarmKind.PROVIDER_DOWN, 901)
    assert alarm.what.startswith(f"the finalized block of chain op-901 is {stands.number} for 3700 s")
    assert "Compare with another endpoint" in alarm.what

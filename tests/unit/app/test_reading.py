"""Readings: a chain that falls silent is told of once, by name, and stands as not ready until it answers again."""

from typing import Any

import pytest

from tests.heard import Heard
from xl2.app.reading import Readings
from xl2.core.evidence import Finality
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.flow.alarms import Alarms
from xl2.operator.values import ChainReading
from xl2.ports import AlarmKind, Block
from xl2.store import SqliteStore
from xl2.testing import ManualClock
from xl2.testing.world import World

PAYER = Address(b"\x11" * 20)


def readings(heard: Heard, world: World, store: SqliteStore, clock: ManualClock, *chains: int, **own: Any) -> Readings:
    """Of chains where PAYER pays."""
    parts: dict[str, Any] = {"origins": {}, "payee": None, "told": lambda _: None, **own}
    return Readings(
        chains={ChainId(one): (world.chain(one), PAYER) for one in chains},
        store=store,
        clock=clock,
        name=lambda chain: f"op-{chain}",
        alarms=Alarms(heard),
        **parts,
    )


async def test_a_chain_that_does_not_answer_is_told_of_once_by_name_and_again_after_it_was_well() -> None:
    heard, world, ok = Heard(), World(), []
    async with SqliteStore(":memory:") as store:
        looking = readings(heard, world, store, ManualClock(now=1_700_000_000.0), 901, 902)
        for is_down in (False, True, True, False, True):
            world.chain(902).is_down = is_down
            await looking.read()
            ok.append([check.ok for check in looking.checks()])

    assert ok == [[True, True], [True, False], [True, False], [True, True], [True, False]]
    assert [(one.kind, one.chain) for one in heard.alarms] == [(AlarmKind.PROVIDER_DOWN, 902)] * 2
    assert heard.alarms[0].what.startswith("chain op-902 does not answer: the node of chain 902 is down; lanes that")
    assert "Check that the endpoint is up" in heard.alarms[0].what


async def test_a_chain_that_makes_no_blocks_any_more_is_told_of_once() -> None:
    heard, world, clock = Heard(), World(), ManualClock(now=1_700_000_000.0)
    async with SqliteStore(":memory:") as store:
        looking = readings(heard, world, store, clock, 901)
        for _ in range(4):
            await looking.read()
            await clock.sleep(200)

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.chain) == (AlarmKind.PROVIDER_DOWN, 901)
    assert alarm.what.startswith("the latest block of chain op-901 is")
    assert "Compare with another endpoint" in alarm.what


async def test_finality_that_stands_still_while_blocks_go_on_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, world, clock = Heard(), World(), ManualClock(now=1_700_000_000.0)
    chain = world.chain(901)
    chain.mine(9)
    head, stands = chain.head, await chain.head(Finality.FINALIZED)

    async def frozen(finality: Finality) -> Block:
        return stands if finality is Finality.FINALIZED else await head(finality)

    monkeypatch.setattr(chain, "head", frozen)
    async with SqliteStore(":memory:") as store:
        looking = readings(heard, world, store, clock, 901)
        for _ in range(50):
            await looking.read()
            await clock.sleep(100)
            chain.mine()

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.chain) == (AlarmKind.PROVIDER_DOWN, 901)
    assert alarm.what.startswith(f"the finalized block of chain op-901 is {stands.number} for 3700 s")
    assert "Compare with another endpoint" in alarm.what


async def test_whoever_earns_is_read_where_something_can_be_earned_and_each_reading_is_told() -> None:
    world, told = World(), list[ChainReading]()
    payee = Address(b"\x22" * 20)
    world.chain(901).funds[payee] = Wei(7)
    world.chain(901).earn(payee, Wei(1_000))
    async with SqliteStore(":memory:") as store:
        for one in (payee, None):
            origins = {ChainId(901): world.chain(901)}
            clock = ManualClock(now=1_700_000_000.0)
            await readings(Heard(), world, store, clock, 901, 902, origins=origins, payee=one, told=told.append).read()

    of = {(int(one.chain), one.earner): one for one in told}
    assert set(of) == {(901, checksum(payee)), (901, checksum(PAYER)), (902, None)}
    assert (of[901, checksum(payee)].earner_balance, of[901, checksum(payee)].claimable) == (7, 1_000)
    assert of[901, checksum(PAYER)].earner_balance == of[901, checksum(PAYER)].balance
    assert (of[902, None].name, of[902, None].claimable) == ("op-902", 0)

"""What stands: alarms that are not over, endpoints that are left aside, and chains whose endpoints quarrel."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define

from tests.heard import Heard
from xl2.app.reading import Readings
from xl2.app.standing import Standings
from xl2.core.types import Address, ChainId, Wei
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, EndpointState, Observer
from xl2.store import SqliteStore
from xl2.testing import ManualClock


@define
class Quarrelsome:
    """Endpoints of a chain as they stand. Implements `xl2.ports.Endpoints`."""

    endpoints: Sequence[EndpointState]
    quarrel: str
    quorum: int = 2

    async def look_at_endpoints(self) -> Sequence[EndpointState]:
        return self.endpoints

    def report_to(self, observer: Observer) -> None:
        """Nobody is told."""

    async def wake_on_heads(self, wake: Callable[[], None]) -> None:
        """Nobody is woken."""


async def test_what_was_told_and_is_not_over_stands_with_since_when() -> None:
    clock = ManualClock(now=1_700_000_000.0)
    alarms = Alarms(Heard(), clock.steady)
    low = Alarm(kind=AlarmKind.LOW_BALANCE, what="the purse is low: fill it", chain=ChainId(901), value=Wei(5))
    async with SqliteStore(":memory:") as store:
        standings = Standings(store=store, clock=clock, name=str, alarms=alarms)
        alarms.tell("low", low)
        await clock.sleep(90)
        (told,) = await standings.all()
        alarms.well("low")
        after = await standings.all()

    assert (told.kind, told.what, told.chain, told.value) == ("low-balance", low.what, 901, 5)
    assert (told.since, told.lane, told.endpoint) == (1_700_000_000.0, None, None)
    assert after == []


async def test_an_endpoint_that_is_left_aside_and_a_quarrel_stand_until_they_are_over() -> None:
    clock = ManualClock()
    liar = EndpointState(name="http://one", aside="it said another block", alarm=AlarmKind.RPC_DISAGREEMENT)
    chain: Any = Quarrelsome([liar, EndpointState(name="http://two")], "two blocks at height 7")
    async with SqliteStore(":memory:") as store:
        alarms = Alarms(Heard())
        readings = Readings(
            chains={ChainId(901): (chain, Address(bytes(20)))}, origins={}, payee=None, store=store, clock=clock,
            name=lambda _: "op-a", alarms=alarms, told=lambda _: None,
        )  # fmt: skip
        standings = Standings(store=store, clock=clock, name=readings.name, alarms=alarms, readings=readings)
        aside, quarrel = await standings.all()
        chain.endpoints, chain.quarrel = [EndpointState(name="http://one")], ""
        after = await standings.all()

    assert (aside.kind, aside.endpoint, aside.since) == ("rpc-disagreement", "http://one", None)
    assert aside.what == "endpoint http://one of chain op-a is left aside: it said another block"
    assert (quarrel.kind, quarrel.chain) == ("rpc-disagreement", 901)
    assert quarrel.what == "the endpoints of chain op-a do not agree: two blocks at height 7"
    assert after == []

"""Metrics: what happened is counted once, under names of few values, and nothing names a message."""

import re

from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from tests.unit.operator.desk_scene import scene
from xl2.core.lifecycle import Event
from xl2.core.types import BlockNumber, ChainId, Wei
from xl2.errors import NotYet
from xl2.operator.metrics import OUTCOMES, Metrics
from xl2.operator.values import ChainReading, Lanes, StandingAlarms
from xl2.ports import Alarm, AlarmKind, Call, Happening, TxReceipt

LANE = factories.lane()
NAME = {"lane": "901-902-settled"}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The sample of this name and labels."""
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


def happening(number: int, event: Event) -> Happening:
    return Happening(id=factories.some_id(number), event=event, chain=LANE.destination)


def test_messages_are_counted_by_what_became_of_them() -> None:
    metrics = Metrics("1")
    metrics.moved(LANE, [happening(number, Event.ORIGIN_FINAL) for number in range(3)])
    metrics.moved(LANE, [happening(number, Event.HEAD_SHOWN) for number in range(3)])
    metrics.moved(LANE, [happening(0, Event.DELIVERY), happening(1, Event.DELIVERY), happening(2, Event.FAILURE)])

    assert value(metrics, "xl2_messages_total", **NAME, outcome="observed") == 3
    assert value(metrics, "xl2_messages_total", **NAME, outcome="delivered") == 2
    assert value(metrics, "xl2_messages_total", **NAME, outcome="failed") == 1
    assert value(metrics, "xl2_stage_seconds_count", **NAME, stage="deliver") == 3
    assert value(metrics, "xl2_stage_seconds_count", **NAME, stage="prove") == 3


def test_a_stay_whose_beginning_nobody_saw_is_not_timed() -> None:
    metrics = Metrics("1")
    metrics.moved(LANE, [happening(0, Event.DELIVERY)])

    assert value(metrics, "xl2_stage_seconds_count", **NAME, stage="deliver") is None
    assert value(metrics, "xl2_messages_total", **NAME, outcome="delivered") == 1


def test_a_reorg_counts_once_however_many_messages_it_takes_back() -> None:
    metrics = Metrics("1")
    metrics.moved(LANE, [happening(number, Event.DESTINATION_REORG) for number in range(9)])

    assert value(metrics, "xl2_reorgs_total", **NAME, side="destination") == 1


def test_memory_does_not_grow_with_messages_that_stay() -> None:
    metrics = Metrics("1")
    for first in range(0, 60_000, 1_000):
        metrics.moved(LANE, [happening(first + number, Event.ORIGIN_FINAL) for number in range(1_000)])

    assert len(metrics._since) == 50_000


def test_every_kind_of_alarm_stands_at_zero_from_the_start() -> None:
    metrics = Metrics("1")
    metrics.alarmed(Alarm(kind=AlarmKind.FEE_CAP, what="it pays no more"))

    found = {kind: value(metrics, "xl2_alarms_total", kind=kind.value) for kind in AlarmKind}
    assert found == {kind: float(kind is AlarmKind.FEE_CAP) for kind in AlarmKind}


def test_transactions_rests_and_looks_are_counted() -> None:
    metrics = Metrics("1")
    call = Call(chain=LANE.destination, to=LANE.inbox, data=b"", what="deliver")
    receipt = TxReceipt(
        tx_hash=factories.some_hash("t"), block=BlockNumber(1), block_hash=factories.some_hash("b"), succeeded=True,
        gas_used=21_000, cost=Wei(2**70),
    )  # fmt: skip
    metrics.submitted(call, receipt)
    metrics.rested(LANE, "prove", NotYet("no head"), 3.0)
    metrics.looked(LANE, "prove", busy=False, seconds=0.25)

    assert value(metrics, "xl2_transactions_total", chain="902", outcome="succeeded") == 1
    assert value(metrics, "xl2_transaction_cost_wei_total", chain="902") == float(2**70)
    assert value(metrics, "xl2_rests_total", **NAME, room="prove", code="NotYet") == 1
    assert value(metrics, "xl2_look_seconds_total", room="prove") == 0.25


async def test_what_may_happen_to_a_lane_or_on_a_chain_stands_at_zero_before_so_that_the_first_is_an_increase() -> None:
    metrics = Metrics("1")
    async with scene() as at:
        metrics.stands(await at.desk.lanes(), at.clock.now())
    metrics.read(reading(balance=1, earner=None))

    assert {value(metrics, "xl2_messages_total", **NAME, outcome=one) for one in OUTCOMES.values()} == {0.0}
    assert {value(metrics, "xl2_reorgs_total", **NAME, side=side) for side in ("origin", "destination")} == {0.0}
    for outcome in ("succeeded", "reverted"):
        assert value(metrics, "xl2_transactions_total", chain="901", outcome=outcome) == 0
    for name in ("xl2_tx_bumps_total", "xl2_transaction_gas_total", "xl2_transaction_cost_wei_total"):
        assert value(metrics, name, chain="901") == 0


def test_the_newest_block_grows_older_also_while_nobody_can_read_it() -> None:
    now = 100.0
    metrics = Metrics("1", steady=lambda: now)
    metrics.read(reading(balance=1, earner=None))
    now = 700.0
    metrics.stands(Lanes(lanes=()), 0.0)

    assert value(metrics, "xl2_chain_head_age_seconds", chain="901") == 601


async def test_the_backlog_is_what_the_store_holds_now_and_a_lane_that_went_is_gone() -> None:
    metrics = Metrics("1")
    async with scene() as at:
        await at.store.pause(LANE, "audit", "operator", 1.0)
        metrics.stands(await at.desk.lanes(), at.clock.now() + 60)
    stood = [
        value(metrics, "xl2_backlog_size", **NAME, state="observed"),
        value(metrics, "xl2_oldest_pending_seconds", **NAME),
        value(metrics, "xl2_lane_paused", **NAME),
    ]
    async with scene(settled=0, attested=0, carried=tuple) as at:
        metrics.stands(await at.desk.lanes(), at.clock.now())

    assert stood == [5, 60, 1]
    assert value(metrics, "xl2_backlog_size", **NAME, state="observed") is None


def reading(*, balance: int, earner: str | None, earner_balance: int = 0, claimable: int = 0) -> ChainReading:
    """Of a chain where 0xa pays."""
    return ChainReading(
        chain=ChainId(901), name="op-a", heads={"latest": 7}, head_age_seconds=1.0, account="0xa", balance=balance,
        earner=earner, earner_balance=earner_balance, claimable=claimable, open_nonces=2,
    )  # fmt: skip


def spent(metrics: Metrics, cost: int) -> None:
    """A transaction on that chain."""
    receipt = TxReceipt(
        tx_hash=factories.some_hash("t"), block=BlockNumber(1), block_hash=factories.some_hash("b"), succeeded=True,
        gas_used=21_000, cost=Wei(cost),
    )  # fmt: skip
    metrics.submitted(Call(chain=ChainId(901), to=LANE.inbox, data=b"", what="deliver"), receipt)


def test_whoever_pays_and_earns_has_earned_what_came_and_profits_by_that_less_gas() -> None:
    metrics = Metrics("1")
    has = 10**18
    metrics.read(reading(balance=has, earner="0xa", earner_balance=has))
    spent(metrics, 300)
    metrics.read(reading(balance=has - 300, earner="0xa", earner_balance=has - 300, claimable=1_000))
    before = [
        value(metrics, "xl2_earned_wei", chain="901", account="0xa"),
        value(metrics, "xl2_profit_wei", chain="901"),
    ]
    # What is claimed was earned before.
    spent(metrics, 50)
    metrics.read(reading(balance=has + 650, earner="0xa", earner_balance=has + 650))

    assert before == [1_000, 700]
    assert value(metrics, "xl2_earned_wei", chain="901", account="0xa") == 1_000
    assert value(metrics, "xl2_profit_wei", chain="901") == 650
    assert value(metrics, "xl2_nonce_gap", chain="901") == 2


def test_a_payee_is_named_with_what_he_earned_and_what_he_may_claim() -> None:
    metrics = Metrics("1")
    metrics.read(reading(balance=10**18, earner="0xb", earner_balance=5, claimable=100))
    spent(metrics, 300)
    metrics.read(reading(balance=10**18 - 300, earner="0xb", earner_balance=105, claimable=1_000))

    assert value(metrics, "xl2_claimable_wei", chain="901", account="0xb") == 1_000
    assert value(metrics, "xl2_earned_wei", chain="901", account="0xb") == 1_000
    assert value(metrics, "xl2_profit_wei", chain="901") == 700
    assert value(metrics, "xl2_wallet_balance", chain="901", account="0xb") is None


def test_where_nothing_can_be_earned_only_gas_counts() -> None:
    metrics = Metrics("1")
    for balance in (1_000, 900):
        metrics.read(reading(balance=balance, earner=None))

    assert value(metrics, "xl2_profit_wei", chain="901") == -100
    assert "xl2_claimable_wei{" not in metrics.text().decode()
    assert "xl2_earned_wei{" not in metrics.text().decode()


async def test_an_alarm_stands_as_long_as_it_is_not_over() -> None:
    metrics = Metrics("1")
    async with scene() as at:
        await at.store.pause(LANE, "a final block is gone", "incident", 1.0)
        metrics.alarmed_now(await at.desk.alarms())
    stood = {kind: value(metrics, "xl2_alarm_standing", kind=kind.value) for kind in AlarmKind}
    metrics.alarmed_now(StandingAlarms(alarms=()))

    assert stood == {kind: float(kind is AlarmKind.DEEP_REORG) for kind in AlarmKind}
    assert value(metrics, "xl2_alarm_standing", kind="deep-reorg") == 0


def test_no_label_holds_a_message_or_a_hash() -> None:
    metrics = Metrics("1")
    metrics.moved(LANE, [happening(0, Event.ORIGIN_FINAL)])
    metrics.alarmed(Alarm(kind=AlarmKind.STUCK_MESSAGE, what="stuck", lane=LANE, ids=(factories.some_id(0),)))

    assert not re.search("[0-9a-f]{64}", metrics.text().decode())

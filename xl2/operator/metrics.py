"""
Metrics: what a relayer does, counted; and what its store and chains say when somebody looks.

Promise: an own registry, names of `docs/operations/metrics.md` and no others, labels of few values only (lanes, chains,
states; never a message). Counting returns at once and raises nothing. Implements `xl2.ports.Observer`.
"""

import time
from collections import Counter as CountOf
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event
from xl2.core.types import ChainId, MessageId
from xl2.errors import Xl2Error
from xl2.operator.values import ChainReading, Lanes, StandingAlarms
from xl2.ports import Alarm, AlarmKind, Call, EndpointState, Happening, TxReceipt

#: What an event makes of a message, as `xl2_messages_total` counts it.
OUTCOMES: Final = {
    Event.ORIGIN_FINAL: "observed",
    Event.DELIVERY: "delivered",
    Event.FAILURE: "failed",
    Event.EXPIRY_RECORDED: "expired",
    Event.DESTINATION_FINAL: "confirmed",
    Event.SETTLEMENT: "settled",
}
#: The room that an event ends the stay in.
_STAGES: Final = {
    Event.HEAD_SHOWN: "prove",
    Event.DELIVERY: "deliver",
    Event.FAILURE: "deliver",
    Event.DESTINATION_FINAL: "confirm",
    Event.SETTLEMENT: "settle",
}
_REORGS: Final = {
    Event.ORIGIN_REORG: "origin",
    Event.DESTINATION_REORG: "destination",
    Event.SETTLEMENT_REORG: "origin",
}
#: By whether a transaction succeeded, as `xl2_transactions_total` counts it.
_TX_OUTCOMES: Final = {True: "succeeded", False: "reverted"}
_SECONDS: Final = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800)
#: Messages whose stay in a room is timed; older ones are forgotten, so that a long queue costs no memory.
_TIMED: Final = 50_000


class Metrics(Collector):
    """Counts. One for a process."""

    def __init__(self, version: str, steady: Callable[[], float] = time.monotonic) -> None:
        """`version`: of the program, as a label. `steady`: seconds of a clock that never jumps."""
        # When a series began is of no use here, and doubles them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._steady = steady
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        def gauge(name: str, what: str, labels: Iterable[str] = ()) -> Gauge:
            return Gauge(name, what, labels, registry=registry)

        def counter(name: str, what: str, labels: Iterable[str] = ()) -> Counter:
            return Counter(name, what, labels, registry=registry)

        gauge("xl2_build", "1, with the version of the program.", ["version"]).labels(version).set(1)
        self._ready = gauge("xl2_ready", "1 while everything holds that /readyz looks at.")
        self._backlog = gauge("xl2_backlog_size", "Messages by lane and state.", ["lane", "state"])
        self._oldest = gauge("xl2_oldest_pending_seconds", "Age of the oldest stay of a message not over.", ["lane"])
        self._paused = gauge("xl2_lane_paused", "1 while a lane is paused.", ["lane"])
        self._stages = Histogram(
            "xl2_stage_seconds", "Stay of messages in a room.", ["lane", "stage"], buckets=_SECONDS, registry=registry
        )
        self._messages = counter("xl2_messages", "Messages by what became of them.", ["lane", "outcome"])
        self._looks = counter("xl2_looks", "Looks into rooms; busy: there was something to do.", ["room", "busy"])
        self._look_seconds = counter("xl2_look_seconds", "Time that looks took.", ["room"])
        self._rests = counter("xl2_rests", "Rooms that rest after an error, by its name.", ["lane", "room", "code"])
        self._reorgs = counter("xl2_reorgs", "Reorgs that took messages of a lane back.", ["lane", "side"])
        self._shown = gauge("xl2_root_age_seconds", "Since evidence for a lane was last at hand.",
                            ["origin", "destination", "assurance"])  # fmt: skip
        self._txs = counter("xl2_transactions", "Transactions of ours that were included.", ["chain", "outcome"])
        self._gas = counter("xl2_transaction_gas", "Gas that they took.", ["chain"])
        self._cost = counter("xl2_transaction_cost_wei", "What they cost, data fees and all.", ["chain"])
        self._bumps = counter("xl2_tx_bumps", "Transactions replaced because they were stuck.", ["chain"])
        self._nonce_gap = gauge("xl2_nonce_gap", "Nonces signed and not included.", ["chain"])
        self._balance = gauge("xl2_wallet_balance", "Balance of the account that pays, in wei.", ["chain", "account"])
        self._claimable = gauge("xl2_claimable_wei", "Fees earned and not claimed.", ["chain", "account"])
        self._earned = gauge(
            "xl2_earned_wei", "What came to the account that earns since the start; transfers count too.",
            ["chain", "account"],
        )  # fmt: skip
        self._profit = gauge("xl2_profit_wei", "The same, less what gas cost; transfers count too.", ["chain"])
        self._head = gauge("xl2_chain_head", "Newest block.", ["chain", "finality"])
        self._head_age = gauge("xl2_chain_head_age_seconds", "Age of the newest block by our clock.", ["chain"])
        self._aside = gauge("xl2_endpoint_aside", "1 while an endpoint is left aside.", ["chain", "endpoint"])
        self._traffic: Mapping[tuple[str, str, str], int] = {}
        registry.register(self)
        self._alarms = counter("xl2_alarms", "Alarms that a person should look at.", ["kind"])
        for kind in AlarmKind:
            # From 0 on, so that the first alarm is an increase.
            self._alarms.labels(kind.value)
        self._standing = gauge("xl2_alarm_standing", "Alarms that are not over.", ["kind"])
        self.alarmed_now(StandingAlarms(alarms=()))
        self._since: OrderedDict[MessageId, float] = OrderedDict()
        self._last_shown: dict[Lane, float] = {}
        #: Age of the newest block of each chain, and when it was told.
        self._ages: dict[ChainId, tuple[float, float]] = {}
        #: What payer and earner had of a chain when it was read first.
        self._had: dict[ChainId, tuple[int, int]] = {}
        self._spent: CountOf[ChainId] = CountOf()

    # --- what happens

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """A look ended."""
        del lane
        self._looks.labels(room, str(busy).lower()).inc()
        self._look_seconds.labels(room).inc(max(0.0, seconds))

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """A room rests."""
        del seconds
        self._rests.labels(lane.name, room, cause.code).inc()

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Messages moved."""
        now, name = self._steady(), lane.name
        stage_of = cache(lambda event: self._stages.labels(name, _STAGES[event]))
        for happening in happenings:
            began = self._since.pop(happening.id, None)
            if began is not None and happening.event in _STAGES:
                stage_of(happening.event).observe(now - began)
            if happening.event is not Event.SETTLEMENT:
                self._since[happening.id] = now
        for event, count in CountOf(happening.event for happening in happenings).items():
            if event in OUTCOMES:
                self._messages.labels(name, OUTCOMES[event]).inc(count)
            if event in _REORGS:
                self._reorgs.labels(name, _REORGS[event]).inc()
            if event is Event.HEAD_SHOWN:
                self._last_shown[lane] = now
        while len(self._since) > _TIMED:
            self._since.popitem(last=False)

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """A transaction was included."""
        self._txs.labels(call.chain, _TX_OUTCOMES[receipt.succeeded]).inc()
        self._gas.labels(call.chain).inc(receipt.gas_used)
        self._cost.labels(call.chain).inc(receipt.cost)
        self._spent[call.chain] += receipt.cost

    def replaced(self, chain: ChainId, what: str) -> None:
        """A stuck transaction was replaced."""
        del what
        self._bumps.labels(chain).inc()

    def alarmed(self, alarm: Alarm) -> None:
        """A person should look."""
        self._alarms.labels(alarm.kind.value).inc()

    # --- what is read when somebody looks

    def stands(self, lanes: Lanes, now: float) -> None:
        """How lanes stand."""
        for gauge in (self._backlog, self._oldest, self._paused):
            gauge.clear()
        for lane in lanes.lanes:
            for state, count in lane.states.items():
                self._backlog.labels(lane.name, state).set(count)
            age = 0.0 if lane.oldest_pending is None else max(0.0, now - lane.oldest_pending)
            self._oldest.labels(lane.name).set(age)
            self._paused.labels(lane.name).set(lane.paused is not None)
            # From 0 on, as alarms are: Prometheus sees no increase in a count that begins at 1.
            for outcome in OUTCOMES.values():
                self._messages.labels(lane.name, outcome)
            for side in _REORGS.values():
                self._reorgs.labels(lane.name, side)
        since = self._steady()
        for chain, (age, told) in self._ages.items():
            # The newest block grows older also while nobody can read it.
            self._head_age.labels(chain).set(age + since - told)
        for known, when in self._last_shown.items():
            labels = (known.origin, known.destination, known.assurance.name.lower())
            self._shown.labels(*labels).set(since - when)

    def alarmed_now(self, standing: StandingAlarms) -> None:
        """What is alarmed and not over."""
        counts = CountOf(one.kind for one in standing.alarms)
        for kind in AlarmKind:
            self._standing.labels(kind.value).set(counts[kind.value])

    def read(self, one: ChainReading) -> None:
        """What a chain says now. What is earned counts from the first time, so this is told from the start on."""
        for finality, number in one.heads.items():
            self._head.labels(one.chain, finality).set(number)
        self._head_age.labels(one.chain).set(one.head_age_seconds)
        self._ages[one.chain] = one.head_age_seconds, self._steady()
        for outcome in _TX_OUTCOMES.values():
            self._txs.labels(one.chain, outcome)
        for count in (self._gas, self._cost, self._bumps):
            count.labels(one.chain)
        self._balance.labels(one.chain, one.account).set(one.balance)
        self._nonce_gap.labels(one.chain).set(one.open_nonces)
        earns = one.earner_balance + one.claimable
        is_one = one.earner == one.account
        had, had_earned = self._had.setdefault(one.chain, (one.balance, earns))
        came = earns - had_earned
        if one.earner is not None:
            self._claimable.labels(one.chain, one.earner).set(one.claimable)
            # Who pays has less for each transaction, and earned no less for that.
            earned = came + (self._spent[one.chain] if is_one else 0)
            self._earned.labels(one.chain, one.earner).set(earned)
        paid = 0 if is_one else one.balance - had
        self._profit.labels(one.chain).set(came + paid)

    def endpoints(self, standing: Iterable[tuple[ChainId, EndpointState]]) -> None:
        """How endpoints stand, and what was asked of them so far."""
        traffic: CountOf[tuple[str, str, str]] = CountOf()
        for chain, one in standing:
            self._aside.labels(chain, one.name).set(bool(one.aside))
            for (method, outcome), calls in one.traffic.items():
                traffic[one.name, method, outcome] += calls
        self._traffic = traffic

    def collect(self) -> Iterator[Metric]:
        """What others count, as prometheus_client asks for it."""
        labels = ["endpoint", "method", "outcome"]
        requests = CounterMetricFamily("xl2_rpc_requests", "Calls to endpoints.", labels=labels)
        for key, calls in self._traffic.items():
            requests.add_metric(key, calls)
        yield requests

    def is_ready(self, ready: bool) -> None:
        """Whether everything holds."""
        self._ready.set(ready)

    def text(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self._registry)

"""Pipeline: messages reach their end, whatever is killed on the way, and each is paid for once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.relayer.process import FEE, RECIPIENT, Relayer, put
from tests.waiting import PATIENCE_SECONDS
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered
from xl2.core.types import Address, Timestamp, Wei
from xl2.errors import Fatal, Incident, NotYet, RpcUnavailable, StoreUnavailable
from xl2.ports import Call
from xl2.relayer import open_lanes
from xl2.store import SqliteStore
from xl2.testing import MemoryProver, MemorySigner, World


@pytest.fixture
def relayer(tmp_path: Path) -> Relayer:
    return Relayer(World(), tmp_path / "relayer.sqlite")


async def test_messages_are_delivered_settled_and_paid(relayer: Relayer) -> None:
    await put(relayer, 5)

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 5}
    assert relayer.world.chain(902).state.delivered == {message.id for message in relayer.world.chain(901).state.sent}


@pytest.mark.parametrize(("fee", "stays"), [(10**9, 3 * 10**9), (10**15, 0)])
async def test_earnings_are_paid_out_when_that_is_worth_its_gas(relayer: Relayer, fee: int, stays: int) -> None:
    await put(relayer, 3, fee=Wei(fee))
    relayer.world.chain(901).mine(3)

    await relayer.run_until(State.SETTLED)

    assert await relayer.world.chain(901).credit(MemorySigner.named("relayer").address) == stays


async def test_a_failing_recipient_is_retried_until_it_succeeds(relayer: Relayer) -> None:
    attempts = []

    def recipient(_: object, gas: int) -> bool:
        attempts.append(gas)
        return len(attempts) > 4

    relayer.world.chain(902).recipients[RECIPIENT] = recipient
    await put(relayer, 1, recipient=RECIPIENT)

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 1}


async def test_what_cannot_be_delivered_in_time_is_refunded(relayer: Relayer) -> None:
    relayer.world.chain(902).recipients[RECIPIENT] = lambda *_: False
    tip = (await relayer.world.chain(902).block(0)).timestamp  # type: ignore[arg-type]
    await put(relayer, 2, recipient=RECIPIENT, expiry=Timestamp(tip + 40))

    states = await relayer.run_until(State.REFUNDED)

    assert states == {State.REFUNDED: 2}
    assert await relayer.world.chain(901).credit(Address(b"\x41" * 20)) == 2 * FEE


async def test_a_batch_that_fits_no_transaction_is_cut_in_half(relayer: Relayer) -> None:
    relayer.world.chain(902).message_gas = 4_000_000
    await put(relayer, 11)
    relayer.world.chain(901).mine(3)

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 11}


async def test_a_recipient_that_accepts_other_evidence_is_shown_other_evidence(relayer: Relayer) -> None:
    relayer.world.chain(902).policies[RECIPIENT] = 1 << 129
    relayer.more_provers.append(MemoryProver(home=relayer.world.chain(901), name="other", number=129))
    await put(relayer, 1)
    await put(relayer, 1, recipient=RECIPIENT)
    await put(relayer, 1)

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 3}


async def test_calls_that_evidence_needs_are_made_first(relayer: Relayer) -> None:
    origin, destination = relayer.world.chain(901), relayer.world.chain(902)
    checkpoint = Call(chain=destination.chain, to=RECIPIENT, data=b"", what="keep an l1 block")
    relayer.provers[901] = MemoryProver(home=origin, needs=[[checkpoint]])
    await put(relayer, 1)

    await relayer.run_until(State.SETTLED)

    assert destination.broadcasts[0].endswith(RECIPIENT)


async def test_a_killed_relayer_loses_nothing_and_doubles_nothing(relayer: Relayer) -> None:
    await put(relayer, 3)
    relayer.world.chain(901).mine(3)
    destination = relayer.world.chain(902)
    destination.automine = False

    async with SqliteStore(relayer.path) as store:
        killed = asyncio.ensure_future(relayer.pipeline(store).run(asyncio.Event()))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not destination.broadcasts:
                relayer.world.chain(901).mine()
                await asyncio.sleep(0.005)
        killed.cancel()
        await asyncio.wait([killed])
    destination.forget()
    first = destination.broadcasts[0]
    destination.automine = True
    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 3}
    assert set(destination.broadcasts) == {first}


async def test_a_store_that_was_deleted_is_rebuilt_from_the_chains_alone(relayer: Relayer) -> None:
    await put(relayer, 3)
    await relayer.run_until(State.SETTLED)
    for file in relayer.path.parent.glob(f"{relayer.path.name}*"):
        file.unlink()
    await put(relayer, 2)

    states = await relayer.run_until(State.SETTLED)

    receipts = relayer.world.chain(902).state.receipts_of(relayer.world.lane(901, 902))
    assert states == {State.SETTLED: 5}
    # Each nonce was delivered once: whatever the new store did not know, the inbox did.
    assert sum(one.bitmap.bit_count() for one in receipts if isinstance(one, Delivered)) == 5


async def test_a_delivery_that_a_reorg_takes_is_made_again(relayer: Relayer) -> None:
    await put(relayer, 1)
    destination = relayer.world.chain(902)
    deliveries = 0
    mine = destination.mine

    def mine_and_lose_the_first(blocks: int = 1, seconds: int = 1) -> None:
        nonlocal deliveries
        before = len(destination.state.delivered)
        mine(blocks, seconds)
        if len(destination.state.delivered) > before:
            deliveries += 1
            if deliveries == 1:
                destination.reorg(1)
                mine(3)

    destination.mine = mine_and_lose_the_first  # type: ignore[method-assign]
    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 1}
    assert deliveries == 2


async def test_endpoints_that_fail_now_and_then_only_cost_time(relayer: Relayer) -> None:
    await put(relayer, 2)
    for chain in (901, 902):
        relayer.world.chain(chain).fail(*[RpcUnavailable("down", endpoint="memory")] * 9, NotYet("not yet"))

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 2}


async def test_a_store_that_fails_now_and_then_only_costs_time(
    relayer: Relayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def failing(method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def fails(*values: object) -> object:
            nonlocal calls
            calls += 1
            if calls % 3 == 0:
                raise StoreUnavailable("the disk is full")
            return await method(*values)

        return fails

    for name in (
        "observe", "observe_receipts", "happen", "wait", "postpone", "decline", "mark_settled", "keep", "included",
        "due",
    ):  # fmt: skip
        monkeypatch.setattr(SqliteStore, name, failing(getattr(SqliteStore, name)))
    await put(relayer, 5)

    states = await relayer.run_until(State.SETTLED)

    assert states == {State.SETTLED: 5}


async def test_a_broken_promise_of_a_chain_stops_the_relayer_aloud(relayer: Relayer) -> None:
    async with SqliteStore(relayer.path) as store:
        pipeline = relayer.pipeline(store)
        relayer.world.chain(901).fail(Incident("a final block is gone"))

        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await pipeline.run(asyncio.Event())

    assert raised.group_contains(Fatal, match="a final block is gone")


async def test_lanes_are_listed_only_where_both_ends_agree(relayer: Relayer) -> None:
    chains = [relayer.world.chain(901), relayer.world.chain(902)]

    lanes = await open_lanes(chains)

    assert len(lanes) == 6
    assert relayer.world.lane(901, 902) in lanes

"""Submit: one nonce a call, the journal first, the same bytes after a crash."""

import asyncio

import pytest

from tests.heard import Heard
from tests.unit.flow.payers import ALICE, in_the_pool, submitter, transfer
from tests.unit.flow.walk import until
from xl2.core.types import Hash32
from xl2.errors import Refused, Reverted, RpcRejected, RpcUnavailable, Unaffordable
from xl2.flow.fees import FeeCaps, replacement
from xl2.ports import (
    AlarmKind,
    Broadcast,
    Fees,
    Transaction,
    TxReceipt,
)
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World


async def test_a_call_is_included_and_its_nonce_leaves_the_journal(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)

    receipt = await submitter(chain, store, clock).submit(transfer(chain))

    assert receipt.succeeded
    assert await store.pending(chain.chain, ALICE.address) == []


async def test_the_bytes_are_in_the_journal_before_anybody_sees_them(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    seen: list[int] = []
    broadcast = chain.broadcast

    async def spy(raw: bytes) -> Broadcast:
        seen.append(len(await store.pending(chain.chain, ALICE.address)))
        return await broadcast(raw)

    chain.broadcast = spy  # type: ignore[method-assign]
    await submitter(chain, store, clock).submit(transfer(chain))

    assert seen == [1]


async def test_after_a_crash_the_same_bytes_are_sent_again(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    crashed = await in_the_pool(chain, submitter(chain, store, clock))
    crashed.cancel()
    chain.forget()
    first = chain.broadcasts[0]

    chain.automine = True
    receipts = await submitter(chain, store, clock).recover()

    assert chain.broadcasts[-1] == first
    assert [receipt.succeeded for receipt in receipts] == [True]
    assert await chain.tx_nonce(ALICE.address) == 1


async def test_a_call_given_up_before_its_bytes_went_out_does_not_hold_up_the_next(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    one = submitter(chain, store, clock)
    reached, broadcast = asyncio.Queue[bytes](), chain.broadcast

    async def hanging(raw: bytes) -> Broadcast:
        await reached.put(raw)
        return await asyncio.Future()

    chain.broadcast = hanging  # type: ignore[method-assign]
    given_up = asyncio.ensure_future(one.submit(transfer(chain)))
    cut_off = await reached.get()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up

    chain.broadcast = broadcast  # type: ignore[method-assign]
    following = asyncio.ensure_future(one.submit(transfer(chain)))
    started = clock.now()
    await until(lambda: following.done() or clock.now() > started + 60)

    assert following.done()
    assert chain.broadcasts[0] == cut_off
    assert await chain.tx_nonce(ALICE.address) == 2


async def test_held_bytes_that_a_node_refuses_keep_their_nonce_and_the_next_call_goes_out(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    one = submitter(chain, store, clock)
    given_up = await in_the_pool(chain, one)
    given_up.cancel()
    held, broadcast = chain.broadcasts[0], chain.broadcast
    chain.forget()

    async def refusing(raw: bytes) -> Broadcast:
        if raw == held:
            raise Refused("the sender has too little", remedy="Send it more.")
        return await broadcast(raw)

    chain.broadcast = refusing  # type: ignore[method-assign]
    following = asyncio.ensure_future(one.submit(transfer(chain)))
    await until(lambda: len(chain.broadcasts) > 1)
    following.cancel()
    pending = await store.pending(chain.chain, ALICE.address)

    assert [one.signed.transaction.tx_nonce for one in pending] == [0, 1]
    assert pending[0].signed.raw == held


async def test_two_calls_at_once_take_two_nonces(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain = world.chain(901)
    one = submitter(chain, store, clock)

    receipts = await asyncio.gather(one.submit(transfer(chain)), one.submit(transfer(chain)))

    assert receipts[0].tx_hash != receipts[1].tx_hash
    assert await chain.tx_nonce(ALICE.address) == 2


async def test_a_stuck_transaction_is_replaced_at_a_better_price(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    under_way = await in_the_pool(chain, submitter(chain, store, clock, stuck_seconds=2.0))
    chain.base_fee *= 4

    await until(lambda: len(chain.broadcasts) == 2)
    chain.mine()
    receipt = await under_way

    assert receipt.succeeded
    assert len(await store.pending(chain.chain, ALICE.address)) == 0
    assert await chain.tx_nonce(ALICE.address) == 1


async def test_a_replacement_stops_at_the_cap(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain = world.chain(901)
    chain.automine = False
    one = submitter(chain, store, clock, caps=FeeCaps(multiple=1), stuck_seconds=1.0)
    under_way = asyncio.ensure_future(one.submit(transfer(chain)))
    started = clock.now()
    await until(lambda: clock.now() > started + 20)

    offers = await store.pending(chain.chain, ALICE.address)
    under_way.cancel()

    assert len(offers) == 1


async def test_an_endpoint_that_is_down_is_never_the_last_word(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    down = RpcUnavailable("down", endpoint="memory")
    one = submitter(chain, store, clock)
    broadcast = chain.broadcast
    tries = 0

    async def failing(raw: bytes) -> Broadcast:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise down
        return await broadcast(raw)

    chain.broadcast = failing  # type: ignore[method-assign]
    receipt = await one.submit(transfer(chain))

    assert receipt.succeeded
    assert tries == 4


async def test_a_nonce_that_another_wallet_used_is_given_up_and_the_call_made_again(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    patient = submitter(chain, store, clock, stuck_seconds=1e9, resend_seconds=1e9)
    under_way = await in_the_pool(chain, patient)
    chain.forget()
    elsewhere = SqliteStore(":memory:")
    chain.automine = True
    await submitter(chain, elsewhere, clock).submit(transfer(chain, data=b"the same key elsewhere"))
    await elsewhere.close()
    chain.mine(2)

    receipt = await under_way

    assert receipt.succeeded
    assert await chain.tx_nonce(ALICE.address) == 2


async def test_a_receipt_that_an_endpoint_does_not_have_yet_makes_no_second_transaction(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    known, looks = chain.tx_receipt, 0

    async def behind(tx_hash: Hash32) -> TxReceipt | None:
        nonlocal looks
        looks += 1
        return await known(tx_hash) if looks > 20 else None

    chain.tx_receipt = behind  # type: ignore[method-assign]
    receipt = await submitter(chain, store, clock).submit(transfer(chain))

    assert receipt.succeeded
    assert len(set(chain.broadcasts)) == 1
    assert await chain.tx_nonce(ALICE.address) == 1


async def test_a_refused_broadcast_frees_its_nonce(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain = world.chain(901)

    async def refuse(raw: bytes) -> Broadcast:
        raise RpcRejected(f"{len(raw)} bytes are too many", endpoint="memory")

    chain.broadcast = refuse  # type: ignore[method-assign]
    with pytest.raises(RpcRejected):
        await submitter(chain, store, clock).submit(transfer(chain))

    assert await store.pending(chain.chain, ALICE.address) == []


async def test_bytes_that_no_node_takes_after_an_answer_was_lost_hold_up_nothing(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    broadcast, odd = chain.broadcast, bytearray()

    async def lost_then_refused(raw: bytes) -> Broadcast:
        if not odd:
            odd.extend(raw)
            raise RpcUnavailable("no answer", endpoint="memory")
        if raw == odd:
            raise RpcRejected("exceeds block gas limit", endpoint="memory")
        return await broadcast(raw)

    chain.broadcast = lost_then_refused  # type: ignore[method-assign]
    one = submitter(chain, store, clock)
    refused, receipt = await asyncio.gather(
        one.submit(transfer(chain)), one.submit(transfer(chain)), return_exceptions=True
    )

    assert isinstance(refused, RpcRejected), "its caller hears why, once it is made again"
    assert isinstance(receipt, TxReceipt)
    assert receipt.succeeded
    # The nonce that it left is filled by a transfer of nothing.
    assert await chain.tx_nonce(ALICE.address) == 2
    assert await store.pending(chain.chain, ALICE.address) == []


async def test_a_replacement_that_cannot_be_paid_does_not_give_up_what_is_in_the_pool(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    chain.automine = False
    broadcast, offers = chain.broadcast, 0

    async def poor_after_the_first(raw: bytes) -> Broadcast:
        nonlocal offers
        offers += 1
        if offers > 1:
            raise Unaffordable("insufficient funds for gas * price + value", needed=0, available=0)
        return await broadcast(raw)

    chain.broadcast = poor_after_the_first  # type: ignore[method-assign]
    under_way = asyncio.ensure_future(submitter(chain, store, clock, stuck_seconds=2.0).submit(transfer(chain)))
    await until(lambda: offers > 1 or under_way.done())
    chain.mine()
    receipt = await under_way

    assert receipt.succeeded
    assert await store.pending(chain.chain, ALICE.address) == []


async def test_a_person_hears_once_that_what_is_signed_waits_for_money(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain, heard = world.chain(901), Heard()
    broadcast, offers = chain.broadcast, 0

    async def poor_for_a_while(raw: bytes) -> Broadcast:
        nonlocal offers
        offers += 1
        if offers == 1:
            raise RpcUnavailable("nobody knows whether it arrived", endpoint="one")
        if offers < 6:
            raise Unaffordable("insufficient funds for gas * price + value", needed=0, available=0)
        return await broadcast(raw)

    chain.broadcast = poor_for_a_while  # type: ignore[method-assign]
    receipt = await submitter(chain, store, clock, observer=heard).submit(transfer(chain))

    assert receipt.succeeded
    (told,) = heard.of(AlarmKind.LOW_BALANCE)
    assert "pay bob" in told.what


async def test_a_call_that_would_revert_is_never_signed(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain = world.chain(901)
    call = chain.claim_call(ALICE.address)

    with pytest.raises(Reverted, match="NoCredit"):
        await submitter(chain, store, clock).submit(call)

    assert chain.broadcasts == []


async def test_too_little_balance_is_said_with_the_numbers(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    chain.funds[ALICE.address] = 5

    with pytest.raises(Unaffordable) as raised:
        await submitter(chain, store, clock).submit(transfer(chain))

    assert raised.value.available == 5
    assert raised.value.needed > 5
    assert chain.broadcasts == []


@pytest.mark.parametrize(("old", "new"), [(0, 1), (1, 2), (7, 8), (8, 9), (100, 113), (10**9, 1_125_000_000)])
def test_a_bump_is_an_eighth_rounded_up_and_at_least_one(old: int, new: int) -> None:
    before = Transaction(
        chain=World().chain(901).chain,
        tx_nonce=0,
        to=ALICE.address,
        data=b"",
        value=0,  # type: ignore[arg-type]
        gas_limit=21_000,
        max_fee=old,  # type: ignore[arg-type]
        priority_fee=old,  # type: ignore[arg-type]
    )

    after = replacement(before, Fees(base_fee=0, priority_fee=0))  # type: ignore[arg-type]

    assert (after.max_fee, after.priority_fee) == (new, new)

"""Observe: a log without gap, from blocks of one fork, that storage confirms."""

import pytest

from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.errors import Incident, NotYet, ProofInvalid, RpcUnavailable
from xl2.flow.observe import observe
from xl2.ports import Log
from xl2.store import SqliteStore
from xl2.testing import World

NOW = 1_000.0


def lane_log(world: World) -> Log:
    return Log(lane=world.lane(901, 902), kind=LogKind.LANE)


async def test_messages_are_observed_when_their_block_is_final_and_not_before(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    sent = await chain.put(log.lane)

    await observe(chain, log, store, Finality.FINALIZED, NOW)
    early = await store.record(sent.message.id)
    chain.mine(2)
    await observe(chain, log, store, Finality.FINALIZED, NOW)
    record = await store.record(sent.message.id)

    assert early is None
    assert record is not None
    assert record.state is State.OBSERVED
    assert record.start == log.lane.log


async def test_looking_again_changes_nothing(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    await chain.put(log.lane)
    chain.mine(2)
    await observe(chain, log, store, Finality.FINALIZED, NOW)

    again = await observe(chain, log, store, Finality.FINALIZED, NOW)

    assert again is None
    assert await store.count(log) == 1


async def test_an_event_that_is_left_out_is_told_and_found_the_next_time(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    hidden = await chain.put(log.lane, b"first")
    await chain.put(log.lane, b"second")
    chain.mine(2)

    chain.hide(hidden.message.id)
    with pytest.raises(ProofInvalid, match="have places"):
        await observe(chain, log, store, Finality.FINALIZED, NOW)
    nothing = await store.count(log)
    chain.show_all()
    await observe(chain, log, store, Finality.FINALIZED, NOW)

    assert nothing == 0
    assert await store.count(log) == 2


async def test_a_last_event_that_is_left_out_contradicts_the_storage(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    sent = await chain.put(log.lane)
    chain.mine(2)

    chain.hide(sent.message.id)

    with pytest.raises(ProofInvalid, match="storage at block"):
        await observe(chain, log, store, Finality.FINALIZED, NOW)


async def test_a_reorg_takes_back_what_it_took(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    kept = await chain.put(log.lane, b"kept")
    await observe(chain, log, store, Finality.LATEST, NOW)
    lost = await chain.put(log.lane, b"lost")
    await observe(chain, log, store, Finality.LATEST, NOW)

    chain.reorg(1)
    # The blocks that came instead bring no message.
    seen = await observe(chain, log, store, Finality.LATEST, NOW)
    record = await store.record(lost.message.id)

    assert seen is not None
    assert seen.taken_back >= 1
    assert record is not None
    assert record.state is State.UNSENT
    assert await store.count(log) == 1
    assert (await store.range(log.lane, 0, 9))[0].sent.message.id == kept.message.id  # type: ignore[arg-type]


async def test_a_message_that_comes_back_after_a_reorg_goes_on(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    await observe(chain, log, store, Finality.LATEST, NOW)
    first = await chain.put(log.lane, b"same")
    await observe(chain, log, store, Finality.LATEST, NOW)
    chain.reorg(1)
    await observe(chain, log, store, Finality.LATEST, NOW)

    again = await chain.put(log.lane, b"same")
    await observe(chain, log, store, Finality.LATEST, NOW)
    record = await store.record(first.message.id)

    assert again.message.id == first.message.id
    assert record is not None
    assert record.state is State.OBSERVED
    assert record.sent.place.block_hash == again.place.block_hash


async def test_another_message_at_the_same_nonce_takes_its_place(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    await chain.put(log.lane, b"old")
    await observe(chain, log, store, Finality.LATEST, NOW)
    chain.reorg(1)
    new = await chain.put(log.lane, b"new")

    await observe(chain, log, store, Finality.LATEST, NOW)
    (standing,) = await store.range(log.lane, 0, 9)  # type: ignore[arg-type]

    assert standing.sent.message.id == new.message.id


async def test_a_final_block_that_is_gone_is_an_incident(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    chain.mine(5)
    await observe(chain, log, store, Finality.FINALIZED, NOW)

    chain.reorg(4)

    with pytest.raises(Incident, match="was final"):
        await observe(chain, log, store, Finality.FINALIZED, NOW)


async def test_an_endpoint_that_is_behind_is_no_reorg(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    await chain.put(log.lane)
    chain.mine(3)
    await observe(chain, log, store, Finality.FINALIZED, NOW)

    chain.fail(NotYet("chain 901 has no block 2 yet"))
    with pytest.raises(NotYet):
        await observe(chain, log, store, Finality.FINALIZED, NOW)

    assert await store.count(log) == 1


async def test_an_error_of_the_endpoint_leaves_the_store_as_it_was(world: World, store: SqliteStore) -> None:
    chain, log = world.chain(901), lane_log(world)
    await chain.put(log.lane)
    chain.mine(2)

    chain.fail(RpcUnavailable("down", endpoint="memory"))
    with pytest.raises(RpcUnavailable):
        await observe(chain, log, store, Finality.FINALIZED, NOW)

    assert await store.cursor(log) is None
    assert await store.count(log) == 0


async def test_receipts_are_observed_the_same_way(world: World, store: SqliteStore) -> None:
    lane = world.lane(901, 902)
    log = Log(lane=lane, kind=LogKind.RECEIPTS)

    seen = await observe(world.chain(902), log, store, Finality.FINALIZED, NOW)

    assert seen is not None
    assert await store.count(log) == 0
    assert await store.head(log) == lane.receipt_log

"""A clock that is set, ahead or back, hurries no fee and holds none up."""

import pytest

from tests.unit.flow.payers import ALICE, in_the_pool, submitter
from tests.unit.flow.walk import until
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World

DAY = 86_400.0


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_what_is_out_is_replaced_after_its_time_whatever_the_clock_says(
    world: World, store: SqliteStore, clock: ManualClock, jump: float
) -> None:
    chain = world.chain(901)
    under_way = await in_the_pool(chain, submitter(chain, store, clock, stuck_seconds=60.0))
    sent_at = clock.steady()
    await until(lambda: clock.steady() > sent_at + 5)

    clock.jump(jump)
    await until(lambda: clock.steady() > sent_at + 50)
    early = len(chain.broadcasts)
    await until(lambda: len(chain.broadcasts) > early)
    replaced_at = clock.steady()
    chain.mine()
    receipt = await under_way

    assert early == 1
    assert replaced_at - sent_at < 2 * 60
    assert receipt.succeeded


async def test_what_a_pool_forgot_is_sent_again_by_a_clock_that_went_back(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain = world.chain(901)
    under_way = await in_the_pool(chain, submitter(chain, store, clock, stuck_seconds=1e9))

    chain.forget()
    clock.jump(-DAY)
    await until(lambda: len(chain.broadcasts) > 1)
    chain.mine()
    receipt = await under_way

    assert receipt.succeeded
    assert await chain.tx_nonce(ALICE.address) == 1

"""Claims: what was earned is paid out while a relayer runs, whoever carries the lanes by now, and paid for once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.relayer.process import POLICY, SETTINGS, FastClock
from tests.waiting import PATIENCE_SECONDS
from xl2.core.types import Address, Wei
from xl2.errors import RpcUnavailable
from xl2.flow.submit import JournalledSubmitter
from xl2.relayer import Pipeline
from xl2.relayer.claims import Claims
from xl2.store import SqliteStore
from xl2.testing import MemoryChain, MemorySigner, World

SIGNER = MemorySigner.named("relayer")
PAYEE = Address(b"\x99" * 20)
MUCH = Wei(10**18)


@pytest.fixture
def origin() -> MemoryChain:
    return World().chain(901)


@pytest.fixture
async def submitter(origin: MemoryChain) -> AsyncIterator[JournalledSubmitter]:
    async with SqliteStore(":memory:") as store:
        yield JournalledSubmitter(origin, SIGNER, store, FastClock(), POLICY)


def claims(origin: MemoryChain, submitter: JournalledSubmitter, account: Address = SIGNER.address) -> Claims:
    return Claims(origin=origin, submitter=submitter, account=account, clock=FastClock())


@pytest.mark.parametrize("account", [SIGNER.address, PAYEE])
async def test_what_others_settled_is_paid_out_by_a_relayer_that_carries_no_lane(
    origin: MemoryChain, submitter: JournalledSubmitter, account: Address
) -> None:
    origin.earn(account, MUCH)
    stop = asyncio.Event()
    pipeline = Pipeline((), [submitter], SETTINGS, [claims(origin, submitter, account)])

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run(stop))
        while await origin.credit(account):  # noqa: ASYNC110 - of the chain, which tells nobody
            await asyncio.sleep(0.001)
        # And now and then, not at the start alone.
        origin.earn(account, MUCH)
        while await origin.credit(account):  # noqa: ASYNC110 - of the chain, which tells nobody
            await asyncio.sleep(0.001)
        stop.set()

    assert len(origin.broadcasts) == 2


async def test_an_endpoint_that_fails_delays_that_and_ends_nothing(
    origin: MemoryChain, submitter: JournalledSubmitter
) -> None:
    origin.earn(SIGNER.address, MUCH)
    origin.fail(RpcUnavailable("hung up", endpoint="901"))
    stop = asyncio.Event()
    pipeline = Pipeline((), [submitter], SETTINGS, [claims(origin, submitter)])

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(pipeline.run(stop))
        while await origin.credit(SIGNER.address):  # noqa: ASYNC110 - of the chain, which tells nobody
            await asyncio.sleep(0.001)
        stop.set()

    assert not origin._faults
    assert len(origin.broadcasts) == 1


async def test_what_is_worth_no_transaction_stays_where_it_is(
    origin: MemoryChain, submitter: JournalledSubmitter
) -> None:
    origin.earn(SIGNER.address, Wei(1))

    await claims(origin, submitter).look()

    assert not origin.broadcasts


async def test_two_lanes_that_settle_at_once_pay_for_one_claim(
    origin: MemoryChain, submitter: JournalledSubmitter
) -> None:
    origin.earn(SIGNER.address, MUCH)
    shared = claims(origin, submitter)

    await asyncio.gather(shared.look(), shared.look())

    assert len(origin.broadcasts) == 1
    assert await origin.credit(SIGNER.address) == 0

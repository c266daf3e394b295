"""Flight: several transactions at once, who is told of them, and what they may cost."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.flow.payers import ALICE, submitter, transfer
from tests.unit.flow.walk import until
from xl2.core.types import Address, Hash32, Wei
from xl2.errors import StoreUnavailable, Unaffordable
from xl2.ports import Alarm, AlarmKind, Call, SignedTransaction, TxLook, TxReceipt, Unobserved
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World


class Heard(Unobserved):
    def __init__(self) -> None:
        self.alarms: list[AlarmKind] = []
        self.included: list[str] = []

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm.kind)

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        del receipt
        self.included.append(call.what)


async def test_an_included_call_is_told_once(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain, heard = world.chain(901), Heard()

    await submitter(chain, store, clock, observer=heard).submit(transfer(chain))

    assert heard.included == ["pay bob"]
    assert heard.alarms == []


async def test_what_a_chain_takes_beside_gas_must_be_there_too(
    world: World, store: SqliteStore, clock: ManualClock
) -> None:
    chain, heard = world.chain(901), Heard()
    one = submitter(chain, store, clock, observer=heard)
    chain.funds[ALICE.address] = 10**16

    chain.data_fee = Wei(10**18)
    for _ in range(2):
        with pytest.raises(Unaffordable):
            await one.submit(transfer(chain))
    chain.data_fee = Wei(10**10)
    await one.submit(transfer(chain))

    assert heard.alarms == [AlarmKind.LOW_BALANCE]
    assert len(set(chain.broadcasts)) == 1


async def test_one_look_asks_for_all_that_is_open(world: World, store: SqliteStore, clock: ManualClock) -> None:
    chain = world.chain(901)
    chain.automine = False
    # The clock jumps with each rest, so nothing may count as stuck or lost while all are handed over.
    one = submitter(chain, store, clock, stuck_seconds=1e9, resend_seconds=1e9, gap_seconds=1e9)
    looked: list[int] = []
    look = chain.look

    async def spy(account: Address, tx_hashes: Sequence[Hash32]) -> TxLook:
        looked.append(len(tx_hashes))
        return await look(account, tx_hashes)

    chain.look = spy  # type: ignore[method-assign]
    calls = [asyncio.ensure_future(one.submit(transfer(chain))) for _ in range(5)]
    await until(lambda: len(chain.broadcasts) == 5)
    before = len(looked)
    await until(lambda: len(looked) > before)
    chain.mine()
    receipts = await asyncio.gather(*calls)

    assert max(looked) == 5
    assert len({receipt.block for receipt in receipts}) == 1


async def test_a_store_that_cannot_write_keeps_a_transaction_from_going_out_and_frees_its_nonce(
    world: World, store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = world.chain(901)
    one = submitter(chain, store, clock)

    async def full(signed: SignedTransaction, what: str) -> None:
        raise StoreUnavailable(f"no room for {signed.hash.hex()} ({what})")

    with monkeypatch.context() as patch:
        patch.setattr(store, "keep", full)
        with pytest.raises(StoreUnavailable):
            await one.submit(transfer(chain))
    unsent = list(chain.broadcasts)
    receipt = await one.submit(transfer(chain))

    assert unsent == []
    assert receipt.succeeded
    assert await chain.tx_nonce(ALICE.address) == 1

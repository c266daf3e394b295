"""A low balance and a lost key are told once, and it is told when they are well again."""

import asyncio
import logging
from pathlib import Path

import pytest
from attrs import define

from tests.heard import Heard
from tests.unit.relayer.process import FastClock, Relayer, put
from xl2.core.lifecycle import State
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei
from xl2.errors import KeyLost, NotAccepted, WrongSignature, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind, Call, SignedTransaction, Transaction, TxReceipt
from xl2.relayer.key_watch import WatchedSigner
from xl2.relayer.purse import Purse, Spending
from xl2.store import SqliteStore
from xl2.testing import MemorySigner, World

PAYER = MemorySigner.named("payer")
HERE, THERE = ChainId(901), ChainId(902)
TRANSACTION = Transaction(
    chain=HERE, tx_nonce=0, to=PAYER.address, data=b"", value=Wei(0), gas_limit=21_000, max_fee=Wei(1),
    priority_fee=Wei(1),
)  # fmt: skip


@define
class Moody:
    """A signer with moods. Implements `xl2.ports.Signer`."""

    mood: Xl2Error | None = None
    refused: int = 0

    @property
    def address(self) -> Address:
        return PAYER.address

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        if self.mood:
            self.refused += 1
            raise self.mood
        return await PAYER.sign_transaction(transaction, what)

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        if self.mood:
            raise self.mood
        return await PAYER.sign_hash_of(preimage)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def purse(world: World, heard: Heard, floors: dict[ChainId, int], spending: Spending | None = None) -> Purse:
    return Purse(
        chains={HERE: ("here", world.chain(HERE)), THERE: ("there", world.chain(THERE))},
        account=PAYER.address,
        floors={chain: Wei(floor) for chain, floor in floors.items()},
        spending=spending or Spending(),
        clock=FastClock(),
        alarms=Alarms(heard),
    )


def spent(chain: ChainId, cost: int) -> tuple[Call, TxReceipt]:
    call = Call(chain=chain, to=PAYER.address, data=b"", what="deliver")
    none = Hash32(bytes(32))
    receipt = TxReceipt(tx_hash=none, block=BlockNumber(1), block_hash=none, succeeded=True, gas_used=1, cost=Wei(cost))
    return call, receipt


async def test_a_balance_below_its_floor_is_told_once_and_again_after_it_was_well(
    world: World, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.chain(HERE).funds[PAYER.address] = Wei(99)
    world.chain(THERE).funds[PAYER.address] = Wei(99)
    looked = purse(world, heard, {HERE: 100, THERE: 99})

    await looked.look()
    await looked.look()
    assert [(alarm.kind, alarm.chain, alarm.value) for alarm in heard.alarms] == [(AlarmKind.LOW_BALANCE, HERE, 99)]
    assert heard.alarms[0].what.endswith(
        "has 99 wei (0.000000000000000099 ether) on chain here (901), below 100 wei (0.0000000000000001 ether): "
        "send it 1 wei (0.000000000000000001 ether) or more"
    )
    world.chain(HERE).funds[PAYER.address] = Wei(100)
    await looked.look()
    assert [record.getMessage() for record in caplog.records if record.levelname == "INFO"] == ["balance refilled"]
    world.chain(HERE).funds[PAYER.address] = Wei(1)
    await looked.look()
    assert len(heard.alarms) == 2


async def test_it_is_said_how_long_the_balance_lasts(world: World, heard: Heard) -> None:
    spending = Spending()
    for cost in (10, 20, 30):
        spending.submitted(*spent(HERE, cost))
    world.chain(HERE).funds[PAYER.address] = Wei(99)

    await purse(world, heard, {HERE: 100}, spending).look()

    assert "enough for about 4 transactions" in heard.alarms[0].what
    assert spending.lasts(THERE, Wei(99)) is None
    spending.submitted(*spent(THERE, 0))
    assert spending.lasts(THERE, Wei(99)) is None


async def test_a_chain_without_floor_or_answer_is_no_alarm_and_hides_no_other(
    world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: Address) -> Wei:
        raise Xl2Error("no answer")

    monkeypatch.setattr(world.chain(HERE), "balance", silent)
    world.chain(THERE).funds[PAYER.address] = Wei(0)

    await purse(world, heard, {HERE: 100}).look()
    assert heard.alarms == []
    await purse(world, heard, {HERE: 100, THERE: 100}).look()
    assert [alarm.chain for alarm in heard.alarms] == [THERE]


async def test_a_lost_key_is_told_once_and_back_it_signs(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    moody = Moody(KeyLost("the signer is gone", key="relayer"))
    watched = WatchedSigner(inner=moody, key="relayer", alarms=Alarms(heard))

    for _ in range(2):
        with pytest.raises(KeyLost):
            await watched.sign_transaction(TRANSACTION, "a test")
    assert [alarm.kind for alarm in heard.alarms] == [AlarmKind.KEY_LOST]
    assert "the signer is gone" in heard.alarms[0].what
    moody.mood = None
    assert (await watched.sign_transaction(TRANSACTION, "a test")).sender == watched.address
    assert "key is back" in [record.getMessage() for record in caplog.records]
    moody.mood = KeyLost("gone again", key="relayer")
    with pytest.raises(KeyLost):
        await watched.sign_hash_of(b"")
    assert len(heard.alarms) == 2


async def test_where_nobody_reviews_a_no_is_a_lost_key(heard: Heard) -> None:
    watched = WatchedSigner(inner=Moody(NotAccepted("locked")), key="relayer", alarms=Alarms(heard))

    with pytest.raises(KeyLost, match="locked"):
        await watched.sign_transaction(TRANSACTION, "a test")

    assert len(heard.alarms) == 1


async def test_a_signer_that_lies_is_alarmed_and_stays_fatal(heard: Heard) -> None:
    watched = WatchedSigner(inner=Moody(WrongSignature("other fields")), key="relayer", alarms=Alarms(heard))

    with pytest.raises(WrongSignature):
        await watched.sign_transaction(TRANSACTION, "a test")

    assert [alarm.kind for alarm in heard.alarms] == [AlarmKind.KEY_LOST]


async def test_without_its_key_a_relayer_goes_on_observing_and_with_it_again_delivers_all(
    heard: Heard, tmp_path: Path
) -> None:
    moody = Moody(KeyLost("the signer is gone", key="relayer"))
    watched = WatchedSigner(inner=moody, key="relayer", alarms=Alarms(heard))
    relayer = Relayer(World(), tmp_path / "relayer.sqlite", signer=watched)
    await put(relayer, 2)

    async with SqliteStore(relayer.path) as store, relayer.running(relayer.pipeline(store)):
        while moody.refused < 3:  # noqa: ASYNC110 - the world goes on meanwhile
            await asyncio.sleep(0.005)
        await put(relayer, 3)
        while sum(count for _, _, count, _ in await store.backlog()) < 5:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
    assert relayer.world.chain(902).broadcasts == []
    assert [alarm.kind for alarm in heard.alarms] == [AlarmKind.KEY_LOST]
    moody.mood = None

    assert await relayer.run_until(State.SETTLED) == {State.SETTLED: 5}

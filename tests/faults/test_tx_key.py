"""The key is used elsewhere, or has nothing: no call is made twice, none is lost, and somebody is told once."""

import asyncio

import pytest

from tests.faults.payer import RICH, Payer, until_pool
from tests.waiting import until_true
from xl2.core.types import hex_text
from xl2.errors import Unaffordable
from xl2.ports import AlarmKind


async def test_a_nonce_that_went_to_another_wallet_is_told_with_its_transaction_and_the_call_is_made_again(
    till: Payer,
) -> None:
    under_way = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_pool(till, 1)
    (ours,) = await till.pending()
    await till.drop(ours.signed.hash)

    theirs = await till.elsewhere(0)
    receipt = await till.mining(under_way)

    assert receipt.succeeded
    assert await till.evm.tx_receipt(ours.signed.hash) is None
    assert await till.nonce() == 2
    (alarm,) = till.heard.of(AlarmKind.KEY_IN_USE)
    assert hex_text(theirs) in alarm.what


async def test_a_key_used_between_two_calls_is_told_and_the_chains_nonce_goes_on(till: Payer) -> None:
    one = till.submitter()
    await till.mining(asyncio.ensure_future(one.submit(till.call(1))))
    theirs = await till.elsewhere(1)
    await till.mine()

    receipt = await till.mining(asyncio.ensure_future(one.submit(till.call(2))))

    assert receipt.succeeded
    assert await till.nonce() == 3
    (alarm,) = till.heard.of(AlarmKind.KEY_IN_USE)
    assert hex_text(theirs) in alarm.what


async def test_a_stranger_in_the_pool_is_not_replaced(till: Payer) -> None:
    one = till.submitter()
    await till.mining(asyncio.ensure_future(one.submit(till.call(1))))
    theirs = await till.elsewhere(1)

    receipt = await till.mining(asyncio.ensure_future(one.submit(till.call(2))))

    assert receipt.succeeded
    assert await till.evm.tx_receipt(theirs) is not None
    assert await till.nonce() == 3
    assert len(till.heard.of(AlarmKind.KEY_IN_USE)) == 1


async def test_an_empty_wallet_signs_nothing_is_told_once_and_goes_on_when_it_is_filled(till: Payer) -> None:
    one = till.submitter()
    await till.has(1_000)
    for _ in range(2):
        with pytest.raises(Unaffordable, match=r"has 1000 wei \(0\.000000000000001 ether\) on chain 901"):
            await one.submit(till.call())
    signed = await till.pending()

    await till.has(RICH)
    receipt = await till.mining(asyncio.ensure_future(one.submit(till.call())))

    assert signed == []
    assert receipt.succeeded
    assert len(till.heard.of(AlarmKind.LOW_BALANCE)) == 1


async def test_a_wallet_emptied_under_what_waits_gives_nothing_up(till: Payer) -> None:
    under_way = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_pool(till, 1)
    await till.ask("anvil_dropAllTransactions")
    await till.has(0)
    await until_true(lambda: len(till.evm.sent) > 2, "a third try")
    (held, *_) = await till.pending()

    await till.has(RICH)
    receipt = await till.mining(under_way)

    assert receipt.succeeded
    assert held.signed.transaction.tx_nonce == 0
    assert await till.nonce() == 1


async def test_calls_that_the_balance_does_not_cover_together_are_made_one_after_the_other(till: Payer) -> None:
    one = till.submitter()
    await till.has(10**15)
    calls = [asyncio.ensure_future(one.submit(till.call(6 * 10**14))), asyncio.ensure_future(one.submit(till.call(1)))]

    receipts = await till.mining(asyncio.gather(*calls))

    assert [receipt.succeeded for receipt in receipts] == [True, True]
    assert await till.nonce() == 2

"""Transactions that are stuck, dropped, replaced or taken back: each call is made once, by its own nonce."""

import asyncio

from tests.faults.payer import Payer, until_pool
from tests.waiting import until_true
from xl2.core.types import Hash32, hex_text
from xl2.flow.fees import FeeCaps


async def test_calls_made_at_once_go_into_one_block_in_the_order_of_their_nonces(till: Payer) -> None:
    one = till.submitter()
    calls = [asyncio.ensure_future(one.submit(till.call(value))) for value in range(1, 9)]
    await until_pool(till, 8)

    await till.mine()
    receipts = await asyncio.gather(*calls)

    assert {receipt.block for receipt in receipts} == {4}
    assert await till.nonce() == 8
    assert await till.pending() == []


async def test_a_transaction_that_is_stuck_below_the_base_fee_is_replaced_until_it_fits(till: Payer) -> None:
    under_way = asyncio.ensure_future(till.submitter(FeeCaps(multiple=100), replaces=True).submit(till.call()))
    await until_pool(till, 1)
    await till.next_base_fee(10**11)
    await till.mine()

    receipt = await till.mining(under_way)

    assert receipt.succeeded
    assert len(set(till.evm.sent)) > 1
    assert await till.nonce() == 1
    assert await till.pending() == []


async def test_a_transaction_that_the_pool_dropped_is_sent_again_as_it_was(till: Payer) -> None:
    under_way = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_pool(till, 1)
    (held,) = await till.pending()

    await till.drop(held.signed.hash)
    await until_true(lambda: len(till.evm.sent) > 1, "a second try")
    await until_pool(till, 1)
    await till.mine()
    receipt = await under_way

    assert receipt.tx_hash == held.signed.hash
    assert set(till.evm.sent) == {hex_text(held.signed.raw)}


async def test_a_node_that_forgot_its_pool_gets_all_of_it_again(till: Payer) -> None:
    one = till.submitter()
    calls = [asyncio.ensure_future(one.submit(till.call(value))) for value in (1, 2, 3)]
    await until_pool(till, 3)
    held = {found.signed.hash for found in await till.pending()}

    await till.ask("anvil_dropAllTransactions")
    receipts = await till.mining(asyncio.gather(*calls))

    assert {receipt.tx_hash for receipt in receipts} == held
    assert await till.nonce() == 3


async def test_of_two_attempts_whichever_a_block_holds_is_the_one(till: Payer) -> None:
    under_way = asyncio.ensure_future(till.submitter(FeeCaps(multiple=100), replaces=True).submit(till.call()))
    await until_pool(till, 1)
    await until_true(lambda: len(set(till.evm.sent)) > 1, "another transaction")
    first, *others = await till.pending()

    await till.ask("anvil_dropAllTransactions")
    await till.ask("eth_sendRawTransaction", hex_text(first.signed.raw))
    receipt = await till.mining(under_way)

    ours = {first.signed.hash, *(one.signed.hash for one in others)}
    included = [one for one in [*ours, receipt.tx_hash] if await till.evm.tx_receipt(one) is not None]
    assert set(included) == {receipt.tx_hash}
    assert await till.nonce() == 1
    assert await till.pending() == []


async def test_an_inclusion_that_a_reorg_took_back_is_made_again_with_the_same_bytes(till: Payer) -> None:
    one = till.submitter()
    under_way = asyncio.ensure_future(one.submit(till.call(1)))
    await until_pool(till, 1)
    # One block, which is the last.
    await till.mine()
    first = await under_way

    await till.ask("anvil_rollback", 1)
    await till.ask("anvil_dropAllTransactions")
    assert await till.nonce() == 0
    second = await till.mining(asyncio.ensure_future(one.submit(till.call(2))))

    again = await till.evm.tx_receipt(Hash32(first.tx_hash))
    assert again is not None
    assert second.tx_hash != first.tx_hash
    assert await till.nonce() == 2


async def test_a_gap_below_what_waits_is_filled_by_a_transfer_of_nothing(till: Payer) -> None:
    foreign = await till.elsewhere(0)
    await till.mine()
    under_way = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_pool(till, 1)

    await till.ask("anvil_rollback", 1)
    await till.drop(foreign)
    receipt = await till.mining(under_way)

    assert receipt.succeeded
    assert await till.nonce() == 2
    assert await till.evm.tx_receipt(foreign) is None


async def test_what_was_written_down_and_never_sent_is_sent_after_a_start(till: Payer) -> None:
    till.evm.refusal = "missing trie node 00 (path )"
    killed = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_true(lambda: bool(till.evm.sent), "a transaction")
    killed.cancel()
    await asyncio.wait((killed,))
    (held,) = await till.pending()

    till.evm.refusal = None
    receipts = await till.mining(asyncio.ensure_future(till.submitter().recover()))

    assert [receipt.tx_hash for receipt in receipts] == [held.signed.hash]

"""Gas grows dear, or a pool is full: nothing is paid above the caps, somebody is told once, and it goes on after."""

import asyncio

import pytest

from tests.faults.payer import Payer, until_pool
from tests.waiting import until_true
from xl2.core.types import Wei
from xl2.errors import TooExpensive
from xl2.flow.fees import FeeCaps
from xl2.ports import AlarmKind

GWEI = 10**9


async def test_a_base_fee_a_hundredfold_above_the_cap_signs_nothing_and_is_told_once(till: Payer) -> None:
    one = till.submitter(FeeCaps(absolute=Wei(20 * GWEI)))
    await till.next_base_fee(100 * GWEI)
    await till.mine()

    for _ in range(2):
        with pytest.raises(TooExpensive, match=f"the cap is {20 * GWEI}"):
            await one.submit(till.call())
    signed = await till.pending()
    await till.next_base_fee(GWEI)
    await till.mine()
    receipt = await till.mining(asyncio.ensure_future(one.submit(till.call())))

    assert signed == []
    assert till.evm.sent
    assert receipt.succeeded
    assert len(till.heard.of(AlarmKind.FEE_CAP)) == 1


async def test_a_replacement_never_passes_the_cap_is_told_once_and_is_included_when_gas_falls(till: Payer) -> None:
    cap = Wei(6 * GWEI)
    one = till.submitter(FeeCaps(multiple=1000, absolute=cap), replaces=True)
    under_way = asyncio.ensure_future(one.submit(till.call()))
    await until_pool(till, 1)
    await till.next_base_fee(100 * GWEI)
    await till.mine()
    await until_true(lambda: bool(till.heard.of(AlarmKind.FEE_CAP)), "an alarm of the cap")
    looks = len(till.evm.sent)
    await until_true(lambda: len(till.evm.sent) > looks or under_way.done(), "another try, or the end")
    offers = await till.pending()

    await till.next_base_fee(GWEI)
    await till.mine()
    receipt = await till.mining(under_way)

    assert max(one.signed.transaction.max_fee for one in offers) <= cap
    assert receipt.succeeded
    assert len(till.heard.of(AlarmKind.FEE_CAP)) == 1
    assert await till.nonce() == 1


@pytest.mark.parametrize(
    "refusal", ["txpool is full", "pending sub-pool is full", "rate limit reached", "words that nobody knows"]
)
async def test_a_pool_that_takes_nothing_now_gets_the_same_bytes_later(till: Payer, refusal: str) -> None:
    till.evm.refusal = refusal
    under_way = asyncio.ensure_future(till.submitter().submit(till.call()))
    await until_true(lambda: len(till.evm.sent) > 2, "a third try")

    till.evm.refusal = None
    receipt = await till.mining(under_way)

    assert receipt.succeeded
    assert await till.nonce() == 1

"""What a transaction costs beside gas, as the chain's own contract says it: Optimism's gas oracle."""

from collections.abc import AsyncIterator

import pytest

from tests.devnet_user import UserOf
from xl2.core.types import Address, ChainId, address
from xl2.ports import Call
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.fees import ORACLE, UPPER_BOUND, OpFees


@pytest.fixture
async def op(user_of: UserOf) -> AsyncIterator[tuple[Evm, Address]]:
    user = user_of("op-a", "alice")
    evm = Evm(ChainId(user.chain.chain_id), user.chain.rpc_url)
    evm.fee_model = OpFees()
    yield evm, address(user.address)
    await evm.close()


def call(evm: Evm, size: int) -> Call:
    return Call(chain=evm.chain, to=Address(b"\x42" * 20), data=b"\xff" * size, what="pay")


async def test_a_quote_on_the_op_stack_holds_the_data_fee_that_its_oracle_names(op: tuple[Evm, Address]) -> None:
    evm, sender = op

    small, large = await evm.quote(call(evm, 100), sender), await evm.quote(call(evm, 50_000), sender)
    named = UPPER_BOUND.decode(await evm.view(ORACLE, UPPER_BOUND.encode(50_120)), evm.endpoint)[0]

    assert 0 < small.data_fee < large.data_fee
    # L1's base fee moves with each block that the devnet makes.
    assert 0.5 < large.data_fee / named < 2
    assert (await evm.rates()).byte_fee > 0


async def test_a_transaction_covered_by_its_quote_is_included_for_no_more(
    op: tuple[Evm, Address], user_of: UserOf
) -> None:
    evm, sender = op
    quote = await evm.quote(call(evm, 2_000), sender)
    user = user_of("op-a", "alice")
    before = await evm.balance(sender)

    await user.send("0x" + "42" * 20, b"\xff" * 2_000, gas=quote.gas)

    spent = before - await evm.balance(sender)
    assert spent <= quote.gas * (2 * quote.fees.max_fee) + quote.data_fee

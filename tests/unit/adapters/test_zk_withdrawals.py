"""Withdrawals of a ZK-stack chain: what anybody may have written in calldata is no question to a node."""

from typing import Any

import pytest

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, BlockNumber, Hash32
from xl2_adapters.tx_logs import Included
from xl2_adapters.zk_stack.canonical.withdrawal import Withdrawals
from xl2_adapters.zk_stack.eras import FINALIZE_ETHER

ANY = Address(b"\x01" * 20)


class Asked(MemoryNode):
    """A node that answers nothing."""

    async def ask(self, method: str, *params: Any) -> Any:
        raise AssertionError(method, params)


@pytest.mark.parametrize("batch", [1 << 32, 1 << 64, (1 << 256) - 1])
async def test_a_batch_that_no_chain_can_have_is_nobodys(batch: int) -> None:
    unused: Any = None
    node = Asked()
    withdrawals = Withdrawals(anchor=node, rollup=node, batches=unused, payouts=unused, tokens=None)
    transaction = Included(
        tx_hash=Hash32(bytes(32)),
        block=BlockNumber(1),
        block_hash=Hash32(bytes(32)),
        succeeded=True,
        sender=ANY,
        to=ANY,
        kind=2,
        data=FINALIZE_ETHER.encode(batch, 0, 0, b"", []),
        logs=(),
    )

    assert await withdrawals.behind(transaction) == ()

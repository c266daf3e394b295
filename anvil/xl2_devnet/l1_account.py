"""
L1 account: one unlocked account of the devnet's L1 and its transactions.

Calls come in, mined receipts go out. Promise: transactions handed over together enter the pool together and in order,
and nobody else's get between their nonces, however many tasks share the account. What a failed one means is left to
the caller.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from xl2_adapters.rpc import Call, Json, RpcClient
from xl2_adapters.rpc_wire import data, mapping, quantity

_LOOK_SECONDS = 0.1


@frozen(kw_only=True)
class Transaction:
    """What to send. Gas is given, not estimated: an estimate would run against another block."""

    to: str
    data: bytes
    gas: int
    value: int = 0


class L1Account:
    """An account that the L1's anvil signs for."""

    def __init__(self, l1: RpcClient, address: str) -> None:
        """`address`: one of the accounts that anvil holds the keys of."""
        self.address = address
        self._l1 = l1
        self._turn = asyncio.Lock()

    async def send(self, *transactions: Transaction) -> Sequence[Mapping[str, Any]]:
        """Send and wait until all are in blocks; their receipts."""
        async with self._turn:
            counted = await self._l1.call("eth_getTransactionCount", self.address, "pending")
            first = quantity(counted, self._l1.name)
            tx_hashes = [
                await self._l1.call("eth_sendTransaction", self._request(transaction, first + place))
                for place, transaction in enumerate(transactions)
            ]
        calls = [Call("eth_getTransactionReceipt", (data_hash,)) for data_hash in tx_hashes]
        receipts = await self._l1.batch(calls)
        while None in receipts:
            await asyncio.sleep(_LOOK_SECONDS)
            receipts = await self._l1.batch(calls)
        return [mapping(receipt, self._l1.name) for receipt in receipts]

    async def read(self, to: str, calldata: bytes) -> bytes:
        """What a call returns at the latest block.

        Raises:
            Reverted: it reverted.
        """
        request: Json = {"from": self.address, "to": to, "data": "0x" + calldata.hex()}
        return data(await self._l1.call("eth_call", request, "latest"), self._l1.name)

    def _request(self, transaction: Transaction, tx_nonce: int) -> dict[str, Any]:
        return {
            "from": self.address,
            "to": transaction.to,
            "data": "0x" + transaction.data.hex(),
            "gas": hex(transaction.gas),
            "value": hex(transaction.value),
            "nonce": hex(tx_nonce),
        }

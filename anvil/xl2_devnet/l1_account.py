"""
L1 account: one unlocked account of the devnet's L1 and its transactions.

Calls come in, mined receipts go out. Promise: transactions handed over together enter the pool together and in order,
and nobody else's get between their nonces, however many tasks share the account; where L1 goes back while they wait,
what it lost is sent again. What a failed one means, and what is to follow where L1 takes back a receipt that was handed
out, is left to the caller (`l1_mark`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from xl2_adapters.rpc import Call, Json, RpcClient
from xl2_adapters.rpc_wire import data, mapping, quantity

_LOOK_SECONDS = 0.1
#: L1 takes every transaction into its next block; what is in none after so many will not be.
_PATIENCE_BLOCKS = 4


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
            tx_hashes = await self._submit(transactions)
        since = await self._block_number()
        while True:
            calls = [Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes]
            receipts = await self._l1.batch(calls)
            if None not in receipts:
                return [mapping(receipt, self._l1.name) for receipt in receipts]
            if abs(await self._block_number() - since) >= _PATIENCE_BLOCKS:
                # A reorg may have dropped them, or one of lower nonce, which those in the pool would wait for.
                async with self._turn:
                    tx_hashes = await self._again(transactions, tx_hashes)
                since = await self._block_number()
            await asyncio.sleep(_LOOK_SECONDS)

    async def read(self, to: str, calldata: bytes, *, at: str = "latest") -> bytes:
        """What a call returns at a block, by its number in hex or its tag.

        Raises:
            Reverted: it reverted.
        """
        request: Json = {"from": self.address, "to": to, "data": "0x" + calldata.hex()}
        return data(await self._l1.call("eth_call", request, at), self._l1.name)

    async def _submit(self, transactions: Sequence[Transaction]) -> list[Json]:
        counted = await self._l1.call("eth_getTransactionCount", self.address, "pending")
        first = quantity(counted, self._l1.name)
        return [
            await self._l1.call("eth_sendTransaction", self._request(transaction, first + place))
            for place, transaction in enumerate(transactions)
        ]

    async def _again(self, transactions: Sequence[Transaction], tx_hashes: Sequence[Json]) -> list[Json]:
        """Send anew those that are in no block; the hashes of all."""
        receipts = await self._l1.batch([Call("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes])
        lost = []
        for place in (place for place, receipt in enumerate(receipts) if receipt is None):
            dropped = await self._l1.call("anvil_dropTransaction", tx_hashes[place])
            if not dropped:
                # L1 may have it in hand for the very next block: then it has a receipt in a moment.
                await asyncio.sleep(_LOOK_SECONDS)
            if dropped or await self._l1.call("eth_getTransactionReceipt", tx_hashes[place]) is None:
                lost.append(place)
        sent = await self._submit([transactions[place] for place in lost])
        hashes = list(tx_hashes)
        for place, tx_hash in zip(lost, sent, strict=True):
            hashes[place] = tx_hash
        return hashes

    async def _block_number(self) -> int:
        return quantity(await self._l1.call("eth_blockNumber"), self._l1.name)

    def _request(self, transaction: Transaction, tx_nonce: int) -> dict[str, Any]:
        return {
            "from": self.address,
            "to": transaction.to,
            "data": "0x" + transaction.data.hex(),
            "gas": hex(transaction.gas),
            "value": hex(transaction.value),
            "nonce": hex(tx_nonce),
        }

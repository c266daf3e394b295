"""
Spent nonce: which transaction in a block used a nonce of an account.

Comes in: an account and a used nonce. Goes out: a transaction's hash, or None. Promise: what is named was sent by
that account with that nonce, by the block that a node shows; nothing here raises for a node that keeps too little of
the past. How it is found: by asking for it, where nodes know that (`eth_getTransactionBySenderAndNonce`: reth, anvil),
else by halving the range of the last blocks by the account's nonce in them.
"""

from collections.abc import Awaitable, Callable

from xl2.core.types import Address, Hash32, checksum
from xl2.errors import RpcRejected
from xl2_adapters import rpc_wire
from xl2_adapters.rpc import Json

#: Blocks behind the tip whose states nodes keep without an archive (geth: 128).
_KEPT_STATES = 120

Ask = Callable[..., Awaitable[Json]]


async def spent_by(ask: Ask, account: Address, tx_nonce: int, endpoint: str) -> Hash32 | None:
    """The transaction that used a nonce. `ask`: one RPC call."""
    try:
        found = await ask("eth_getTransactionBySenderAndNonce", checksum(account), hex(tx_nonce))
    except RpcRejected:
        return await _searched(ask, account, tx_nonce, endpoint)
    return _hash_of(found, account, tx_nonce, endpoint)


async def _searched(ask: Ask, account: Address, tx_nonce: int, endpoint: str) -> Hash32 | None:
    async def used_at(block: int) -> bool:
        told = await ask("eth_getTransactionCount", checksum(account), hex(block))
        return rpc_wire.quantity(told, endpoint) > tx_nonce

    try:
        last = rpc_wire.count(await ask("eth_blockNumber"), endpoint)
        first = max(0, last - _KEPT_STATES)
        if await used_at(first) or not await used_at(last):
            return None
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (first, middle) if await used_at(middle) else (middle, last)
        block = rpc_wire.mapping(await ask("eth_getBlockByNumber", hex(last), True), endpoint)
    except RpcRejected:
        return None
    for one in rpc_wire.sequence(block.get("transactions"), endpoint):
        found = _hash_of(one, account, tx_nonce, endpoint)
        if found is not None:
            return found
    return None


def _hash_of(found: Json, account: Address, tx_nonce: int, endpoint: str) -> Hash32 | None:
    """The hash of a transaction in a block, if it is of this account and nonce."""
    if not isinstance(found, dict) or found.get("blockNumber") is None:
        return None
    sender = rpc_wire.data(found.get("from"), endpoint)
    if sender != account or rpc_wire.quantity(found.get("nonce"), endpoint) != tx_nonce:
        return None
    tx_hash = rpc_wire.data(found.get("hash"), endpoint)
    return Hash32(tx_hash) if len(tx_hash) == 32 else None

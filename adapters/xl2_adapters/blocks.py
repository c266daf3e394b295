"""Blocks: a block as a node sends it becomes one of ours. Raises `NotYet` for none, `RpcUnavailable` for no block."""

from xl2.core.types import BlockNumber, ChainId, Hash32, Timestamp
from xl2.errors import NotYet, RpcUnavailable
from xl2.ports import Block
from xl2_adapters import rpc_wire
from xl2_adapters.rpc import Json

_HASH_SIZE = 32


def block_of(found: Json, what: str, chain: ChainId, endpoint: str) -> Block:
    """`what`: as it was asked for, in words."""
    if found is None:
        raise NotYet(f"chain {chain} has no {what} yet")
    fields = rpc_wire.mapping(found, endpoint)
    return Block(
        number=BlockNumber(rpc_wire.count(fields.get("number"), endpoint)),
        hash=hash_of(fields.get("hash"), endpoint),
        parent_hash=hash_of(fields.get("parentHash"), endpoint),
        timestamp=Timestamp(rpc_wire.count(fields.get("timestamp"), endpoint)),
        gas_limit=rpc_wire.quantity(fields.get("gasLimit"), endpoint),
    )


def hash_of(value: Json, endpoint: str) -> Hash32:
    """32 bytes."""
    data = rpc_wire.data(value, endpoint)
    if len(data) != _HASH_SIZE:
        raise RpcUnavailable(f"{endpoint} sent a hash of {len(data)} bytes", endpoint=endpoint)
    return Hash32(data)

"""
Transaction logs: a transaction hash in, who sent it, what it did and all it logged out.

Promise: absence is the node's own answer, never an error's meaning; a receipt of another transaction is refused. What
the logs mean is left to the families.
"""

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, Hash32, address, hex_text
from xl2.errors import RpcUnavailable
from xl2.ports import Place
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm, Log
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json


@frozen(kw_only=True)
class Emitted:
    """A log, and the contract that wrote it."""

    contract: Address
    log: Log


@frozen(kw_only=True)
class Included:
    """A transaction in a block."""

    tx_hash: Hash32
    block: BlockNumber
    block_hash: Hash32
    succeeded: bool
    sender: Address
    #: None: it created a contract.
    to: Address | None
    #: EIP-2718 type; 0x7e for what a rollup's node puts in by itself.
    kind: int
    data: bytes = field(repr=False)
    logs: tuple[Emitted, ...] = field(repr=False)

    @property
    def place(self) -> Place:
        """Where the transaction as a whole stands."""
        return Place(block=self.block, block_hash=self.block_hash, tx_hash=self.tx_hash, log_index=0)


async def included(evm: Evm, tx_hash: Hash32) -> Included | None:
    """A transaction and its logs, None while it is in no block. Raises `RpcUnavailable` for an answer that is odd."""
    receipt, transaction = await evm.ask_many(
        [
            Request("eth_getTransactionReceipt", (hex_text(tx_hash),)),
            Request("eth_getTransactionByHash", (hex_text(tx_hash),)),
        ]
    )
    if receipt is None or transaction is None:
        return None
    name = evm.endpoint
    fields, sent = rpc_wire.mapping(receipt, name), rpc_wire.mapping(transaction, name)
    if rpc_wire.data(fields.get("transactionHash"), name) != tx_hash:
        raise RpcUnavailable(f"{name} sent another transaction's receipt for {hex_text(tx_hash)}", endpoint=name)
    block = BlockNumber(rpc_wire.count(fields.get("blockNumber"), name))
    block_hash = Hash32(rpc_wire.data(fields.get("blockHash"), name))

    def emitted(entry: Json) -> Emitted:
        log = rpc_wire.mapping(entry, name)
        place = Place(
            block=block,
            block_hash=block_hash,
            tx_hash=tx_hash,
            log_index=rpc_wire.count(log.get("logIndex"), name),
        )
        topics = tuple(rpc_wire.data(topic, name) for topic in rpc_wire.sequence(log.get("topics"), name))
        return Emitted(
            contract=address(rpc_wire.data(log.get("address"), name)),
            log=Log(topics=topics, data=rpc_wire.data(log.get("data"), name), place=place),
        )

    to = fields.get("to")
    return Included(
        tx_hash=tx_hash,
        block=block,
        block_hash=block_hash,
        succeeded=rpc_wire.quantity(fields.get("status"), name) == 1,
        sender=address(rpc_wire.data(fields.get("from"), name)),
        to=None if to is None else address(rpc_wire.data(to, name)),
        kind=rpc_wire.quantity(sent.get("type") or "0x0", name),
        data=rpc_wire.data(sent.get("input"), name),
        logs=tuple(emitted(entry) for entry in rpc_wire.sequence(fields.get("logs"), name)),
    )

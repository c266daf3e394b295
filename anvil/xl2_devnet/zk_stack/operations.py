"""
ZK operations: what users of L1 asked a ZK-stack chain for, as its Mailbox wrote it down.

L1 logs come in, priority operations go out, by block or by name. Promise: an operation is known by its canonical hash,
the one that L1 returned to whoever asked for it and that the chain's batches must name in L1's order.
Source: `NewPriorityRequest` of `Mailbox.sol`, @matterlabs/zksync-contracts 0.6.1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import mapping, sequence
from xl2_adapters.zk_stack import gas
from xl2_devnet.system_transaction import SystemTransaction, system_transaction
from xl2_devnet.zk_stack.contracts import zk_stack

_TOPIC = zk_stack("IZkSync").topic("NewPriorityRequest")
#: Most that an operation's call gets: the EVM needs less gas for the same than the zkVM, and many share a block.
_MOST_CALL_GAS = 3_000_000


@frozen(kw_only=True)
class Operation:
    """A priority operation: a transaction that L1 asks for and pays."""

    canonical_hash: bytes
    #: Lower-case hex, as the chain sees it: aliased, if a contract asked.
    sender: str
    to: str
    value: int
    data: bytes
    gas_limit: int
    gas_price: int
    #: What was paid on L1: for `value`, for gas, and what is refunded.
    minted: int
    refund_recipient: str

    @classmethod
    def of(cls, log: Mapping[str, Any]) -> "Operation":
        """From a `NewPriorityRequest` log."""
        event = zk_stack("IZkSync").event(log)
        if event is None or event.name != "NewPriorityRequest":
            raise ValueError(f"not a NewPriorityRequest log: {log}")
        asked = event.arguments["transaction"]
        return cls(
            canonical_hash=event.arguments["txHash"],
            sender=_account(asked[1]),
            to=_account(asked[2]),
            gas_limit=asked[3],
            gas_price=asked[5],
            value=asked[9],
            minted=asked[10][0],
            refund_recipient=_account(asked[10][1]),
            data=asked[11],
        )

    @property
    def transaction(self) -> SystemTransaction:
        """The transaction that carries it out; a real chain knows it by the canonical hash."""
        return system_transaction(
            self.canonical_hash,
            sender=self.sender,
            to=self.to,
            gas=min(_MOST_CALL_GAS, gas.body(self.gas_limit, len(self.data))),
            data=self.data,
            mint=self.value,
            value=self.value,
            aliases=("0x" + self.canonical_hash.hex(),),
        )

    def fee(self, gas_used: int) -> int:
        """Wei that its gas costs, whose call used so much of it."""
        around = self.gas_limit - gas.body(self.gas_limit, len(self.data))
        return min(self.gas_limit, around + gas_used) * self.gas_price


class Operations:
    """The operations of one rollup."""

    def __init__(self, l1: RpcClient, diamond: str) -> None:
        """`l1`: the anvil itself."""
        self._l1 = l1
        self._diamond = diamond
        self._by_tx_hash: dict[str, Operation] = {}
        self._by_canonical_hash: dict[str, str] = {}
        self._has_all = False

    async def of_block(self, block_hash: str) -> Sequence[Operation]:
        """Operations of an L1 block, in order."""
        return await self._read({"blockHash": block_hash})

    async def by_tx_hash(self) -> Mapping[str, Operation]:
        """All operations that were read, or could have been before this start, by the hash of their transaction."""
        if not self._has_all:
            await self._read({"fromBlock": "0x0", "toBlock": "latest"})
            self._has_all = True
        return self._by_tx_hash

    async def tx_hash(self, asked: str) -> str:
        """Hash of the transaction, where one asks by an operation's canonical hash; else what was asked."""
        await self.by_tx_hash()
        return self._by_canonical_hash.get(asked, asked)

    async def _read(self, where: dict[str, str]) -> Sequence[Operation]:
        found = await self._l1.call("eth_getLogs", {**where, "address": self._diamond, "topics": [_TOPIC]})
        logs = [mapping(entry, self._l1.name) for entry in sequence(found, self._l1.name)]
        operations = [Operation.of(log) for log in logs]
        for operation in operations:
            transaction = operation.transaction
            self._by_tx_hash[transaction.tx_hash] = operation
            self._by_canonical_hash |= dict.fromkeys(transaction.aliases, transaction.tx_hash)
        return operations


def _account(word: int) -> str:
    return "0x" + word.to_bytes(32, "big")[12:].hex()

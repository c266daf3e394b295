"""
ZK executor: the Diamond's side of batches, as its validator sees it.

Batches come in, transactions of L1 go out, and how far the Diamond is comes back. Promise: a batch that was committed
can be read back from L1 alone, by its event and its transaction's calldata, so that a validator that starts anew knows
which L2 blocks stand there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from eth_abi import decode

from xl2.errors import Fatal
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json, data, mapping, quantity, sequence
from xl2_devnet.l1_account import L1Account, Transaction
from xl2_devnet.zk_stack.batch import Batch
from xl2_devnet.zk_stack.contracts import zk_stack

_DIAMOND = zk_stack("IZkSync")
_STORED = "(uint64,bytes32,uint64,uint256,bytes32,bytes32,uint256,bytes32)"
_COMMITTING = "(uint64,uint64,uint64,bytes32,uint256,bytes32,bytes32,bytes,bytes,bytes,bytes[],bytes[])"
#: Gas of a call that commits, and for each byte of a batch: calldata, copies and hashes of it.
_COMMIT_GAS, _COMMIT_GAS_A_BYTE = 500_000, 80
_PROVE_GAS, _EXECUTE_GAS, _EXECUTE_GAS_AN_OPERATION = 600_000, 300_000, 30_000
_REVERT_GAS = 200_000
#: Points at infinity in place of the recursive part of a proof; the Executor's own pairing check passes on them.
_NO_AGGREGATION = (0, 0, 0, 0)


class BatchRefused(Fatal):
    """L1 did not take a batch."""

    default_remedy = "The devnet's own parts do not fit together: this is a defect of xl2, please report it."


@frozen(kw_only=True)
class Progress:
    """Number of the last batch that is committed, proven and executed."""

    committed: int
    proven: int
    executed: int


@frozen(kw_only=True)
class Committed:
    """What L1 tells of a batch."""

    number: int
    last_block: int
    state_root: str
    commitment: bytes
    tx_hash: str


class Executor:
    """The Diamond of one rollup, by its validator."""

    def __init__(self, l1: RpcClient, diamond: str, validator: L1Account) -> None:
        """`l1`: the anvil itself."""
        self._l1 = l1
        self._diamond = diamond
        self._validator = validator

    async def progress(self) -> Progress:
        """How far the Diamond is."""
        names = ("getTotalBlocksCommitted", "getTotalBlocksVerified", "getTotalBlocksExecuted")
        answers = [await self._validator.read(self._diamond, _DIAMOND.call(name)) for name in names]
        committed, proven, executed = (int.from_bytes(answer, "big") for answer in answers)
        return Progress(committed=committed, proven=proven, executed=executed)

    async def commit(self, before: Batch, batch: Batch) -> tuple[bytes, str]:
        """Commit a batch behind another; its commitment, and the transaction's hash.

        Raises:
            BatchRefused: L1 did not take it.
        """
        call = _DIAMOND.call("commitBlocks", before.stored, [batch.committing])
        gas = _COMMIT_GAS + _COMMIT_GAS_A_BYTE * len(call)
        (receipt,) = await self._send("commit", batch, Transaction(to=self._diamond, data=call, gas=gas))
        commitments = [
            event.arguments["commitment"]
            for entry in receipt["logs"]
            if (event := _DIAMOND.event(entry)) is not None and event.name == "BlockCommit"
        ]
        return commitments[0], receipt["transactionHash"]

    async def prove_and_execute(self, before: Batch, batch: Batch) -> tuple[str, str]:
        """Have the verifier, which is a stand-in here, take a batch, and execute it; both transactions' hashes.

        From now on its messages can be shown on L1.

        Raises:
            BatchRefused: L1 did not take it.
        """
        call = _DIAMOND.call("proveBlocks", before.stored, [batch.stored], (_NO_AGGREGATION, []))
        proof = Transaction(to=self._diamond, data=call, gas=_PROVE_GAS)
        proven, executed = await self._send("prove and execute", batch, proof, self._execution(batch))
        return str(proven["transactionHash"]), str(executed["transactionHash"])

    async def execute(self, batch: Batch) -> str:
        """Execute a batch that is proven; the transaction's hash. Raises as `prove_and_execute`."""
        (executed,) = await self._send("execute", batch, self._execution(batch))
        return str(executed["transactionHash"])

    async def revert(self, to: Batch) -> None:
        """Take back what was committed behind a batch and is not executed."""
        call = _DIAMOND.call("revertBlocks", to.number)
        await self._send("revert to", to, Transaction(to=self._diamond, data=call, gas=_REVERT_GAS))

    async def committed(self, upto: int) -> Sequence[Committed]:
        """The batches that stand committed up to this one, in order."""
        where: Json = {"fromBlock": "0x0", "address": self._diamond, "topics": [_DIAMOND.topic("BlockCommit")]}
        logs: list[Mapping[str, Any]] = [
            mapping(entry, self._l1.name) for entry in sequence(await self._l1.call("eth_getLogs", where), "l1")
        ]
        # A number that was reverted is committed again: the last one counts.
        last = {int(log["topics"][1], 16): log for log in logs}
        numbers = range(1, upto + 1)
        found = await self._l1.batch(
            [Call("eth_getTransactionByHash", (last[number]["transactionHash"],)) for number in numbers]
        )
        return [
            _read(number, data(mapping(transaction, self._l1.name)["input"], self._l1.name), last[number])
            for number, transaction in zip(numbers, found, strict=True)
        ]

    def _execution(self, batch: Batch) -> Transaction:
        call = _DIAMOND.call("executeBlocks", [batch.stored])
        gas = _EXECUTE_GAS + _EXECUTE_GAS_AN_OPERATION * len(batch.operations)
        return Transaction(to=self._diamond, data=call, gas=gas)

    async def _send(self, what: str, batch: Batch, *transactions: Transaction) -> Sequence[Mapping[str, Any]]:
        receipts = await self._validator.send(*transactions)
        if any(quantity(receipt["status"], self._l1.name) != 1 for receipt in receipts):
            raise BatchRefused(f"L1 refused to {what} batch {batch.number} of {self._diamond}")
        return receipts


def _read(number: int, calldata: bytes, log: Any) -> Committed:
    _, batches = decode([_STORED, f"{_COMMITTING}[]"], calldata[4:])
    batch = next(one for one in batches if one[0] == number)
    return Committed(
        number=number,
        # See `batch`: in place of the state's differences.
        last_block=int.from_bytes(batch[8], "big"),
        state_root="0x" + batch[3].hex(),
        commitment=bytes.fromhex(log["topics"][3][2:]),
        tx_hash=log["transactionHash"],
    )

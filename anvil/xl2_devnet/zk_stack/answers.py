"""
ZK answers: what nodes of a ZK-stack chain answer and anvil does not.

JSON-RPC calls come in, answers go out: the `zks_` methods that clients of xl2 use, and receipts with their place in a
batch. Promise: shapes are those of zksync-era's API; a proof that is told leads to the root that was committed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from xl2.errors import RpcRejected
from xl2_adapters.rpc_wire import Json, data, mapping, quantity
from xl2_adapters.zk_stack import gas
from xl2_adapters.zk_stack.logs import root_and_paths
from xl2_devnet.rollup import Answer, Berth, Pass
from xl2_devnet.zk_stack.batch import Batch
from xl2_devnet.zk_stack.batcher import Ledger
from xl2_devnet.zk_stack.operations import Operations

_INVALID_PARAMS = -32602
#: What an estimate takes its caller to have, and what it adds: an estimate is good for its own block only.
_RICH = 10**27
_MARGIN_PERCENT = 30


class ZkAnswers:
    """The methods of one L2's node."""

    def __init__(self, berth: Berth, operations: Operations, ledger: Ledger) -> None:
        """`ledger`: the batcher's own."""
        self._berth = berth
        self._operations = operations
        self._ledger = ledger

    @property
    def methods(self) -> Mapping[str, Answer]:
        """By name."""
        return {
            "eth_getTransactionReceipt": self._receipt,
            "zks_L1BatchNumber": self._batch_number,
            "zks_L1ChainId": self._l1_chain_id,
            "zks_estimateGasL1ToL2": self._estimate,
            "zks_getBridgeContracts": self._bridges,
            "zks_getL1BatchBlockRange": self._block_range,
            "zks_getL1BatchDetails": self._details,
            "zks_getL2ToL1LogProof": self._log_proof,
            "zks_getMainContract": self._main_contract,
        }

    async def _receipt(self, params: Sequence[Any]) -> Json | Pass:
        """`l1BatchNumber` is null while the block is in no batch, as it is on a real chain."""
        asked = _hash(params)
        found = await self._berth.l2.call("eth_getTransactionReceipt", await self._operations.tx_hash(asked))
        if found is None:
            return None
        receipt: dict[str, Any] = dict(mapping(found, self._berth.l2.name))
        receipt |= {"transactionHash": asked, "l1BatchNumber": None, "l1BatchTxIndex": None, "l2ToL1Logs": []}
        receipt["logs"] = [{**entry, "transactionHash": asked} for entry in receipt["logs"]]
        block = quantity(receipt["blockNumber"], self._berth.l2.name)
        batch = self._ledger.holding(block)
        if batch is not None:
            index = quantity(receipt["transactionIndex"], self._berth.l2.name)
            receipt["l1BatchNumber"] = hex(batch.number)
            receipt["l1BatchTxIndex"] = hex(batch.tx_number(block, index))
            receipt["l2ToL1Logs"] = [
                {
                    "transactionHash": asked,
                    "blockNumber": receipt["blockNumber"],
                    "blockHash": receipt["blockHash"],
                    "l1BatchNumber": hex(batch.number),
                    "transactionIndex": receipt["transactionIndex"],
                    "txIndexInL1Batch": hex(one.log.tx_number),
                    "shardId": hex(one.log.shard),
                    "isService": one.log.is_service,
                    "sender": "0x" + one.log.sender.hex(),
                    "key": "0x" + one.log.key.hex(),
                    "value": "0x" + one.log.value.hex(),
                    "logIndex": hex(place),
                }
                for place, one in enumerate(_of(batch, await self._operations.tx_hash(asked)))
            ]
        return receipt

    async def _log_proof(self, params: Sequence[Any]) -> Json | Pass:
        """`[transaction hash, index of the log among the transaction's]`; null while it is in no batch."""
        tx_hash = await self._operations.tx_hash(_hash(params))
        index = params[1] if len(params) > 1 and params[1] is not None else 0
        found = await self._berth.l2.call("eth_getTransactionReceipt", tx_hash)
        if found is None:
            return None
        batch = self._ledger.holding(quantity(mapping(found, self._berth.l2.name)["blockNumber"], self._berth.l2.name))
        if batch is None:
            return None
        places = [place for place, one in enumerate(batch.said) if one.tx_hash == tx_hash]
        if not isinstance(index, int) or index >= len(places):
            return None
        root, paths = root_and_paths([one.log.leaf for one in batch.said])
        path = paths[places[index]]
        return {"proof": ["0x" + node.hex() for node in path], "id": places[index], "root": "0x" + root.hex()}

    async def _estimate(self, params: Sequence[Any]) -> Json | Pass:
        """`l2GasLimit` that an operation wants, for a caller who has whatever value comes along."""
        if len(params) != 1 or not isinstance(params[0], dict) or "from" not in params[0]:
            raise RpcRejected("a call with its sender is wanted", endpoint="", rpc_code=_INVALID_PARAMS)
        overrides: Json = {params[0]["from"]: {"balance": hex(_RICH)}}
        found = await self._berth.l2.call("eth_estimateGas", params[0], "latest", overrides)
        used = quantity(found, self._berth.l2.name) * (100 + _MARGIN_PERCENT) // 100
        return hex(gas.limit_for(used, len(data(params[0].get("data", "0x"), self._berth.l2.name))))

    async def _details(self, params: Sequence[Any]) -> Json | Pass:
        batch = self._numbered(params)
        if batch is None:
            return None
        ledger, number = self._ledger, batch.number
        return {
            "number": number,
            "timestamp": batch.timestamp,
            "rootHash": batch.state_root,
            "status": "verified" if number <= ledger.progress.executed else "sealed",
            "l1TxCount": len(batch.operations),
            "commitTxHash": ledger.commits.get(number),
            "proveTxHash": ledger.proofs.get(number),
            "executeTxHash": ledger.executions.get(number),
        }

    async def _block_range(self, params: Sequence[Any]) -> Json | Pass:
        batch = self._numbered(params)
        return None if batch is None else [hex(batch.first_block), hex(batch.last_block)]

    async def _batch_number(self, params: Sequence[Any]) -> Json | Pass:  # noqa: ARG002
        return hex(self._ledger.last.number)

    async def _l1_chain_id(self, params: Sequence[Any]) -> Json | Pass:  # noqa: ARG002
        return await self._berth.l1.call("eth_chainId")

    async def _main_contract(self, params: Sequence[Any]) -> Json | Pass:  # noqa: ARG002
        return self._berth.rollup["diamond"].lower()

    async def _bridges(self, params: Sequence[Any]) -> Json | Pass:  # noqa: ARG002
        rollup = self._berth.rollup
        return {
            "l1Erc20DefaultBridge": rollup["l1_bridge"].lower(),
            "l2Erc20DefaultBridge": rollup["l2_bridge"].lower(),
        }

    def _numbered(self, params: Sequence[Any]) -> Batch | None:
        if len(params) != 1 or not isinstance(params[0], int):
            raise RpcRejected("the number of a batch is wanted", endpoint="", rpc_code=_INVALID_PARAMS)
        return self._ledger.batches[params[0]] if 0 < params[0] < len(self._ledger.batches) else None


def _of(batch: Batch, tx_hash: str) -> list[Any]:
    return [one for one in batch.said if one.tx_hash == tx_hash]


def _hash(params: Sequence[Any]) -> str:
    if not params or not isinstance(params[0], str) or len(params[0]) != 66:
        raise RpcRejected("a transaction hash is wanted", endpoint="", rpc_code=_INVALID_PARAMS)
    return params[0].lower()

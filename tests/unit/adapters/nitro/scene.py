"""A chain behind an endpoint that answers from what a test put there; anything else it is asked is a failure."""

from collections.abc import Callable
from typing import Any

from attrs import define, field

from xl2.core.types import Address, BlockNumber, ChainId, checksum, hex_text
from xl2.errors import Reverted
from xl2_adapters.abi import Event, Method, types_of
from xl2_adapters.abi import _encode as encode_values
from xl2_adapters.evm import Evm, topic_of

HASH = "0x" + "cc" * 32


@define
class Scene:
    """What a node knows."""

    chain: ChainId
    tip: int = 100
    #: By contract and calldata; a function of the block's tag, or the bytes.
    views: dict[tuple[str, str], bytes | Callable[[str], bytes]] = field(factory=dict)
    logs: list[dict[str, Any]] = field(factory=list)
    #: By hash and by number.
    blocks: dict[str, dict[str, Any]] = field(factory=dict)
    receipts: dict[str, dict[str, Any]] = field(factory=dict)
    #: Gas by the contract that is called.
    gas: dict[str, int | Exception] = field(factory=dict)

    def evm(self) -> Evm:
        """The chain as adapters see it."""
        evm = Evm(self.chain, "http://127.0.0.1:1")

        async def call(method: str, *params: Any) -> Any:
            return self._answer(method, *params)

        async def batch(requests: Any) -> list[Any]:
            return [self._answer(one.method, *one.params) for one in requests]

        evm.rpc.call = call  # type: ignore[method-assign]
        evm.rpc.batch = batch  # type: ignore[method-assign, assignment]
        return evm

    def says(self, contract: Address, method: Method, *arguments: Any, values: tuple[Any, ...]) -> None:
        """A view's answer."""
        answer = encode_values(types_of(method.returns), values)
        self.views[checksum(contract), hex_text(method.encode(*arguments))] = answer

    def reverts(self, contract: Address, method: Method, *arguments: Any, revert: bytes) -> None:
        """A view that reverts."""

        def refuse(_: str) -> bytes:
            raise Reverted("execution reverted", endpoint="memory", revert=revert)

        self.views[checksum(contract), hex_text(method.encode(*arguments))] = refuse

    def emits(
        self, contract: Address, event: Event, *values: Any, block: int, tx: str = HASH, index: int | None = None
    ) -> None:
        """A log, from the values in the order of the declaration."""
        declared = types_of(event.declaration)
        indexed = [value for kind, value in zip(declared, values, strict=True) if kind.endswith(" indexed")]
        rest = [(kind, value) for kind, value in zip(declared, values, strict=True) if not kind.endswith(" indexed")]
        data = encode_values(tuple(kind for kind, _ in rest), [value for _, value in rest]) if rest else b""
        self.logs.append(
            {
                "address": hex_text(contract),
                "topics": [hex_text(event.topic), *(hex_text(topic_of(one)) for one in indexed)],
                "data": hex_text(data),
                "blockNumber": hex(block),
                "blockHash": "0x" + f"{block:064x}",
                "transactionHash": tx,
                "logIndex": hex(len(self.logs) if index is None else index),
            }
        )

    def included(self, tx: bytes, *, block: int, succeeded: bool = True) -> None:
        """A transaction in a block."""
        self.receipts[hex_text(tx)] = {
            "transactionHash": hex_text(tx),
            "blockNumber": hex(block),
            "blockHash": "0x" + f"{block:064x}",
            "status": hex(int(succeeded)),
            "gasUsed": "0x5208",
        }

    def knows(self, block: dict[str, Any]) -> None:
        """A block, by its hash and as the one of its height."""
        self.blocks[block["hash"]] = self.blocks[block["number"]] = block

    def _answer(self, method: str, *params: Any) -> Any:
        answers: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(self.chain),
            "eth_call": self._view,
            "eth_getLogs": lambda wanted: [one for one in self.logs if _matches(one, wanted)],
            "eth_getBlockByHash": lambda name, _: self.blocks.get(name),
            "eth_getBlockByNumber": lambda name, _: self.blocks.get(name if name[:2] == "0x" else hex(self.tip)),
            "eth_getTransactionReceipt": self.receipts.get,
            "eth_maxPriorityFeePerGas": lambda: "0x0",
            "eth_estimateGas": self._gas,
        }
        return answers[method](*params)

    def _view(self, request: dict[str, str], tag: str) -> str:
        answer = self.views[request["to"], request["data"]]
        return hex_text(answer(tag) if callable(answer) else answer)

    def _gas(self, request: dict[str, str], *_: Any) -> str:
        gas = self.gas[request["to"]]
        if isinstance(gas, Exception):
            raise gas
        return hex(gas)


def bare_block(number: int, *, timestamp: int = 1_000, base_fee: int = 7) -> dict[str, Any]:
    """A block of which nobody wants the header."""
    return {
        "number": hex(number),
        "hash": "0x" + f"{number:064x}",
        "parentHash": "0x" + f"{max(0, number - 1):064x}",
        "timestamp": hex(timestamp),
        "gasLimit": "0x1c9c380",
        "baseFeePerGas": hex(base_fee),
    }


def at(number: int) -> BlockNumber:
    """A height."""
    return BlockNumber(number)


def _matches(log: dict[str, Any], wanted: dict[str, Any]) -> bool:
    block = int(log["blockNumber"], 16)
    in_range = int(wanted["fromBlock"], 16) <= block <= int(wanted["toBlock"], 16)
    topics = zip(wanted["topics"], log["topics"], strict=False)
    return (
        in_range
        and log["address"] == wanted["address"].lower()
        and all(any_of is None or topic in any_of for any_of, topic in topics)
    )

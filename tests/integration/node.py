"""Node: one anvil, asked by a test that is not asynchronous, in the order of its lines."""

import http.client
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson


class Node:
    """One anvil, asked over one connection."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        self._connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)

    def ask(self, method: str, *parameters: Any) -> Any:
        """Answer to one call."""
        (answer,) = self.ask_all((method, parameters))
        return answer

    def transact(self, transaction: Mapping[str, str], now: int | None = None) -> Any:
        """Receipt of a transaction in a block of its own, at second `now` or any."""
        tx_hash = self.ask("eth_sendTransaction", transaction)
        self.ask("evm_mine", *(() if now is None else (now,)))
        return self.ask("eth_getTransactionReceipt", tx_hash)

    def ask_all(self, *calls: tuple[str, Sequence[Any]]) -> list[Any]:
        """Answers to calls that may be made in any order. An error of the node is an error of the test."""
        batch = [{"jsonrpc": "2.0", "id": i, "method": m, "params": list(p)} for i, (m, p) in enumerate(calls)]
        self._connection.request("POST", "/", orjson.dumps(batch), {"content-type": "application/json"})
        answers = orjson.loads(self._connection.getresponse().read())
        for answer in answers:
            assert "error" not in answer, (calls[answer["id"]], answer["error"])
        return [answer["result"] for answer in sorted(answers, key=lambda answer: answer["id"])]

    def close(self) -> None:
        self._connection.close()

"""
Make state.json: `python -m tests.vectors.proofs.make_state ANVIL`, where ANVIL is the pinned binary.

Accounts and slots of three states (two slots, 1,000, 100,000) as anvil itself proves them with `eth_getProof`,
packed as protocol.md section 7 says. The values are short and long, and four pairs of slots share the first 8
nibbles of their hashed keys (found by search), so that leaves of small values stand inline in their branch.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from eth_utils import keccak, to_checksum_address

HERE = Path(__file__).parent
ACCOUNT = to_checksum_address("0x00000000000000000000000000000000000b1600")
#: Slots that share 8 nibbles of keccak256(slot), two by two, and their values: both inline, one inline, none inline.
PAIRS = {40364: 1, 105566: 2, 15205: 3, 173781: 0x7F, 50541: 1, 125299: 2**255 + 7, 152389: 0x80, 206212: 5}


def word(value: int) -> str:
    return "0x" + value.to_bytes(32).hex()


def value_of(slot: int) -> int:
    """Some value that is not zero, of 1 to 32 bytes."""
    size = (1, 1, 32, 32, 32, 32, 20, 8, 31, 2)[slot % 10]
    return int.from_bytes(keccak(slot.to_bytes(4))[:size]) | 1 << (8 * size - 1) >> (slot % 8)


def trie_proof(nodes: list[str]) -> str:
    """Pack the nodes of `eth_getProof`: count, then length and node each; what stands inline is not repeated."""
    listed = [bytes.fromhex(node[2:]) for node in nodes]
    given = [node for depth, node in enumerate(listed) if depth == 0 or len(node) >= 32]
    given = [node for node in given if node != b"\x80"]  # an empty trie has no node
    return "0x" + (len(given).to_bytes(1) + b"".join(len(node).to_bytes(2) + node for node in given)).hex()


class Anvil:
    """An anvil that begins with the given accounts and slots; a context manager."""

    def __init__(self, binary: str, slots: dict[int, int], accounts: int) -> None:
        self._folder = TemporaryDirectory()
        storage = {word(slot): word(value) for slot, value in slots.items()}
        alloc: dict[str, Any] = {ACCOUNT: {"balance": "0x0", "code": "0x00", "storage": storage}}
        for number in range(accounts):
            some = keccak(number.to_bytes(4))
            alloc["0x" + some[:20].hex()] = {"balance": hex(int.from_bytes(some[20:27])), "nonce": hex(number % 3)}
        path = Path(self._folder.name) / "genesis.json"
        path.write_text(
            json.dumps({"config": {"chainId": 31337}, "alloc": alloc, "gasLimit": "0x1c9c380", "difficulty": "0x0"})
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [binary, "--host", "127.0.0.1", "--port", str(port), "--init", str(path), "--silent", "--accounts", "1"]
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.call("eth_chainId")
            except urllib.error.URLError:
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError("anvil did not answer within 60 seconds")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def call(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)["result"]


def proofs(binary: str, name: str, slots: dict[int, int], accounts: int, ask: list[int]) -> list[dict[str, str]]:
    with Anvil(binary, slots, accounts) as anvil:
        anvil.call("evm_mine")  # anvil writes no state root into block 0
        root = anvil.call("eth_getBlockByNumber", "latest", False)["stateRoot"]
        proof = anvil.call("eth_getProof", ACCOUNT, [word(slot) for slot in ask], "latest")
    return [
        {
            "name": f"{name}, slot {int(of['key'], 16)}, depth {len(proof['accountProof'])}+{len(of['proof'])}",
            "stateRoot": root,
            "account": ACCOUNT,
            "accountProof": trie_proof(proof["accountProof"]),
            "storageRoot": proof["storageHash"],
            "codeHash": proof["codeHash"],
            "slot": word(int(of["key"], 16)),
            "value": word(int(of["value"], 16)),
            "storageProof": trie_proof(of["proof"]),
        }
        for of in proof["storageProof"]
    ]


def main(binary: str) -> None:
    thousand = {slot: value_of(slot) for slot in range(1_000)}
    large = {slot: value_of(slot) for slot in range(100_000)} | PAIRS
    vectors = [
        *proofs(binary, "empty storage", {}, 0, [0]),
        *proofs(binary, "one slot", {3: 5}, 0, [3, 4]),
        *proofs(binary, "two slots", {0: 1, 1: 2**256 - 1}, 0, [0, 1, 2]),
        *proofs(binary, "1k slots", thousand, 500, [*range(8), 5_000, 5_001]),
        *proofs(binary, "100k slots", large, 20_000, [1, 2, 6, 9, *PAIRS, 300_000, 300_001, 300_004]),
    ]
    (HERE / "state.json").write_text(json.dumps(vectors, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

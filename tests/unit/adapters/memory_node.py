"""A node in memory: true tries and headers that hash, so that proofs of it hold and forged ones do not."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from attrs import define, field
from trie.hexary import HexaryTrie

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, checksum, hex_text
from xl2.errors import Reverted
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.providers import Rpc
from xl2_adapters.rpc import Call

_EMPTY = keccak(rlp.encode(b""))
_BYTES_20, _BYTES_32 = bytes(20), bytes(32)


@define
class State:
    """What a block holds."""

    storage: dict[Address, dict[Hash32, int]] = field(factory=dict)
    code_hash: dict[Address, Hash32] = field(factory=dict)
    #: What views return, by contract and calldata.
    told: dict[tuple[Address, bytes], bytes] = field(factory=dict)

    def storage_trie(self, account: Address) -> HexaryTrie:
        trie = HexaryTrie({})
        for slot, value in self.storage.get(account, {}).items():
            if value:
                trie[keccak(slot)] = rlp.encode(value.to_bytes((value.bit_length() + 7) // 8))
        return trie

    def trie(self) -> HexaryTrie:
        trie = HexaryTrie({})
        for account in self.storage:
            code_hash = self.code_hash.get(account, keccak(b""))
            fields = [b"\x01", b"", bytes(self.storage_trie(account).root_hash), code_hash]
            trie[keccak(account)] = rlp.encode(fields)
        return trie


class MemoryNode(Evm):
    """One chain. What is put or told counts from the next block on."""

    def __init__(self, chain: int = 900, rpc: str | Rpc = "http://127.0.0.1:1", *, ws_url: str = "") -> None:
        super().__init__(ChainId(chain), rpc, ws_url=ws_url)
        self.next = State()
        self.blocks: list[tuple[dict[str, str], State]] = []
        self.logs_sent: list[dict[str, Any]] = []
        self.mine(1_000)

    # --- words of a test

    def put(self, account: Address, slot: Hash32, value: int | bytes) -> None:
        word = int.from_bytes(value) if isinstance(value, bytes) else value
        self.next.storage.setdefault(account, {})[slot] = word

    def tell(self, contract: Address, method: Method, *values: Any, given: Sequence[Any] = ()) -> None:
        """Let a view of a contract return values, for these arguments."""
        answer = Method(f"f{method.returns}").encode(*values)[4:]
        self.next.told[contract, method.encode(*given)] = answer
        self.next.storage.setdefault(contract, {})

    def mine(self, timestamp: int) -> BlockNumber:
        number = len(self.blocks)
        state = deepcopy(self.next)
        parent = self.blocks[-1][0]["hash"] if self.blocks else hex_text(_BYTES_32)
        raw = {
            "parentHash": parent,
            "sha3Uncles": hex_text(_BYTES_32),
            "miner": hex_text(_BYTES_20),
            "stateRoot": hex_text(bytes(state.trie().root_hash)),
            "transactionsRoot": hex_text(_EMPTY),
            "receiptsRoot": hex_text(_EMPTY),
            "logsBloom": hex_text(bytes(256)),
            "difficulty": "0x0",
            "number": hex(number),
            "gasLimit": "0x1c9c380",
            "gasUsed": "0x0",
            "timestamp": hex(timestamp),
            "extraData": "0x",
            "mixHash": hex_text(_BYTES_32),
            "nonce": hex_text(bytes(8)),
        }
        numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
        fields = [_number(value) if name in numbers else bytes.fromhex(value[2:]) for name, value in raw.items()]
        self.blocks.append(({**raw, "hash": hex_text(keccak(rlp.encode(fields)))}, state))
        return BlockNumber(number)

    # --- what an endpoint answers

    async def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_getBlockByNumber":
            at = self._at(params[0])
            return self.blocks[at][0] if at < len(self.blocks) else None
        if method == "eth_call":
            call, tag = params
            told = self.blocks[self._at(tag)][1].told
            key = Address(bytes.fromhex(call["to"][2:])), bytes.fromhex(call["data"][2:])
            if key not in told:
                raise Reverted(f"{call['to']} has no {call['data'][:10]}", endpoint=self.endpoint)
            return hex_text(told[key])
        if method == "eth_getProof":
            account, slots, tag = params
            return self._proof(Address(bytes.fromhex(account[2:])), slots, self.blocks[self._at(tag)][1])
        if method == "eth_getStorageAt":
            account, slot, tag = params
            storage = self.blocks[self._at(tag)][1].storage[Address(bytes.fromhex(account[2:]))]
            return hex(storage.get(Hash32(bytes.fromhex(slot[2:])), 0))
        if method == "eth_getLogs":
            (wanted,) = params
            return [one for one in self.logs_sent if _matches(one, wanted)]
        raise AssertionError(f"the test's node knows no {method}")

    async def ask_many(self, requests: Sequence[Call]) -> list[Any]:
        return [await self.ask(one.method, *one.params) for one in requests]

    def log(self, contract: Address, topics: Sequence[bytes], data: bytes, at: BlockNumber) -> None:
        """Let a contract have logged something in a block."""
        self.logs_sent.append(
            {
                "address": hex_text(contract),
                "topics": [hex_text(one) for one in topics],
                "data": hex_text(data),
                "blockNumber": hex(at),
                "blockHash": self.blocks[at][0]["hash"],
                "transactionHash": hex_text(bytes(32)),
                "logIndex": hex(len(self.logs_sent)),
                "removed": False,
            }
        )

    def _at(self, tag: str) -> int:
        return int(tag, 16) if tag.startswith("0x") else len(self.blocks) - 1

    def _proof(self, account: Address, slots: Sequence[str], state: State) -> dict[str, Any]:
        storage = state.storage_trie(account)

        def nodes(trie: HexaryTrie, key: bytes) -> list[str]:
            return [hex_text(rlp.encode(node)) for node in trie.get_proof(keccak(key))]

        return {
            "address": checksum(account),
            "accountProof": nodes(state.trie(), account),
            "storageHash": hex_text(bytes(storage.root_hash)),
            "storageProof": [{"key": slot, "proof": nodes(storage, bytes.fromhex(slot[2:]))} for slot in slots],
        }


def _number(value: str) -> bytes:
    number = int(value, 16)
    return number.to_bytes((number.bit_length() + 7) // 8)


def _matches(log: dict[str, Any], wanted: dict[str, Any]) -> bool:
    at = int(log["blockNumber"], 16)
    if log["address"].lower() != wanted["address"].lower():
        return False
    if not int(wanted["fromBlock"], 16) <= at <= int(wanted["toBlock"], 16):
        return False
    return all(
        any_of is None or topic in any_of for topic, any_of in zip(log["topics"], wanted["topics"], strict=False)
    )

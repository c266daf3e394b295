"""
Walk: what it costs to prove a slot of a contract on a chain with 100,000 slots and 20,000 accounts.

Nothing comes in, `trie_exec_5_7` goes out. Promise: the proof is the node's own (`eth_getProof`), five nodes of
the state trie and seven of the storage trie deep, and the value it proves is the one that was stored. The contract
is `contracts/test/libraries/Walker.sol`, which reads its own gas before and after.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.machine import Machine, machine
from tools.forge import CONTRACTS, command
from xl2.core.hashing import keccak
from xl2.core.storage_proof import nodes_of, pack_nodes
from xl2.core.types import Address, checksum
from xl2.errors import Xl2Error
from xl2_adapters.abi import Method
from xl2_adapters.rpc import Call
from xl2_devnet.abi import Contract

_SLOTS, _ACCOUNTS = 100_000, 20_000
_DEPTHS = (5, 7)
_HOLDER = Address(bytes(17) + b"\x51\x07\xed")
_SLOT_OF = Method("slotOf(bytes32,address,bytes32,bytes)", "(bytes32,uint256)")


class NoSuchDepth(Xl2Error):
    """No slot of the state made for it lies as deep as the figure says."""


async def measure_walk() -> dict[str, Figure]:
    """`trie_exec_5_7`."""
    async with machine(903) as chain:
        walker = await chain.deploy("Walker", contract=_compiled("Walker"))
        await _fill(chain)
        slot, state_root, proof = await _prove(chain)
        answer = await chain.read(walker, _SLOT_OF.encode(state_root, _HOLDER, _word(slot), proof))
    value, used = _SLOT_OF.decode(answer, "anvil")
    if value != _value(slot):
        raise NoSuchDepth(f"slot {slot} is proven to hold {value.hex()}")
    how = f"gas around StateProof.account and slot; {_SLOTS} slots, {_ACCOUNTS} accounts, eth_getProof of anvil"
    return {"trie_exec_5_7": Figure(value=used, unit="gas", how=how)}


async def _fill(chain: Machine) -> None:
    """Give one contract many slots, and the chain many accounts."""
    holder = checksum(_HOLDER)
    await chain.rpc.call("anvil_setCode", holder, "0x00")
    await chain.rpc.batch(
        [
            Call("anvil_setStorageAt", (holder, "0x" + _word(slot).hex(), "0x" + _value(slot).hex()))
            for slot in range(_SLOTS)
        ]
    )
    await chain.rpc.batch(
        [
            Call("anvil_setBalance", ("0x" + keccak(b"account" + index.to_bytes(4))[:20].hex(), "0x1234"))
            for index in range(_ACCOUNTS)
        ]
    )
    await chain.rpc.call("evm_mine")


async def _prove(chain: Machine) -> tuple[int, bytes, bytes]:
    """A slot at the depths named, the state root, and the two packed proofs."""
    block: Any = await chain.rpc.call("eth_getBlockByNumber", "latest", False)
    slots = range(1, 1025)
    listed = ["0x" + _word(slot).hex() for slot in slots]
    proven: Any = await chain.rpc.call("eth_getProof", checksum(_HOLDER), list(listed), block["number"])
    account = _nodes(proven["accountProof"])
    for slot, shown in zip(slots, proven["storageProof"], strict=True):
        storage = _nodes(shown["proof"])
        if (len(account), len(storage)) == _DEPTHS:
            return slot, bytes.fromhex(block["stateRoot"][2:]), pack_nodes(account) + pack_nodes(storage)
    raise NoSuchDepth(f"the account lies {len(account)} deep, and no slot of {len(slots)} {_DEPTHS[1]}")


def _nodes(listed: list[str]) -> tuple[bytes, ...]:
    return nodes_of([bytes.fromhex(node[2:]) for node in listed])


def _compiled(name: str) -> Contract:
    """A contract of the Solidity tests, compiled as what is shipped."""
    with tempfile.TemporaryDirectory() as folder:
        line, environment = command(
            "build", f"test/libraries/{name}.sol", "--out", folder, "--cache-path", f"{folder}/cache"
        )
        built = subprocess.run(
            line,
            cwd=CONTRACTS,
            env={**environment, "FOUNDRY_PROFILE": "release"},
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode != 0:
            raise Xl2Error(f"{name}.sol does not compile:\n{built.stdout}{built.stderr}")
        artifact: Any = json.loads((Path(folder) / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
    return Contract(name=name, abi=artifact["abi"], bytecode=bytes.fromhex(artifact["bytecode"]["object"][2:]))


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _value(slot: int) -> bytes:
    return keccak(_word(slot))

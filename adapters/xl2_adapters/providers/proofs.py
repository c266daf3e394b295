"""
Proofs: whether an answer to `eth_getProof` holds under the state root of a block.

Promise: pure; true only where the account, and each slot asked for, is what the nodes show under the root. Where there
is no account, nothing is shown here: the reader of the proof decides what that means.
"""

from collections.abc import Mapping

from xl2.core import trie
from xl2.core.storage_proof import nodes_of
from xl2.core.types import Address, Hash32
from xl2.errors import InvalidInput, ProofInvalid, RpcUnavailable
from xl2_adapters.rpc_wire import Call, Json, data, mapping, quantity, sequence


def holds(call: Call, outcome: Json, block: Mapping[str, Json], endpoint: str) -> bool:
    """Whether the proof that answers `call` holds under the block's state root."""
    try:
        _check(call, mapping(outcome, endpoint), Hash32(data(block.get("stateRoot"), endpoint)), endpoint)
    except (ProofInvalid, InvalidInput, RpcUnavailable):
        return False
    return True


def _check(call: Call, proof: Mapping[str, Json], state_root: Hash32, endpoint: str) -> None:
    account = Address(data(call.params[0], endpoint))
    nodes = [data(node, endpoint) for node in sequence(proof.get("accountProof"), endpoint)]
    found = trie.account_at(state_root, account, nodes_of(nodes))
    if found.storage_root != data(proof.get("storageHash"), endpoint):
        raise ProofInvalid("the storage root beside the proof is not the one that it shows")
    wanted = sequence(call.params[1], endpoint)
    for slot, answer in zip(wanted, sequence(proof.get("storageProof"), endpoint), strict=False):
        fields = mapping(answer, endpoint)
        path = nodes_of([data(node, endpoint) for node in sequence(fields.get("proof"), endpoint)])
        key = Hash32(data(slot, endpoint))
        if quantity(fields.get("value"), endpoint):
            trie.word_at(found.storage_root, key, path)
        else:
            trie.no_word_at(found.storage_root, key, path)

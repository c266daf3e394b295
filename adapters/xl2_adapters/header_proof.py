"""
Header proof: accounts and words of one L1 block, put together for whoever knows that block's hash.

Comes in: a header, accounts and slots. Goes out: the words, and the packed trie proofs of all of them in the order
asked for. Promise: each part was verified by `core.trie` under the header's own state root when it was added, so what
leaves here passes `StateProof.sol`. What the words mean is left to the family.
"""

from collections.abc import Sequence

from xl2.core import storage_proof
from xl2.core.header import Header
from xl2.core.trie import account_at, no_word_at, word_at
from xl2.core.types import ZERO_HASH, Address, Hash32, checksum, hash32, hex_text
from xl2.errors import ProofInvalid
from xl2_adapters.evm import Evm

#: EIP-1967: keccak256("eip1967.proxy.implementation") - 1.
IMPLEMENTATION = hash32("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc")


class HeaderProof:
    """A proof under one L1 header, as it is put together."""

    def __init__(self, l1: Evm, header: Header) -> None:
        """`header`: of the L1 block whose hash the reader knows."""
        self._l1 = l1
        self.header = header
        self._paths: list[Sequence[bytes]] = []

    async def account(
        self,
        account: Address,
        slots: Sequence[Hash32],
        *,
        code_hash: Hash32 | None = None,
        absent: Sequence[Hash32] = (),
        or_zero: Sequence[Hash32] = (),
    ) -> list[Hash32]:
        """
        Add an account, words of it, slots that must be zero, and slots that may be: theirs follow the words.

        Raises `ProofInvalid` where the header's state shows anything else, `code_hash` included where it is given.
        """
        proof = await self._l1.proof(account, [*slots, *absent, *or_zero], self.header.number)
        nodes = [storage_proof.nodes_of(listed) for listed in (proof.account, *proof.storage)]
        shown = account_at(self.header.state_root, account, nodes[0])
        if code_hash is not None and shown.code_hash != code_hash:
            raise ProofInvalid(f"{checksum(account)} on l1 has code {hex_text(shown.code_hash)}, not the one it must")
        path = iter(nodes[1:])
        words = [word_at(shown.storage_root, slot, next(path)) for slot in slots]
        for slot in absent:
            no_word_at(shown.storage_root, slot, next(path))
        words += [_word_or_zero(shown.storage_root, slot, next(path)) for slot in or_zero]
        self._paths += nodes
        return words

    async def proxy(
        self, proxy: Address, pinned: Address, slots: Sequence[Hash32], *, absent: Sequence[Hash32] = ()
    ) -> list[Hash32]:
        """
        Add a proxy whose implementation is the pinned one, and words of it.

        Raises `ProofInvalid` where it is another: slots mean what they do in the pinned implementation only.
        """
        implementation, *words = await self.account(proxy, [IMPLEMENTATION, *slots], absent=absent)
        if implementation != pinned.rjust(32, b"\0"):
            raise ProofInvalid(
                f"proxy {checksum(proxy)} on l1 runs {hex_text(implementation[12:])}, the verifier is made for "
                f"{checksum(pinned)}",
                remedy="The rollup was upgraded: the verifier stays silent until a new one is registered.",
            )
        return words

    async def words(self, account: Address, slots: Sequence[Hash32]) -> list[Hash32]:
        """Words of an account, zero where there is none, each verified; they are not added to the proof."""
        proof = await self._l1.proof(account, slots, self.header.number)
        shown = account_at(self.header.state_root, account, storage_proof.nodes_of(proof.account))
        return [
            _word_or_zero(shown.storage_root, slot, storage_proof.nodes_of(listed))
            for slot, listed in zip(slots, proof.storage, strict=True)
        ]

    def encode(self) -> bytes:
        """All proofs in the order in which they were added, each node once."""
        return storage_proof.pack_paths(self._paths)


def _word_or_zero(storage_root: Hash32, slot: Hash32, nodes: Sequence[bytes]) -> Hash32:
    try:
        return word_at(storage_root, slot, nodes)
    except ProofInvalid:
        no_word_at(storage_root, slot, nodes)
    return ZERO_HASH

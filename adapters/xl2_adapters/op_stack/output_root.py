"""
Output root: what the OP Stack claims of a rollup on L1, and what our own node says it should be.

Promise: the header's fields were hashed, so state root and block hash belong together; a node that keeps no state that
old is told apart from a claim that is wrong. Source: `Hashing.hashOutputRootProof` of contracts-bedrock.
"""

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.types import BlockNumber, Hash32, address
from xl2.errors import NotYet, RpcRejected
from xl2_adapters.evm import Evm
from xl2_adapters.pruned import is_pruned

MESSAGE_PASSER = address("0x4200000000000000000000000000000000000016")


@frozen(kw_only=True)
class OutputRoot:
    """The preimage of a claim: the rollup at one block."""

    state_root: Hash32
    #: Of the L2ToL1MessagePasser.
    storage_root: Hash32
    block_hash: Hash32

    def encode(self) -> bytes:
        """State root ‖ storage root ‖ block hash."""
        return self.state_root + self.storage_root + self.block_hash

    @property
    def hash(self) -> Hash32:
        """The claim, of version 0."""
        return keccak(bytes(32) + self.encode())


async def true_output(rollup: Evm, number: BlockNumber, upto: BlockNumber) -> OutputRoot:
    """
    What our own node says the rollup was at a block.

    Raises `NotYet` where it keeps no state that old; `upto`: the newest block that the asker knows.
    """
    try:
        header = Header.of_block(await rollup.raw_block(number))
        proof = await rollup.proof(MESSAGE_PASSER, [], number)
    except RpcRejected as rejected:
        if not is_pruned(rejected, number, upto):
            raise
        # Older claims are about older blocks: no use in asking on.
        raise NotYet(
            f"{rollup.endpoint} keeps no state of block {number}, which the newest settled claim is about",
            remedy="Wait for a newer one to settle, or name an archive node of the rollup.",
        ) from rejected
    return OutputRoot(state_root=header.state_root, storage_root=proof.storage_root, block_hash=header.hash)

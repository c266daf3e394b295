"""
OP Stack output root: what an L2 is at one block, in the one word that dispute games are about.

A node and a block number come in; the root and its four parts go out. Promise: the parts are the node's own true state:
the block hash is the hash of the header that holds the state root, and the storage root is proven under that state.
Source: OP Stack specification, "L2 output root" (version 0).
"""

from attrs import frozen
from eth_utils import keccak

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import data, mapping
from xl2_devnet.op_stack.genesis import PREDEPLOYS


@frozen(kw_only=True)
class OutputRoot:
    """The parts of an output root; `portal.proveWithdrawalTransaction` takes them in this order."""

    block_number: int
    state_root: bytes
    #: Of the L2ToL1MessagePasser. Production headers carry it as `withdrawalsRoot` (Isthmus); anvil's do not.
    message_passer_storage_root: bytes
    block_hash: bytes

    @property
    def root(self) -> bytes:
        """keccak256(version 0, state root, storage root, block hash)."""
        return keccak(bytes(32) + self.state_root + self.message_passer_storage_root + self.block_hash)

    @property
    def proof(self) -> tuple[bytes, bytes, bytes, bytes]:
        """As the portal's struct `OutputRootProof`."""
        return bytes(32), self.state_root, self.message_passer_storage_root, self.block_hash


async def output_root(l2: RpcClient, block_number: int) -> OutputRoot:
    """The output root of the L2 at a block.

    Raises:
        RpcRejected: the node no longer keeps the state of that block.
    """
    tag = hex(block_number)
    answers = await l2.batch(
        [Call("eth_getBlockByNumber", (tag, False)), Call("eth_getProof", (PREDEPLOYS["L2ToL1MessagePasser"], [], tag))]
    )
    block, proof = (mapping(answer, l2.name) for answer in answers)
    return OutputRoot(
        block_number=block_number,
        state_root=data(block["stateRoot"], l2.name),
        message_passer_storage_root=data(proof["storageHash"], l2.name),
        block_hash=data(block["hash"], l2.name),
    )

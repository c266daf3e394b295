"""
Diamond: a ZK-stack chain's contract on L1, as far as every era has it.

Questions come in, what the contract holds goes out, at a block where one is named. Promise: a batch counts once it is
executed; before, its root is zero here. Source: `IGetters`, `IMailbox` of @matterlabs/zksync-contracts.
"""

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32
from xl2.errors import Reverted
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm
from xl2_adapters.zk_stack.proofs import MessageProof, OutcomeProof

LOGS_ROOT = Method("l2LogsRootHash(uint256)", "(bytes32)")
PROVE_MESSAGE = Method("proveL2MessageInclusion(uint256,uint256,(uint16,address,bytes),bytes32[])", "(bool)")
PROVE_OUTCOME = Method("proveL1ToL2TransactionStatus(bytes32,uint256,uint256,uint16,bytes32[],uint8)", "(bool)")
REQUESTED = Event(
    "NewPriorityRequest(uint256,bytes32,uint64,(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,"
    "uint256,uint256[4],bytes,bytes,uint256[],bytes,bytes),bytes[])"
)


@frozen
class Diamond:
    """The Diamond of one chain."""

    l1: Evm
    address: Address

    async def logs_root(self, batch: int, at: BlockNumber | None = None) -> Hash32 | None:
        """Root of the logs of an executed batch; None while it is not executed."""
        answer = await self.l1.view(self.address, LOGS_ROOT.encode(batch), at)
        root = Hash32(LOGS_ROOT.decode(answer, self.l1.endpoint)[0])
        return root if any(root) else None

    async def takes(self, proof: MessageProof | OutcomeProof, at: BlockNumber | None = None) -> bool:
        """Whether the contract itself takes a proof."""
        path = list(proof.path)
        if isinstance(proof, MessageProof):
            message = (proof.tx_number, proof.sender, proof.message)
            method, data = PROVE_MESSAGE, PROVE_MESSAGE.encode(proof.batch, proof.index, message, path)
        else:
            shown = (proof.canonical_hash, proof.batch, proof.index, proof.tx_number, path, int(proof.succeeded))
            method, data = PROVE_OUTCOME, PROVE_OUTCOME.encode(*shown)
        try:
            return bool(method.decode(await self.l1.view(self.address, data, at), self.l1.endpoint)[0])
        except Reverted:
            # It reverts, rather than say no, for a path of another length or a batch that is not executed.
            return False

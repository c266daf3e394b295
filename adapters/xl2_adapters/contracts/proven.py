"""
Proven heads, the rule they ask, and the checkpoints they rest on, in Python's words.

The manuals are `IProvenHeads.sol`, `ICheckpoints.sol` and `verifiers/op_stack/ProvenGames.sol`.
"""

from attrs import frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, address
from xl2.ports import Call
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm, topic_of

PROVE = Method("prove(bytes,address)", "(uint64,bytes32)")
STORAGE_ROOT_OF = Method("storageRootOf(address,uint64)", "(bytes32)")
CHAIN = Method("chain()", "(uint64)")
CHECKPOINTS = Method("checkpoints()", "(address)")
RULE = Method("rule()", "(address)")
METHODS = (PROVE, STORAGE_ROOT_OF, CHAIN, CHECKPOINTS, RULE)
ROOT_PROVEN = Event("RootProven(address indexed,uint64 indexed,bytes32)")
EVENTS = (ROOT_PROVEN,)

CHECKPOINT = Method("checkpoint()", "(uint64,bytes32)")
HASH_OF = Method("hashOf(uint64)", "(bytes32)")
CHECKPOINT_METHODS = (CHECKPOINT, HASH_OF)
CHECKPOINTED = Event("Checkpointed(uint64 indexed,bytes32)")
CHECKPOINT_EVENTS = (CHECKPOINTED,)


#: A checkpoint takes about 58,000 gas where nothing stood in its slot.
_CHECKPOINT_GAS = 100_000


@frozen
class ProvenHeads:
    """One `ProvenHeads`, on the chain that reads."""

    evm: Evm
    address: Address

    async def wiring(self) -> tuple[ChainId, Address, Address]:
        """Remote chain, checkpoints, rule: fixed when it was deployed."""
        methods = (CHAIN, CHECKPOINTS, RULE)
        answers = await self.evm.views([(self.address, method.encode()) for method in methods])
        chain, checkpoints, rule = (
            method.decode(answer, self.evm.endpoint)[0] for method, answer in zip(methods, answers, strict=True)
        )
        return ChainId(chain), address(checkpoints), address(rule)

    async def proven_blocks(self, account: Address, since: BlockNumber, upto: BlockNumber) -> list[BlockNumber]:
        """Blocks of the remote chain at which the account's storage root is kept, newest first."""
        logs = await self.evm.logs(self.address, [[ROOT_PROVEN.topic], [topic_of(account)]], since, upto)
        found = {ROOT_PROVEN.decode(log.topics, log.data, self.evm.endpoint)[1] for log in logs}
        return [BlockNumber(number) for number in sorted(found, reverse=True)]

    async def storage_root(self, account: Address, number: BlockNumber) -> Hash32:
        """Storage root kept for an account at a block, zero if none."""
        answer = await self.evm.view(self.address, STORAGE_ROOT_OF.encode(account, number))
        return Hash32(STORAGE_ROOT_OF.decode(answer, self.evm.endpoint)[0])

    def prove_call(self, root_proof: bytes, account: Address) -> Call:
        """Keep a storage root, so that later heads cost one slot proof."""
        what = "keep a storage root proven through l1"
        return Call(chain=self.evm.chain, to=self.address, data=PROVE.encode(root_proof, account), what=what)


@frozen
class Checkpoints:
    """What a chain has kept of its anchor's block hashes."""

    evm: Evm
    address: Address

    async def kept(self, since: BlockNumber, upto: BlockNumber) -> list[tuple[BlockNumber, Hash32]]:
        """Number and hash of anchor blocks that were kept, newest first."""
        logs = await self.evm.logs(self.address, [[CHECKPOINTED.topic]], since, upto)
        found = {CHECKPOINTED.decode(log.topics, log.data, self.evm.endpoint) for log in logs}
        return [(BlockNumber(number), Hash32(block_hash)) for number, block_hash in sorted(found, reverse=True)]

    def checkpoint_call(self) -> Call:
        """Keep the anchor's block that the chain sees now."""
        what = "keep the l1 block hash that the chain sees"
        # Not estimated: who asks while this L1 block is kept already is told too little for the next, which is not.
        data = CHECKPOINT.encode()
        return Call(chain=self.evm.chain, to=self.address, data=data, gas_limit=_CHECKPOINT_GAS, what=what)

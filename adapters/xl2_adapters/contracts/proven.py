"""Proven heads: storage roots that a chain keeps of another. The manual is `IProvenHeads.sol`."""

from attrs import frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, address
from xl2.ports import Call
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm, topic_of
from xl2_adapters.newest_logs import newest_logs

PROVE = Method("prove(bytes,address)", "(uint64,bytes32)")
STORAGE_ROOT_OF = Method("storageRootOf(address,uint64)", "(bytes32)")
CHAIN = Method("chain()", "(uint64)")
CHECKPOINTS = Method("checkpoints()", "(address)")
RULE = Method("rule()", "(address)")
METHODS = (PROVE, STORAGE_ROOT_OF, CHAIN, CHECKPOINTS, RULE)
ROOT_PROVEN = Event("RootProven(address indexed,uint64 indexed,bytes32)")
EVENTS = (ROOT_PROVEN,)

#: Roots looked at, the last first: anybody may have an old one kept, and that hides no newer one unless often done.
_MOST_ROOTS = 16


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
        """Blocks of the remote chain at which the account's storage root was kept of late, newest first."""
        topics: list[list[bytes]] = [[ROOT_PROVEN.topic], [topic_of(account)]]
        found: set[int] = set()
        async for log in newest_logs(self.evm, self.address, topics, since, upto):
            found.add(ROOT_PROVEN.decode(log.topics, log.data, self.evm.endpoint)[1])
            if len(found) == _MOST_ROOTS:
                break
        return [BlockNumber(number) for number in sorted(found, reverse=True)]

    async def storage_root(self, account: Address, number: BlockNumber) -> Hash32:
        """Storage root kept for an account at a block, zero if none."""
        answer = await self.evm.view(self.address, STORAGE_ROOT_OF.encode(account, number))
        return Hash32(STORAGE_ROOT_OF.decode(answer, self.evm.endpoint)[0])

    def prove_call(self, root_proof: bytes, account: Address) -> Call:
        """Keep a storage root, so that later heads cost one slot proof."""
        what = "keep a storage root proven through l1"
        return Call(chain=self.evm.chain, to=self.address, data=PROVE.encode(root_proof, account), what=what)

"""Heads: which verifiers vouch for which head. The manual is `contracts/src/interfaces/IHeads.sol`."""

from attrs import frozen

from xl2.core.evidence import VerifierMask
from xl2.core.types import Address, BlockNumber, Hash32, address
from xl2.ports import HeadShown, Log
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm

SHOW = Method("show(bytes32,bytes32,uint64,bytes)", "(uint256)")
CHECK = Method("check(bytes32,bytes32,uint64,bytes)", "(uint256)")
STANDING = Method("standing(bytes32)", "(uint256)")
SHOWN = Method("shown(bytes32,bytes32)", "(uint256)")
GUARD = Method("guard()", "(address)")
SUSPENDED = Method("suspended()", "(uint256)")
HALTED = Method("halted(bytes32)", "(uint256)")
VERIFIER_OF = Method("verifierOf(uint8)", "(address)")
METHODS = (SHOW, CHECK, STANDING, SHOWN, GUARD, SUSPENDED, HALTED, VERIFIER_OF)

SHOWN_EVENT = Event("Shown(bytes32 indexed,bytes32 indexed,uint64,uint256)")
EVENTS = (SHOWN_EVENT,)


@frozen
class Heads:
    """The registry of heads of a chain."""

    evm: Evm
    address: Address

    async def standing(self, log: Log) -> VerifierMask:
        """Verifiers that may speak for a log now."""
        (mask,) = STANDING.decode(await self.evm.view(self.address, STANDING.encode(log.id)), self.evm.endpoint)
        return VerifierMask(mask)

    async def shown(self, log: Log, head: Hash32) -> VerifierMask:
        """Verifiers that have shown a head and still stand."""
        views = [(self.address, SHOWN.encode(log.id, head)), (self.address, STANDING.encode(log.id))]
        answers = await self.evm.views(views)
        (shown,) = SHOWN.decode(answers[0], self.evm.endpoint)
        (standing,) = STANDING.decode(answers[1], self.evm.endpoint)
        return VerifierMask(shown & standing)

    async def events(self, first: BlockNumber, last: BlockNumber) -> list[HeadShown]:
        """Heads that were stored in a range of blocks."""
        found = []
        for log in await self.evm.logs(self.address, [[SHOWN_EVENT.topic]], first, last):
            name, head, count, mask = SHOWN_EVENT.decode(log.topics, log.data, self.evm.endpoint)
            shown = HeadShown(
                log=Hash32(name), head=Hash32(head), count=count, verifiers=VerifierMask(mask), place=log.place
            )
            found.append(shown)
        return found

    async def guard(self) -> Address:
        """The contract through which guardians pause; fixed."""
        (guard,) = GUARD.decode(await self.evm.view(self.address, GUARD.encode()), self.evm.endpoint)
        return address(guard)

    async def suspended(self) -> VerifierMask:
        """Verifiers that are suspended now."""
        (mask,) = SUSPENDED.decode(await self.evm.view(self.address, SUSPENDED.encode()), self.evm.endpoint)
        return VerifierMask(mask)

    async def halted(self, log: Hash32) -> VerifierMask:
        """Verifiers that are barred from a log now."""
        (mask,) = HALTED.decode(await self.evm.view(self.address, HALTED.encode(log)), self.evm.endpoint)
        return VerifierMask(mask)

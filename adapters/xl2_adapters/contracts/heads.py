"""Heads: which verifiers vouch for which head. The manual is `contracts/src/interfaces/IHeads.sol`."""

from attrs import frozen

from xl2.core.evidence import VerifierMask
from xl2.core.types import Address, Hash32
from xl2.ports import Log
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm

SHOW = Method("show(bytes32,bytes32,uint64,bytes)", "(uint256)")
CHECK = Method("check(bytes32,bytes32,uint64,bytes)", "(uint256)")
STANDING = Method("standing(bytes32)", "(uint256)")
SHOWN = Method("shown(bytes32,bytes32)", "(uint256)")
METHODS = (SHOW, CHECK, STANDING, SHOWN)


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

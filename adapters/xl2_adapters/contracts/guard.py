"""
Guard: who may stop what, and who may do more. The manual is `contracts/src/interfaces/IGuard.sol`.

Beside it stand the questions that tell what an account may do: owners, and the roles of OpenZeppelin's timelock.
"""

from attrs import frozen

from xl2.core.evidence import VerifierNumber
from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.types import Address, Hash32, address, checksum
from xl2.errors import Reverted
from xl2.ports import Call
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm

IS_GUARDIAN = Method("isGuardian(address)", "(bool)")
PAUSE_LANE = Method("pauseLane((uint64,address,uint64,address,uint8))")
PAUSE_VERIFIER = Method("pauseVerifier(uint8)")
PAUSE_ASSET = Method("pauseAsset(address)")
OWNER = Method("owner()", "(address)")
METHODS = (IS_GUARDIAN, PAUSE_LANE, PAUSE_VERIFIER, PAUSE_ASSET, OWNER)

HAS_ROLE = Method("hasRole(bytes32,address)", "(bool)")
TIMELOCK_METHODS = (HAS_ROLE,)
#: Roles of `TimelockController`; the admin's is zero. That everybody may execute shows as the zero address having it.
_ROLES = {
    "admin": Hash32(bytes(32)),
    "proposer": keccak(b"PROPOSER_ROLE"),
    "canceller": keccak(b"CANCELLER_ROLE"),
    "executor": keccak(b"EXECUTOR_ROLE"),
}


@frozen
class Guard:
    """The guard of a chain."""

    evm: Evm
    address: Address

    async def is_guardian(self, account: Address) -> bool:
        """Whether an account may pause."""
        answer = await self.evm.view(self.address, IS_GUARDIAN.encode(account))
        return bool(IS_GUARDIAN.decode(answer, self.evm.endpoint)[0])

    def pause_lane_call(self, lane: Lane) -> Call:
        """Pause a lane at this end."""
        fields = (lane.origin, lane.outbox, lane.destination, lane.inbox, int(lane.assurance))
        what = f"pause the {lane.assurance.name.lower()} lane {lane.origin} to {lane.destination}"
        return self._call(PAUSE_LANE.encode(fields), what)

    def pause_verifier_call(self, number: VerifierNumber) -> Call:
        """Pause a verifier."""
        return self._call(PAUSE_VERIFIER.encode(number), f"pause verifier {number}")

    def pause_asset_call(self, bridge: Address) -> Call:
        """Pause a token bridge."""
        return self._call(PAUSE_ASSET.encode(bridge), f"pause the token bridge {checksum(bridge)}")

    def _call(self, data: bytes, what: str) -> Call:
        return Call(chain=self.evm.chain, to=self.address, data=data, what=what)


async def owner_of(evm: Evm, contract: Address) -> Address | None:
    """Owner of a contract, None where it has none."""
    try:
        answer = await evm.view(contract, OWNER.encode())
    except Reverted:
        return None
    return address(answer[-20:]) if len(answer) == 32 else None


async def roles_of(evm: Evm, contract: Address, account: Address) -> list[str]:
    """Roles of an account at a timelock, by name; none where the contract knows no roles."""
    if not await evm.code(contract):
        return []
    try:
        answers = await evm.views([(contract, HAS_ROLE.encode(role, account)) for role in _ROLES.values()])
    except Reverted:
        return []
    return [name for name, answer in zip(_ROLES, answers, strict=True) if any(answer)]

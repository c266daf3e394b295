"""
Registry proof: a game that the registry holds to be settled becomes the proof of it under one L1 block.

Comes in: L1 header and game. Goes out: the bytes that `ProvenRegistry` reads (protocol.md section 7). Promise: the rule
was applied to what was proven, not to what was called; so what leaves passes there, or the contract's pins have moved
and it says so.
"""

from attrs import evolve, frozen

from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import ProofInvalid
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.op_stack.game_list import SettledGame
from xl2_adapters.op_stack.game_proof import GAME, U64, check_facts, check_settled, claim_front, listed_slot
from xl2_adapters.op_stack.registry import RegistryGames
from xl2_adapters.op_stack.rule import RegistryTerms, clone_code_hash, why_not_settled_by_registry

#: OptimismPortal2 4.6.0: `anchorStateRegistry`, which the rollup's owner can replace without an upgrade.
REGISTRY_SLOT = Hash32((62).to_bytes(32))
#: AnchorStateRegistry 3.5.0: `disputeGameBlacklist`; `respectedGameType` u32 and, above it, `retirementTimestamp` u64.
_BLACKLIST_SLOT = 5
RETIREMENT_SLOT = Hash32((6).to_bytes(32))
#: SuperchainConfig 2.3.0: `pauseTimestamps`, by identifier; the superchain's own is zero.
_PAUSES_SLOT = 1
#: FaultDisputeGame 1.7.0: `wasRespectedGameTypeWhenCreated`, in its lowest byte.
RESPECTED_SLOT = Hash32((10).to_bytes(32))

#: By which the whole superchain is paused.
SUPERCHAIN = Address(bytes(20))

PINS = (
    Method("portal()", "(address)"),
    Method("portalImplementation()", "(address)"),
    Method("factory()", "(address)"),
    Method("factoryImplementation()", "(address)"),
    Method("registry()", "(address)"),
    Method("registryImplementation()", "(address)"),
    Method("superchainConfig()", "(address)"),
    Method("superchainConfigImplementation()", "(address)"),
    Method("gameImplementation()", "(address)"),
    Method("pauseIdentifier()", "(address)"),
    Method("finalityDelay()", "(uint64)"),
    Method("proofMaturityDelay()", "(uint64)"),
)


@frozen(kw_only=True)
class Pins:
    """What a `ProvenRegistry` was deployed for."""

    portal: Address
    portal_implementation: Address
    factory: Address
    factory_implementation: Address
    registry: Address
    registry_implementation: Address
    superchain_config: Address
    superchain_config_implementation: Address
    game_implementation: Address
    #: What the chain is paused by, beside the superchain: its ETH lockbox, or its portal.
    pause_identifier: Address
    finality_delay: int
    maturity_delay: int


@frozen(kw_only=True)
class ProvenRegistry:
    """Games of one rollup, for a `ProvenRegistry`. Implements `xl2_adapters.rollup.ProvableRoots`."""

    games: RegistryGames
    pins: Pins

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledGame:
        """Newest settled game."""
        return await self.games.newest_settled(at, upto)

    async def rule_proof(self, root: SettledGame, header: Header) -> bytes:
        """The whole proof. Raises `ProofInvalid` where L1's state does not hold what the game was said to be."""
        game, pins = root.game, self.pins
        proof = HeaderProof(self.games.l1, header)
        blacklist = blacklist_slot(game.address)
        pauses = [pause_slot(SUPERCHAIN), pause_slot(pins.pause_identifier)]
        (listed,) = await proof.proxy(pins.factory, pins.factory_implementation, [listed_slot(game.index)])
        (terms,) = await proof.proxy(pins.registry, pins.registry_implementation, [RETIREMENT_SLOT], absent=[blacklist])
        # The delay of the portal is part of its code.
        (named,) = await proof.proxy(pins.portal, pins.portal_implementation, [REGISTRY_SLOT])
        if named != pins.registry.rjust(32, b"\0"):
            raise ProofInvalid(
                f"portal {checksum(pins.portal)} goes by registry {hex_text(named[12:])}, the verifier is made for "
                f"{checksum(pins.registry)}",
                remedy="The rollup was migrated: the verifier stays silent until a new one is registered.",
            )
        await proof.proxy(pins.superchain_config, pins.superchain_config_implementation, [], absent=pauses)
        facts, respected = await proof.account(
            game.address, [GAME], code_hash=clone_code_hash(pins.game_implementation, game), or_zero=[RESPECTED_SLOT]
        )
        check_facts(root, header, listed, facts)
        proven = RegistryTerms(
            retirement=int.from_bytes(terms) >> 32 & U64,
            finality_delay=pins.finality_delay,
            maturity_delay=pins.maturity_delay,
            is_paused=False,
        )
        judged = evolve(game, was_respected=respected[-1] != 0)
        check_settled(root, header, why_not_settled_by_registry(judged, proven, header.timestamp))
        return claim_front(root) + proof.encode()


def blacklist_slot(game: Address) -> Hash32:
    """Slot in which the registry blacklists a game."""
    return keccak(game.rjust(32, b"\0") + _BLACKLIST_SLOT.to_bytes(32))


def pause_slot(identifier: Address) -> Hash32:
    """Slot that says since when what goes by this identifier is paused."""
    return keccak(identifier.rjust(32, b"\0") + _PAUSES_SLOT.to_bytes(32))

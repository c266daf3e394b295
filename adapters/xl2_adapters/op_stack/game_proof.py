"""
Game proof: a settled dispute game becomes the proof of it under one L1 block, for whoever knows that block's hash.

Comes in: L1 header and game. Goes out: the bytes that `ProvenGames` reads (protocol.md section 7). Promise: the rule
was applied to what was proven, not to what was called; so what leaves passes there, or the contract's pins have moved
and it says so.
"""

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.op_stack.game_list import SettledGame
from xl2_adapters.op_stack.games import Games
from xl2_adapters.op_stack.pause import PAUSED_SLOT
from xl2_adapters.op_stack.rule import Terms, clone_code_hash, why_not_settled

#: OptimismPortal2 3.10.0: `disputeGameBlacklist`, and `respectedGameType` with the time since when it is.
_BLACKLIST_SLOT = 58
RESPECT = Hash32((59).to_bytes(32))
#: DisputeGameFactory 1.0.0: length of `_disputeGameList`, and where its elements begin.
GAME_LIST = Hash32((104).to_bytes(32))
_GAMES = int.from_bytes(keccak(GAME_LIST))
#: FaultDisputeGame 1.2.0: createdAt u64, resolvedAt u64, status u8 from the lowest bit.
GAME = Hash32(bytes(32))
U64 = (1 << 64) - 1

PINS = (
    Method("portal()", "(address)"),
    Method("portalImplementation()", "(address)"),
    Method("factory()", "(address)"),
    Method("factoryImplementation()", "(address)"),
    Method("superchainConfig()", "(address)"),
    Method("superchainConfigImplementation()", "(address)"),
    Method("gameImplementation()", "(address)"),
    Method("finalityDelay()", "(uint64)"),
    Method("proofMaturityDelay()", "(uint64)"),
)


@frozen(kw_only=True)
class Pins:
    """What a `ProvenGames` was deployed for."""

    portal: Address
    portal_implementation: Address
    factory: Address
    factory_implementation: Address
    superchain_config: Address
    superchain_config_implementation: Address
    game_implementation: Address
    finality_delay: int
    maturity_delay: int


@frozen(kw_only=True)
class ProvenGames:
    """Games of one rollup, for a `ProvenGames`. Implements `xl2_adapters.rollup.ProvableRoots`."""

    games: Games
    pins: Pins

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledGame:
        """Newest settled game."""
        return await self.games.newest_settled(at, upto)

    async def rule_proof(self, root: SettledGame, header: Header) -> bytes:
        """The whole proof. Raises `ProofInvalid` where L1's state does not hold what the game was said to be."""
        game, pins = root.game, self.pins
        proof = HeaderProof(self.games.l1, header)
        index = listed_slot(game.index)
        blacklist = blacklist_slot(game.address)
        (listed,) = await proof.proxy(pins.factory, pins.factory_implementation, [index])
        (respect,) = await proof.proxy(pins.portal, pins.portal_implementation, [RESPECT], absent=[blacklist])
        await proof.proxy(pins.superchain_config, pins.superchain_config_implementation, [], absent=[PAUSED_SLOT])
        code_hash = clone_code_hash(pins.game_implementation, game)
        (facts,) = await proof.account(game.address, [GAME], code_hash=code_hash)
        self._check_rule(root, header, listed, respect, facts)
        return claim_front(root) + proof.encode()

    def _check_rule(self, settled: SettledGame, header: Header, listed: Hash32, respect: Hash32, facts: Hash32) -> None:
        """Apply the rule to the words that were proven."""
        check_facts(settled, header, listed, facts)
        respected = int.from_bytes(respect)
        terms = Terms(
            kind=respected & 0xFFFFFFFF,
            kind_since=respected >> 32 & U64,
            finality_delay=self.pins.finality_delay,
            maturity_delay=self.pins.maturity_delay,
            is_paused=False,
        )
        check_settled(settled, header, why_not_settled(settled.game, terms, header.timestamp))


def claim_front(settled: SettledGame) -> bytes:
    """What stands before the trie proofs: index u64 ‖ block u64 ‖ creator 20 ‖ L1 head 32 ‖ output root's preimage."""
    game = settled.game
    front = (game.index.to_bytes(8), game.number.to_bytes(8), game.creator, game.l1_head, settled.output.encode())
    return b"".join(front)


def check_facts(settled: SettledGame, header: Header, listed: Hash32, facts: Hash32) -> None:
    """Compare a game with its words in the factory's list and in its own slot. Raises `ProofInvalid`."""
    game = settled.game
    element, word = int.from_bytes(listed), int.from_bytes(facts)
    proven = (element >> 224, Address(listed[12:]), word & U64, word >> 64 & U64, word >> 128 & 0xFF)
    if proven != (game.kind, game.address, game.created_at, game.resolved_at, game.status):
        raise ProofInvalid(
            f"l1 block {header.number} proves other facts of game {checksum(game.address)} than it was said: "
            f"{hex_text(listed)}, {hex_text(facts)}"
        )
    if settled.output.hash != game.root_claim:
        raise ProofInvalid(f"game {checksum(game.address)} claims another output root than the rollup's node has")


def check_settled(settled: SettledGame, header: Header, refused: str | None) -> None:
    """Raise `NotYet` where the rule refused a game by what was proven."""
    if refused is not None:
        name = checksum(settled.game.address)
        raise NotYet(f"game {name} is not settled at l1 block {header.number}: {refused}")


def listed_slot(index: int) -> Hash32:
    """Slot of a game in the factory's list."""
    return Hash32(((_GAMES + index) % (1 << 256)).to_bytes(32))


def blacklist_slot(game: Address) -> Hash32:
    """Slot in which the portal blacklists a game."""
    return keccak(game.rjust(32, b"\0") + _BLACKLIST_SLOT.to_bytes(32))

"""
Settled: a settled dispute game becomes the proof of it under one L1 block, for whoever knows that block's hash.

Comes in: L1 header and game. Goes out: the bytes that `ProvenGames` reads (protocol.md section 7). Promise: every
account and slot in them was verified here by `core.trie` under the header's own state root, and the rule was applied
to what was proven, not to what was called; so what leaves passes there, or the contract's pins have moved and it says
so.
"""

from attrs import frozen

from xl2.core import storage_proof
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.trie import account_at, no_word_at, word_at
from xl2.core.types import Address, Hash32, address, checksum, hash32, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.games import SettledGame
from xl2_adapters.op_stack.rule import Terms, clone_code_hash, why_not_settled

#: EIP-1967: keccak256("eip1967.proxy.implementation") - 1.
_IMPLEMENTATION = hash32("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc")
#: OptimismPortal2 3.10.0: `disputeGameBlacklist`, and `respectedGameType` with the time since when it is.
_BLACKLIST_SLOT = 58
_RESPECT = Hash32((59).to_bytes(32))
#: DisputeGameFactory 1.0.0: `_disputeGameList`.
_GAMES = int.from_bytes(keccak((104).to_bytes(32)))
#: SuperchainConfig 1.1.0.
_PAUSED = Hash32((int.from_bytes(keccak(b"superchainConfig.paused")) - 1).to_bytes(32))
#: FaultDisputeGame 1.2.0: createdAt u64, resolvedAt u64, status u8 from the lowest bit.
_GAME = Hash32(bytes(32))

_PINS = (
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

    @classmethod
    async def read(cls, reader: Evm, rule: Address) -> "Pins":
        """From the rule's contract, on the chain that reads."""
        answers = await reader.views([(rule, method.encode()) for method in _PINS])
        values = [method.decode(answer, reader.endpoint)[0] for method, answer in zip(_PINS, answers, strict=True)]
        return cls(
            portal=address(values[0]),
            portal_implementation=address(values[1]),
            factory=address(values[2]),
            factory_implementation=address(values[3]),
            superchain_config=address(values[4]),
            superchain_config_implementation=address(values[5]),
            game_implementation=address(values[6]),
            finality_delay=values[7],
            maturity_delay=values[8],
        )


class SettledProof:
    """A proof under one L1 header, as it is put together, each part verified when it is added."""

    def __init__(self, l1: Evm, header: Header, pins: Pins) -> None:
        """`header`: of the L1 block whose hash the reader knows."""
        self._l1 = l1
        self._header = header
        self._pins = pins
        self._parts: list[bytes] = []

    async def build(self, settled: SettledGame) -> bytes:
        """The whole proof. Raises `ProofInvalid` where L1's state does not hold what the game was said to be."""
        game, pins = settled.game, self._pins
        index = Hash32(((_GAMES + game.index) % (1 << 256)).to_bytes(32))
        blacklist = keccak(game.address.rjust(32, b"\0") + _BLACKLIST_SLOT.to_bytes(32))
        (listed,) = await self._proxy(pins.factory, pins.factory_implementation, [index])
        (respect,) = await self._proxy(pins.portal, pins.portal_implementation, [_RESPECT], absent=blacklist)
        await self._proxy(pins.superchain_config, pins.superchain_config_implementation, [], absent=_PAUSED)
        (facts,) = await self._account(game.address, [_GAME], clone_code_hash(pins.game_implementation, game))
        self._check_rule(settled, listed, respect, facts)
        return b"".join(
            (
                game.index.to_bytes(8),
                game.number.to_bytes(8),
                game.creator,
                game.l1_head,
                settled.output.encode(),
                *self._parts,
            )
        )

    def _check_rule(self, settled: SettledGame, listed: Hash32, respect: Hash32, facts: Hash32) -> None:
        """Apply the rule to the words that were proven."""
        game = settled.game
        element, word, respected = (int.from_bytes(one) for one in (listed, facts, respect))
        proven = (element >> 224, Address(listed[12:]), word & _U64, word >> 64 & _U64, word >> 128 & 0xFF)
        if proven != (game.kind, game.address, game.created_at, game.resolved_at, game.status):
            raise ProofInvalid(
                f"l1 block {self._header.number} proves other facts of game {checksum(game.address)} than it was said: "
                f"{hex_text(listed)}, {hex_text(facts)}"
            )
        if settled.output.hash != game.root_claim:
            raise ProofInvalid(f"game {checksum(game.address)} claims another output root than the rollup's node has")
        terms = Terms(
            kind=respected & 0xFFFFFFFF,
            kind_since=respected >> 32 & _U64,
            finality_delay=self._pins.finality_delay,
            maturity_delay=self._pins.maturity_delay,
            is_paused=False,
        )
        refused = why_not_settled(game, terms, self._header.timestamp)
        if refused is not None:
            raise NotYet(f"game {checksum(game.address)} is not settled at l1 block {self._header.number}: {refused}")

    async def _proxy(
        self, proxy: Address, pinned: Address, slots: list[Hash32], absent: Hash32 | None = None
    ) -> list[Hash32]:
        """A proxy whose implementation is the pinned one, and words of it."""
        implementation, *words = await self._account(proxy, [_IMPLEMENTATION, *slots], None, absent)
        if implementation != pinned.rjust(32, b"\0"):
            raise ProofInvalid(
                f"proxy {checksum(proxy)} on l1 runs {hex_text(implementation[12:])}, the verifier is made for "
                f"{checksum(pinned)}",
                remedy="The rollup was upgraded: the verifier stays silent until a new one is registered.",
            )
        return words

    async def _account(
        self, account: Address, slots: list[Hash32], code_hash: Hash32 | None, absent: Hash32 | None = None
    ) -> list[Hash32]:
        """Add an account and words of it; `absent`: a slot that must be zero."""
        asked = [*slots, *([] if absent is None else [absent])]
        proof = await self._l1.proof(account, asked, self._header.number)
        nodes = [storage_proof.nodes_of(listed) for listed in (proof.account, *proof.storage)]
        shown = account_at(self._header.state_root, account, nodes[0])
        if code_hash is not None and shown.code_hash != code_hash:
            raise ProofInvalid(f"game {checksum(account)} has other code than the factory's clones")
        words = [word_at(shown.storage_root, slot, path) for slot, path in zip(slots, nodes[1:], strict=False)]
        if absent is not None:
            no_word_at(shown.storage_root, absent, nodes[-1])
        self._parts += [storage_proof.pack_nodes(path) for path in nodes]
        return words


_U64 = (1 << 64) - 1

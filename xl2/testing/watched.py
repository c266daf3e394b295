"""
Watched: an in-memory chain as its watcher sees it, and what a test lets happen on it.

Comes in: what a test says (`show` a head, `move` tokens, `take` some away without a word). Goes out: whatever
`xl2.ports.Watched` asks. Promise: everything stands in the newest block of the chain and is read back for that block
and later ones only; a call that pauses takes effect when the chain includes it.
"""

from collections.abc import Sequence

from attrs import define, field, frozen

from xl2.core.evidence import VerifierMask, VerifierNumber
from xl2.core.hashing import keccak
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, MessageId
from xl2.errors import NotFound
from xl2.ports import Call, HeadShown, Log, Motion, Moved, Place, Rights


@frozen(kw_only=True)
class _Change:
    """Tokens that a bridge holds (at home), or that there are, changed by so much."""

    block: BlockNumber
    by: int


@define(kw_only=True)
class MemoryBridge:
    """A token bridge in memory."""

    is_home: bool
    is_paused: bool = False
    moves: list[Moved] = field(factory=list)
    changes: list[_Change] = field(factory=list)
    #: Counterparts, and in which block it was linked to them.
    links: list[tuple[InteropAddress, BlockNumber]] = field(factory=list)


@define(kw_only=True)
class MemoryWatched:
    """Heads that were shown, bridges and levers of one chain. Implements `xl2.ports.Watched`."""

    chain: ChainId
    guardians: set[Address] = field(factory=set)
    #: What an account may do beyond pausing.
    beyond: dict[Address, tuple[str, ...]] = field(factory=dict)
    holds: dict[Address, tuple[str, ...]] = field(factory=dict)
    shown: list[HeadShown] = field(factory=list)
    bridges: dict[Address, MemoryBridge] = field(factory=dict)
    paused_verifiers: int = 0
    halted: set[Lane] = field(factory=set)
    _calls: dict[bytes, tuple[str, object]] = field(factory=dict, init=False)

    # --- words of a test

    def show(self, log: Log, head: Hash32, count: int, number: int, place: Place) -> None:
        """Let verifier `number` vouch for a head."""
        mask = VerifierMask(1 << number)
        self.shown.append(HeadShown(log=log.id, head=head, count=count, verifiers=mask, place=place))

    def move(self, bridge: Address, motion: Motion, message_id: MessageId, amount: int, place: Place) -> None:
        """Let a bridge take in or give out tokens, as its contract would."""
        there = self.bridges[bridge]
        there.moves.append(Moved(motion=motion, id=message_id, amount=amount, place=place))
        takes_in = (motion is Motion.SENT) == there.is_home
        there.changes.append(_Change(block=place.block, by=amount if takes_in else -amount))

    def change(self, bridge: Address, by: int, place: Place) -> None:
        """Let tokens come or go that no transfer speaks of."""
        self.bridges[bridge].changes.append(_Change(block=place.block, by=by))

    def pull(self, call: Call) -> None:
        """What an included call of a guardian does."""
        what, at = self._calls[call.data]
        if what == "verifier" and isinstance(at, int):
            self.paused_verifiers |= 1 << at
        elif what == "lane" and isinstance(at, Lane):
            self.halted.add(at)
        elif isinstance(at, bytes):
            self.bridges[Address(at)].is_paused = True

    # --- as the port has it

    async def heads_shown(self, first: BlockNumber, last: BlockNumber) -> Sequence[HeadShown]:
        """Heads that were shown in a range of blocks."""
        return [one for one in self.shown if first <= one.place.block <= last]

    async def moves(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[Moved]:
        """What a bridge did in a range of blocks."""
        return [one for one in self._bridge(bridge).moves if first <= one.place.block <= last]

    async def links(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[InteropAddress]:
        """Counterparts that a bridge was given in a range of blocks."""
        return [there for there, block in self._bridge(bridge).links if first <= block <= last]

    async def holding(self, bridge: Address, at: BlockNumber) -> int:
        """Tokens at a block."""
        return sum(one.by for one in self._bridge(bridge).changes if one.block <= at)

    async def is_home(self, bridge: Address) -> bool:
        """Whether the bridge locks."""
        return self._bridge(bridge).is_home

    async def suspended(self) -> VerifierMask:
        """Verifiers that are paused."""
        return VerifierMask(self.paused_verifiers)

    async def is_halted(self, lane: Lane) -> bool:
        """Whether the lane is paused here."""
        return lane in self.halted

    async def is_paused(self, bridge: Address) -> bool:
        """Whether a bridge is paused."""
        return self._bridge(bridge).is_paused

    async def rights(self, account: Address, bridges: Sequence[Address]) -> Rights:
        """What the test said."""
        del bridges
        return Rights(
            is_guardian=account in self.guardians,
            beyond=self.beyond.get(account, ()),
            holds=self.holds.get(account, ()),
        )

    async def pause_verifier_call(self, number: VerifierNumber) -> Call:
        """Pause a verifier."""
        return self._call("verifier", number, f"pause verifier {number}")

    async def pause_lane_call(self, lane: Lane) -> Call:
        """Pause a lane at this end."""
        return self._call("lane", lane, f"pause the lane {lane.origin} to {lane.destination}")

    async def pause_asset_call(self, bridge: Address) -> Call:
        """Pause a bridge."""
        return self._call("asset", bridge, f"pause the token bridge 0x{bridge.hex()}")

    # --- below

    def _bridge(self, contract: Address) -> MemoryBridge:
        if contract not in self.bridges:
            raise NotFound(f"chain {self.chain} has no bridge 0x{contract.hex()}")
        return self.bridges[contract]

    def _call(self, what: str, at: object, words: str) -> Call:
        data = keccak(f"{what} {at!r}".encode())
        self._calls[data] = (what, at)
        return Call(chain=self.chain, to=Address(bytes(20)), data=data, what=words)

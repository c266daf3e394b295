"""
What a watcher counts, against what happened: honest histories never contradict, at whatever block each chain is read;
what was made from nothing, taken, changed on its way or given twice always does.

A naive world keeps, for each chain, what was held after each block; the watcher's own rules read it in pieces.
"""

from collections.abc import Sequence
from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.factories import lane, some_address, some_hash
from xl2.core.lane import head_after
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId, Hash32, MessageId, Timestamp
from xl2.ports import Log, Motion, Moved, Place
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.facts import At, HeadTaken, Holding, LogStands, NeverSent, TransferMoved
from xl2.watcher.ledger import Deed, Ledger

CHAINS = tuple(ChainId(one) for one in (901, 902, 903))
HOME = CHAINS[0]
BRIDGES = {chain: some_address(f"bridge {chain}") for chain in CHAINS}
MARGIN_SECONDS = 7
AMOUNTS = st.integers(1, 1_000)
REMOTES = st.sampled_from(CHAINS[1:])


@define
class Side:
    """One end of the token, with its history."""

    chain: ChainId
    #: What happened in each block, and what was held after it, and when it was.
    blocks: list[list[Moved]] = field(factory=lambda: [[]])
    held: list[int] = field(factory=lambda: [0])
    times: list[int] = field(factory=lambda: [0])

    def at(self, number: int) -> At:
        return At(
            chain=self.chain,
            number=BlockNumber(number),
            hash=some_hash(f"{self.chain} {number}"),
            time=Timestamp(self.times[number]),
            is_final=True,
        )


@define
class Flight:
    """A transfer that left and is not over."""

    id: MessageId
    amount: int
    origin: ChainId
    destination: ChainId


class Token(RuleBasedStateMachine):
    """A token that moves, and is read at blocks that have nothing to do with each other."""

    @initialize()
    def begin(self) -> None:
        self.sides = {chain: Side(chain) for chain in CHAINS}
        self.flights: list[Flight] = []
        self.arrived: list[Flight] = []
        self.ledger = Ledger()
        self.read = dict.fromkeys(CHAINS, 0)
        self.now = 0
        self.ids = 0
        self.broken: set[str] = set()

    # --- what happens on the chains

    @rule(remote=REMOTES, amount=AMOUNTS, back=st.booleans())
    def leave(self, remote: ChainId, amount: int, back: bool) -> None:
        origin, destination = (remote, HOME) if back else (HOME, remote)
        if back:
            # Nobody can burn what there is not.
            amount = min(amount, max(0, self.sides[remote].held[-1]))
        if not amount:
            return
        self.ids += 1
        flight = Flight(MessageId(some_hash(f"transfer {self.ids}")), amount, origin, destination)
        self.flights.append(flight)
        self._happens(origin, Motion.SENT, flight.id, amount)

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        flight = self._taken(data)
        self.arrived.append(flight)
        self._happens(flight.destination, Motion.RECEIVED, flight.id, flight.amount)

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        flight = self._taken(data)
        self._happens(flight.origin, Motion.REFUNDED, flight.id, flight.amount)

    @rule(seconds=st.integers(0, 30))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds
        for chain in CHAINS:
            self._block(chain, [], 0)

    @precondition(lambda self: not self.broken)
    @rule(amount=AMOUNTS)
    def give_to_the_vault(self, amount: int) -> None:
        self._block(HOME, [], amount)

    # --- what a watcher does

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        """Read each chain up to some block that it has."""
        for chain in data.draw(st.permutations(CHAINS)):
            side = self.sides[chain]
            upto = data.draw(st.integers(self.read[chain], len(side.blocks) - 1))
            for number in range(self.read[chain] + 1, upto + 1):
                for moved in side.blocks[number]:
                    self.ledger.take(Deed(chain=chain, moved=moved))
            self.read[chain] = upto

    @invariant()
    def an_honest_history_contradicts_nowhere(self) -> None:
        if not self.broken:
            assert self.contradictions() == []
            assert self.delta() >= 0

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        flying = set(self.ledger.in_flight)
        assert not flying & set(self.ledger.early)

    # --- below

    def contradictions(self) -> list[Contradiction]:
        found = [Contradiction(facts=(self.holding(chain),)) for chain in CHAINS]
        found += [self.never_sent(deed) for deed in self.ledger.early.values()]
        found += [Contradiction(facts=(moved(one), moved(other))) for one, other in self.ledger.clashes]
        found += [self.again(deed) for deed in self.ledger.again if self.ledger.arrived_at(deed.moved.id)]
        return [one for one in found if one.why(MARGIN_SECONDS)]

    def holding(self, chain: ChainId) -> Holding:
        end, number = self.ledger.ends.get(chain), self.read[chain]
        return Holding(
            at=self.sides[chain].at(number),
            bridge=BRIDGES[chain],
            is_home=chain == HOME,
            held=self.sides[chain].held[number],
            sent=end.sent if end else 0,
            received=end.received if end else 0,
            refunded=end.refunded if end else 0,
        )

    def never_sent(self, deed: Deed) -> Contradiction:
        others = [
            NeverSent(at=self.sides[chain].at(self.read[chain]), bridge=BRIDGES[chain], id=deed.moved.id)
            for chain in CHAINS
            if chain != deed.chain
        ]
        return Contradiction(facts=(moved(deed, self.sides), *others))

    def again(self, deed: Deed) -> Contradiction:
        where = self.ledger.arrived_at(deed.moved.id)
        assert where is not None
        first = next(one for one in self.sides[where[0]].blocks[where[1]] if one.id == deed.moved.id)
        return Contradiction(facts=(moved(Deed(chain=where[0], moved=first)), moved(deed)))

    def delta(self) -> int:
        held = {chain: self.sides[chain].held[self.read[chain]] for chain in CHAINS}
        return self.ledger.delta(held[HOME], sum(amount for chain, amount in held.items() if chain != HOME))

    def catch_up(self) -> None:
        """All is read, and the clocks have passed whatever can be early."""
        self.now += MARGIN_SECONDS + 1
        for chain in CHAINS:
            self._block(chain, [], 0)
        for chain in CHAINS:
            for number in range(self.read[chain] + 1, len(self.sides[chain].blocks)):
                for one in self.sides[chain].blocks[number]:
                    self.ledger.take(Deed(chain=chain, moved=one))
            self.read[chain] = len(self.sides[chain].blocks) - 1

    def _taken(self, data: st.DataObject) -> Flight:
        return self.flights.pop(data.draw(st.integers(0, len(self.flights) - 1)))

    def _happens(self, chain: ChainId, motion: Motion, message_id: MessageId, amount: int) -> None:
        number = len(self.sides[chain].blocks)
        takes_in = (motion is Motion.SENT) == (chain == HOME)
        one = Moved(motion=motion, id=message_id, amount=amount, place=place(chain, number))
        self._block(chain, [one], amount if takes_in else -amount)

    def _block(self, chain: ChainId, moves: Sequence[Moved], by: int) -> None:
        side = self.sides[chain]
        side.blocks.append(list(moves))
        side.held.append(side.held[-1] + by)
        side.times.append(self.now)


class RobbedToken(Token):
    """The same, and somebody cheats once: when a watcher has read all, it must say so."""

    @precondition(lambda self: not self.broken)
    @rule(amount=AMOUNTS)
    def drain(self, amount: int) -> None:
        self._block(HOME, [], -amount - self._gifts())
        self.broken.add("drained")

    @precondition(lambda self: not self.broken)
    @rule(remote=REMOTES, amount=AMOUNTS)
    def mint_from_nothing(self, remote: ChainId, amount: int) -> None:
        self._block(remote, [], amount)
        self.broken.add("minted")

    @precondition(lambda self: not self.broken)
    @rule(chain=st.sampled_from(CHAINS), amount=AMOUNTS)
    def forge(self, chain: ChainId, amount: int) -> None:
        self.ids += 1
        self._happens(chain, Motion.RECEIVED, MessageId(some_hash(f"transfer {self.ids}")), amount)
        self.broken.add("forged")

    @precondition(lambda self: self.arrived and not self.broken)
    @rule(data=st.data())
    def refund_what_arrived(self, data: st.DataObject) -> None:
        flight = self.arrived.pop(data.draw(st.integers(0, len(self.arrived) - 1)))
        self._happens(flight.origin, Motion.REFUNDED, flight.id, flight.amount)
        self.broken.add("refunded twice")

    @precondition(lambda self: self.flights and not self.broken)
    @rule(data=st.data(), more=AMOUNTS)
    def change_on_the_way(self, data: st.DataObject, more: int) -> None:
        flight = self._taken(data)
        self._happens(flight.destination, Motion.RECEIVED, flight.id, flight.amount + more)
        self.broken.add("changed")

    def teardown(self) -> None:
        if not hasattr(self, "broken"):
            return
        self.catch_up()
        assert bool(self.contradictions()) is bool(self.broken)

    def _gifts(self) -> int:
        """What the vault holds beyond what is locked in it: as much may be taken before anything is missing."""
        side = self.sides[HOME]
        locked = sum(one.amount if one.motion is Motion.SENT else -one.amount for block in side.blocks for one in block)
        return max(0, side.held[-1] - locked)


def place(chain: ChainId, number: int) -> Place:
    return Place(
        block=BlockNumber(number),
        block_hash=some_hash(f"{chain} {number}"),
        tx_hash=some_hash(f"tx {chain} {number}"),
        log_index=0,
    )


def moved(deed: Deed, sides: dict[ChainId, Side] | None = None) -> TransferMoved:
    number = deed.moved.place.block
    at = At(
        chain=deed.chain,
        number=number,
        hash=deed.moved.place.block_hash,
        time=Timestamp(sides[deed.chain].times[number] if sides else 0),
        is_final=True,
    )
    return TransferMoved(
        at=at,
        tx_hash=deed.moved.place.tx_hash,
        bridge=BRIDGES[deed.chain],
        motion=deed.moved.motion,
        id=deed.moved.id,
        amount=deed.moved.amount,
    )


TestToken = Token.TestCase
TestRobbedToken = RobbedToken.TestCase

LOG = Log(lane=lane(), kind=LogKind.LANE)
IDS = [some_hash(f"message {number}") for number in range(12)]


def head(count: int) -> Hash32:
    return head_after(LOG.id, IDS[:count])


def at(chain: ChainId, time: int, **fields: Any) -> At:
    known = {"number": BlockNumber(1), "hash": some_hash("block"), "is_final": True, **fields}
    return At(chain=chain, time=Timestamp(time), **known)


@given(
    shown=st.integers(0, 12),
    seen=st.integers(0, 12),
    shown_at=st.integers(0, 100),
    later=st.integers(-50, 50),
    is_final=st.booleans(),
)
def test_a_true_head_contradicts_no_log_that_was_final_when_it_was_shown(
    shown: int, seen: int, shown_at: int, later: int, is_final: bool
) -> None:
    # Honest evidence is of final blocks: a log read at a younger block (but for the clocks) has the entry.
    if later > MARGIN_SECONDS:
        seen = max(seen, shown)
    taken = HeadTaken(
        at=at(LOG.reader, shown_at),
        tx_hash=some_hash("tx"),
        log=LOG,
        head=head(shown),
        count=shown,
        verifiers=1,  # type: ignore[arg-type]
    )
    stands = LogStands(
        at=at(LOG.home, shown_at + later, is_final=is_final),
        log=LOG,
        entries=seen,
        count=shown,
        head=head(shown) if shown <= seen else None,
    )

    assert Contradiction(facts=(taken, stands)).why(MARGIN_SECONDS) is None


@given(count=st.integers(1, 12), seen=st.integers(0, 12), shown_at=st.integers(0, 100))
def test_a_false_head_contradicts_every_log_that_is_young_enough(count: int, seen: int, shown_at: int) -> None:
    taken = HeadTaken(
        at=at(LOG.reader, shown_at),
        tx_hash=some_hash("tx"),
        log=LOG,
        head=some_hash("false"),
        count=count,
        verifiers=1,  # type: ignore[arg-type]
    )
    stands = LogStands(
        at=at(LOG.home, shown_at + MARGIN_SECONDS + 1, is_final=False),
        log=LOG,
        entries=seen,
        count=count,
        head=head(count) if count <= seen else None,
    )

    assert Contradiction(facts=(taken, stands)).why(MARGIN_SECONDS)

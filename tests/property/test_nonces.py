"""Nonces and fees against a small model of a chain, its pool, a stranger with our key, and reorgs."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.factories import some_address
from xl2.core.types import ChainId, Wei
from xl2.flow import fees, nonces
from xl2.ports import Fees, Transaction

STRANGER = "stranger"
WEI = st.integers(0, 10**14)


class Chain(RuleBasedStateMachine):
    """Included nonces in order, a pool, and what we hold. A call of ours is its number; a filler is a negative one."""

    def __init__(self) -> None:
        super().__init__()
        self.included: list[int | str] = []
        self.pool: dict[int, int | str] = {}
        self.held: dict[int, int] = {}
        self.ours: dict[int, int] = {}
        self.calls = 0
        self.fillers = 0

    @property
    def told(self) -> nonces.Told:
        pooled = len(self.included)
        while pooled in self.pool:
            pooled += 1
        return nonces.Told(used=len(self.included), pooled=pooled)

    def hold(self, nonce: int, call: int) -> None:
        assert nonce >= len(self.included), "a used nonce was given out"
        assert nonce not in self.held, "a nonce of ours was given out twice"
        # What waits behind a gap no node counts: a stranger's transaction there may be replaced by ours.
        assert nonce >= self.told.pooled, "a nonce that the pool counts was given out"
        self.held[nonce] = self.pool[nonce] = call

    @rule()
    def call(self) -> None:
        self.calls += 1
        self.hold(nonces.free(self.held, self.told), self.calls)

    @rule(count=st.integers(1, 4))
    def mine(self, count: int) -> None:
        for _ in range(count):
            if len(self.included) in self.pool:
                self.included.append(self.pool.pop(len(self.included)))
        self.look()

    @precondition(lambda self: self.pool)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        del self.pool[data.draw(st.sampled_from(sorted(self.pool)))]

    @rule()
    def be_used_elsewhere(self) -> None:
        self.pool[self.told.pooled] = STRANGER

    @precondition(lambda self: self.included)
    @rule(depth=st.integers(1, 3))
    def reorg(self, depth: int) -> None:
        """Nodes forget what a reorg takes back."""
        del self.included[-depth:]
        for nonce in nonces.taken_back(self.ours, self.told):
            if nonce not in self.held:
                self.held[nonce] = self.ours.pop(nonce)

    @rule()
    def help(self) -> None:
        """What a look does: the same bytes again, and a transfer of nothing where nothing waits."""
        for nonce in nonces.forgotten(self.held, self.told):
            self.pool.setdefault(nonce, self.held[nonce])
        lowest = nonces.gap(self.held, self.told)
        if lowest is not None:
            self.fillers -= 1
            self.hold(lowest, self.fillers)

    def look(self) -> None:
        """Nonces that are used are no longer held: included, or gone to the stranger."""
        for nonce in [one for one in self.held if one < len(self.included)]:
            call = self.held.pop(nonce)
            if self.included[nonce] == call:
                self.ours[nonce] = call

    @invariant()
    def no_call_of_ours_stands_twice(self) -> None:
        ours = [one for one in self.included if one != STRANGER]
        assert len(ours) == len(set(ours))

    @invariant()
    def a_stranger_is_noticed(self) -> None:
        known = max((nonce + 1 for nonce in (*self.held, *self.ours)), default=0)
        theirs = nonces.foreign(known, self.held, self.told)
        assert all((self.included + [STRANGER] * 99)[nonce] == STRANGER for nonce in theirs)

    def teardown(self) -> None:
        """Whatever happened, helping and mining gets everything that is held into blocks."""
        for _ in range(4 + len(self.held) + len(self.pool)):
            self.help()
            self.mine(4)
        assert not self.held, "something waits for ever"


TestNonces = Chain.TestCase
TestNonces.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(old=WEI)
def test_a_bump_is_more_than_a_tenth_and_no_more_than_an_eighth_and_a_wei(old: int) -> None:
    new = fees.bumped(old)

    assert new > old
    assert new * 10 > old * 11 or new == old + 1
    assert new <= old * 9 / 8 + 1


@given(old=WEI, tip=WEI, base=WEI, asked_tip=WEI, multiple=st.integers(1, 9), absolute=st.none() | WEI)
def test_a_replacement_is_one_that_pools_take_and_the_caps_allow_or_there_is_none(  # noqa: PLR0917
    old: int, tip: int, base: int, asked_tip: int, multiple: int, absolute: int | None
) -> None:
    asked = Fees(base_fee=Wei(base), priority_fee=Wei(asked_tip))
    caps = fees.FeeCaps(multiple=multiple, absolute=None if absolute is None else Wei(absolute))
    before = Transaction(
        chain=ChainId(901), tx_nonce=0, to=some_address("to"), data=b"", value=Wei(0), gas_limit=21_000,
        max_fee=Wei(old + tip), priority_fee=Wei(tip),
    )  # fmt: skip

    after = fees.capped(before, asked, caps)

    most = fees.ceiling(asked, caps)
    if after is None:
        assert max(fees.bumped(before.max_fee), fees.bumped(before.priority_fee)) > most
        return
    assert fees.bumped(before.max_fee) <= after.max_fee <= most
    assert fees.bumped(before.priority_fee) <= after.priority_fee <= after.max_fee
    assert (after.tx_nonce, after.to, after.data) == (before.tx_nonce, before.to, before.data)


@given(base=WEI, tip=WEI, absolute=st.none() | WEI)
def test_an_opening_offer_pays_for_the_next_block_and_no_more_than_the_cap(
    base: int, tip: int, absolute: int | None
) -> None:
    asked = Fees(base_fee=Wei(base), priority_fee=Wei(tip))
    caps = fees.FeeCaps(absolute=None if absolute is None else Wei(absolute))

    price = fees.opening(asked, caps)

    if price is None:
        assert absolute is not None
        assert absolute < base + tip
        return
    assert price.max_fee >= base + tip
    assert absolute is None or price.max_fee <= absolute
    assert price.priority_fee <= price.max_fee

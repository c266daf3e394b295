"""
Deposits: the home chain's own bridge brings ether from the anchor, and tells of it by the transaction's hash alone.

Promise checked: `xl2.ports.CanonicalBridge`.
"""

from xl2.core.hashing import keccak
from xl2.core.types import Address, Hash32
from xl2.errors import NotYet
from xl2.ports import Cargo, Crossing, CrossingState
from xl2.testing.conformance.subject import Subject, expect

_AMOUNT = 10**9


class Deposits:
    """Checks of the way from the anchor."""

    async def test_a_deposit_is_followed_by_its_hash_alone_until_it_has_arrived(self, subject: Subject) -> None:
        """Its recipient has the ether then, and every state had a sentence or a block to it."""
        bridge = subject.bridge()
        recipient = Address(keccak(f"conformance {subject.home.chain}".encode())[12:])
        before = await subject.home.balance(recipient)
        calls = await bridge.deposit_calls(Cargo(recipient=recipient, amount=_AMOUNT), subject.payer)
        receipts = [await subject.make(call) for call in calls]

        async def look() -> Crossing:
            (crossing,) = await bridge.crossings(receipts[-1].tx_hash)
            if not crossing.state.is_over:
                raise NotYet(f"it is {crossing.state}: {crossing.waits_for}")
            return crossing

        crossing = await subject.until(look, "the deposit to arrive")
        expect(crossing.state is CrossingState.ARRIVED, f"it ended as {crossing.state}: {crossing.steps[-1].detail}")
        expect(crossing.cargo.amount == _AMOUNT, f"{crossing.cargo.amount} wei are said to cross, sent were {_AMOUNT}")
        states = [step.state for step in crossing.steps]
        expect(states[0] is CrossingState.SENT and states[-1] is crossing.state, f"its steps are {states}")
        after = await subject.home.balance(recipient)
        expect(after - before >= _AMOUNT, f"the recipient got {after - before} wei of {_AMOUNT}")

    async def test_a_hash_that_no_chain_knows_has_no_crossing(self, subject: Subject) -> None:
        """Absence is an answer."""
        found = await subject.bridge().crossings(Hash32(keccak(b"no transaction")))
        expect(not found, f"a made-up hash has crossings: {found}")

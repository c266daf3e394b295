"""
Health: a chain says who it is, what gas costs, and why a call would fail.

Promise checked: the rest of `xl2.ports.Blocks`.
"""

from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import Assurance, Hash32
from xl2.errors import Reverted
from xl2.testing.conformance.subject import Broken, Subject, expect


class Health:
    """Checks of what is asked before money is spent."""

    async def test_a_chain_answers_for_the_id_that_it_is_configured_with(self, subject: Subject) -> None:
        """Asked anew each time, as endpoints are swapped."""
        for chain in (subject.home, subject.reader):
            told = await chain.answers_for()
            expect(told == chain.chain, f"chain {chain.chain} answers for {told}")

    async def test_fees_and_balances_are_told(self, subject: Subject) -> None:
        """A cap covers the base fee and the tip; who pays has something to pay from."""
        fees = await subject.home.fees()
        expect(fees.max_fee >= fees.base_fee + fees.priority_fee, f"the cap {fees.max_fee} does not cover {fees}")
        expect(await subject.home.balance(subject.payer) > 0, "the account that pays has nothing")

    async def test_a_nonce_counts_what_was_sent(self, subject: Subject) -> None:
        """By one for each transaction that is in a block."""
        before = await subject.home.tx_nonce(subject.payer)
        sent = await subject.send(await subject.lane(Assurance.SETTLED), b"counted")
        receipt = await subject.home.tx_receipt(sent.place.tx_hash)
        after = await subject.home.tx_nonce(subject.payer)

        expect(after >= before, f"the nonce went from {before} to {after}")
        expect(receipt is not None and receipt.block_hash == sent.place.block_hash, f"its receipt is {receipt}")

    async def test_an_unknown_transaction_has_no_receipt(self, subject: Subject) -> None:
        """Absence is an answer."""
        found = await subject.home.tx_receipt(Hash32(keccak(b"no transaction")))
        expect(found is None, f"a made-up hash has receipt {found}")

    async def test_a_call_that_fails_says_why_before_it_is_paid_for(self, subject: Subject) -> None:
        """An expiry that never comes: the inbox refuses it, and its error has a name."""
        sent = await subject.send(await subject.lane(Assurance.SETTLED), b"has no expiry")
        try:
            await subject.reader.simulate(subject.reader.expire_call(sent.message), subject.payer)
        except Reverted as reverted:
            name = subject.reader.error_name(reverted.revert)
            expect(bool(name) and str(name) in reverted.what, f"the error {name} is not in {reverted.what!r}")
            return
        raise Broken(f"a message without expiry can be expired at block {await subject.reader.head(Finality.LATEST)}")

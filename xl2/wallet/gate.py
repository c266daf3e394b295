"""
Gate: every transaction passes here between being written and being signed.

In: a signer, the user's hooks, the `Book`, and a way to ask each node for its chain id. Out: a `Signer` that reviews
before it signs. Promises: the review is made from the very bytes that are signed, and what the signer hands back is
compared with them; the node's chain id is asserted before; a refusal raises `NotAccepted` before anything was signed,
stored or numbered. Unlimited allowances do not pass whatever the hooks say.
"""

from collections.abc import Awaitable, Callable
from typing import NoReturn

from attrs import field, frozen

from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.errors import Fatal, NotAccepted, WrongChain
from xl2.ports import Book, SignedTransaction, Signer, Transaction
from xl2.wallet.decode import decode
from xl2.wallet.hooks import Approve, Refuse, WalletHooks
from xl2.wallet.review import Review
from xl2.wallet.transaction import read_signed, read_unsigned, signing_payload

#: Asks the node behind a chain's configuration which chain it is, now.
ChainIdOf = Callable[[ChainId], Awaitable[int]]


@frozen(kw_only=True)
class Gate:
    """A `Signer` that lets its hooks see each transaction first."""

    signer: Signer
    hooks: WalletHooks
    book: Book
    chain_id_of: ChainIdOf = field(repr=False)

    @property
    def address(self) -> Address:
        """Account of the key behind."""
        return self.signer.address

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Review, then sign. Raises `NotAccepted`, `WrongChain`, and `Fatal` where the signer changed the bytes."""
        await self._assert_chain(transaction.chain)
        unsigned = signing_payload(transaction)
        review = review_of(unsigned, signer=self.address, book=self.book)
        self._refuse_unlimited(review)
        decision = await self.hooks.on_review(review)
        if isinstance(decision, Refuse):
            _refuse(review, decision.reason)
        # Hooks are other people's code: a forgotten `return` is None here, and refuses.
        if not isinstance(decision, Approve):
            _refuse(review, f"the hook answered {decision!r}")
        signed = await self.signer.sign_transaction(transaction, what)
        if read_signed(signed.raw).unsigned != unsigned:
            raise Fatal(
                f"the signer {checksum(self.address)} signed other bytes than were reviewed",
                remedy="Nothing was sent. Do not use this signer again before you know why.",
            )
        return signed

    async def sign_hash_of(self, preimage: bytes) -> NoReturn:
        """Refuse: what these bytes mean is not known here, so nobody could review it."""
        raise NotAccepted(
            f"{len(preimage)} bytes that are no transaction cannot be reviewed, so they are not signed",
            remedy="Sign transactions through the wallet; an attester signs with a key of its own.",
        )

    async def _assert_chain(self, chain: ChainId) -> None:
        actual = await self.chain_id_of(chain)
        if actual != chain:
            raise WrongChain(
                f"the endpoint of {self.book.chain(chain)} answers for chain {actual}, not {chain}",
                expected=chain,
                actual=actual,
            )

    @staticmethod
    def _refuse_unlimited(review: Review) -> None:
        if any(caution.code == "UNLIMITED_APPROVAL" for caution in review.cautions):
            _refuse(review, "approvals are exact; this one has no limit")


def review_of(unsigned: bytes, *, signer: Address, book: Book) -> Review:
    """Review of the bytes that are to be signed, and of nothing else. Raises `ProofInvalid` for no transaction."""
    transaction = read_unsigned(unsigned)
    return Review(
        chain_id=transaction.chain,
        chain_name=book.chain(transaction.chain),
        signer=signer,
        to=transaction.to,
        value_wei=transaction.value,
        max_gas_cost_wei=Wei(transaction.gas_limit * transaction.max_fee),
        tx_nonce=transaction.tx_nonce,
        meaning=decode(transaction, book),
        unsigned=unsigned,
    )


def _refuse(review: Review, reason: str) -> NoReturn:
    raise NotAccepted(f"not signed: {reason} ({review.summary})")

"""What passes the gate, and what a refusal leaves behind."""

import pytest
from eth_abi.abi import encode
from eth_account import Account

from tests.unit.wallet.scene import BOOK, CHAIN, TOKEN, Recorder, call, gate_with
from xl2.core.hashing import keccak
from xl2.errors import Fatal, NotAccepted, WrongChain
from xl2.ports import SignedTransaction, Transaction
from xl2.wallet import Approve, Decision, Refuse, Review, WalletHooks, review_of
from xl2.wallet.transaction import read_signed, signing_payload
from xl2_adapters.web3_edge import AccountSigner, signer

KEY = "0x" + "11" * 32


class Refusing(WalletHooks):
    async def on_review(self, review: Review) -> Decision:
        return Refuse(f"not today, {review.chain_name}")


class Forgetful(WalletHooks):
    async def on_review(self, review: Review) -> Decision:
        del review
        return None  # type: ignore[return-value]  # the mistake under test


class Swapping(AccountSigner):
    """A signer that signs another transaction than it was given."""

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        other = call(value=transaction.value + 1)
        return await super().sign_transaction(other, what)


async def test_what_is_approved_is_signed_as_reviewed() -> None:
    hooks = Recorder(Approve())
    gate = gate_with(signer(KEY), hooks)

    signed = await gate.sign_transaction(call(), "send")

    assert hooks.seen[0].unsigned == read_signed(signed.raw).unsigned
    assert Account.recover_transaction(signed.raw) == Account.from_key(KEY).address
    assert signed.hash == keccak(signed.raw)


async def test_a_refusal_raises_with_its_reason_before_the_signer_is_asked() -> None:
    asked: list[Transaction] = []

    class Watching(AccountSigner):
        async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
            asked.append(transaction)
            return await super().sign_transaction(transaction, what)

    gate = gate_with(Watching(Account.from_key(KEY)), Refusing())

    with pytest.raises(NotAccepted, match="not today, a"):
        await gate.sign_transaction(call(), "send")

    assert asked == []


async def test_a_hook_that_forgets_to_answer_refuses() -> None:
    gate = gate_with(signer(KEY), Forgetful())

    with pytest.raises(NotAccepted, match="the hook answered None"):
        await gate.sign_transaction(call(), "send")


async def test_another_chain_behind_the_url_stops_before_the_review() -> None:
    hooks = Recorder(Approve())
    gate = gate_with(signer(KEY), hooks, answers=1)

    with pytest.raises(WrongChain, match=f"answers for chain 1, not {CHAIN}"):
        await gate.sign_transaction(call(), "send")

    assert hooks.seen == []


async def test_a_signer_that_signs_other_bytes_than_were_reviewed_is_fatal() -> None:
    gate = gate_with(Swapping(Account.from_key(KEY)), Recorder(Approve()))

    with pytest.raises(Fatal, match="signed other bytes than were reviewed"):
        await gate.sign_transaction(call(), "send")


async def test_an_unlimited_approval_does_not_pass_even_if_the_hooks_would_approve() -> None:
    endless = keccak(b"approve(address,uint256)")[:4] + encode(["address", "uint256"], ["0x" + "22" * 20, 2**256 - 1])
    gate = gate_with(signer(KEY), Recorder(Approve()))

    with pytest.raises(NotAccepted, match="approvals are exact"):
        await gate.sign_transaction(call(to=TOKEN, data=endless), "approve")


async def test_a_bare_digest_is_never_signed() -> None:
    gate = gate_with(signer(KEY), Recorder(Approve()))

    with pytest.raises(NotAccepted, match="cannot be reviewed"):
        await gate.sign_hash_of(bytes(32))


def test_the_review_shows_the_very_bytes_and_what_they_cost() -> None:
    transaction = call(gas_limit=100_000, max_fee=7)

    review = review_of(signing_payload(transaction), signer=transaction.to, book=BOOK)

    assert review.unsigned == signing_payload(transaction)
    assert review.max_gas_cost_wei == 700_000
    shown = dict(review.lines())
    assert shown["chain"] == f"a ({CHAIN})"
    assert shown["gas, at most"] == "700000 wei (0.0000000000007 ether)"

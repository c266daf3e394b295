"""What a person sees before value leaves over the own bridge of a chain of Nitro, or something is done for it."""

from typing import Any

import pytest
from eth_abi import encode

from tests.unit.wallet.forms import selectors
from tests.unit.wallet.scene import call
from xl2.core.hashing import keccak
from xl2.core.types import Address, Wei, checksum
from xl2.wallet import Book, Meaning
from xl2.wallet.decode import decode, forms
from xl2_adapters.nitro.reviews import ARB_SYS, GATEWAYS, INBOX, OUTBOX, REVIEWS, TICKETS
from xl2_devnet.abi import stand_in
from xl2_devnet.nitro.tokens import token_bridge

HERE, TO, TOKEN, REFUND = (Address(bytes([place]) * 20) for place in (0x11, 0x22, 0x33, 0x44))
TICKET = "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)"
TOKENS = "outboundTransferCustomRefund(address,address,address,uint256,uint256,uint256,bytes)"
PAY_OUT = "executeTransaction(bytes32[],uint256,address,address,uint256,uint256,uint256,uint256,bytes)"


def read(role: str, signature: str, *values: Any, value: int = 0, behind: bytes = b"") -> Meaning:
    inner = signature[signature.index("(") + 1 : -1]
    types = inner.split(",") if inner else []
    shown = [checksum(Address(one)) if isinstance(one, bytes) and len(one) == 20 else one for one in values]
    data = keccak(signature.encode())[:4] + encode(types, shown) + behind
    transaction = call(to=HERE, data=data, value=Wei(value))
    return decode(transaction, Book(roles={(transaction.chain, HERE): role}, families=(REVIEWS,)))


def test_a_ticket_says_who_gets_what_and_what_it_costs_at_most() -> None:
    meaning = read(INBOX, TICKET, TO, 7, 100, REFUND, REFUND, 50, 3, b"hello", value=257)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (None, 7, TO)
    assert "for 250 wei (0.00000000000000025 ether) at most" in meaning.summary
    assert (meaning.fee_wei, meaning.recipient) == (250, TO)
    assert ("gas on the rollup", "50 at 3 wei (0.000000003 gwei) at most") in meaning.facts
    assert any(checksum(REFUND) in text for _, text in meaning.facts)


def test_tokens_over_the_gateways_name_token_and_recipient() -> None:
    meaning = read(GATEWAYS, TOKENS, TOKEN, REFUND, TO, 55, 50, 3, encode(["uint256", "bytes"], [9, b""]), value=159)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (TOKEN, 55, TO)
    assert ("submission", "9 wei (0.000000000000000009 ether) at most") in meaning.facts


def test_a_submission_that_cannot_be_read_is_said_to_be_so() -> None:
    meaning = read(GATEWAYS, TOKENS, TOKEN, REFUND, TO, 55, 50, 3, b"\xff", value=159)

    assert ("submission", "unreadable") in meaning.facts


@pytest.mark.parametrize(
    ("role", "signature", "values"),
    [
        (INBOX, "depositEth()", ()),
        (ARB_SYS, "withdrawEth(address)", (TO,)),
        (ARB_SYS, "sendTxToL1(address,bytes)", (TO, b"data")),
    ],
)
def test_ether_is_an_amount_of_the_review(role: str, signature: str, values: tuple[Any, ...]) -> None:
    meaning = read(role, signature, *values, value=9)

    (amount,) = meaning.amounts
    assert (meaning.contract, meaning.call) == (role, signature.partition("(")[0])
    assert (amount.token, amount.units) == (None, 9)
    assert "9 wei (0.000000000000000009 ether)" in meaning.summary


def test_a_note_behind_a_withdrawal_is_shown_and_behind_another_call_makes_it_unknown() -> None:
    noted = read(ARB_SYS, "withdrawEth(address)", TO, value=9, behind=b"a note")
    odd = read(ARB_SYS, "sendTxToL1(address,bytes)", TO, b"", value=9, behind=b"a note")

    assert ("note", "0x" + b"a note".hex()) in noted.facts
    assert odd.call is None
    assert [caution.code for caution in odd.cautions] == ["UNKNOWN_CALL"]


def test_an_account_in_another_form_is_unknown() -> None:
    data = keccak(b"withdrawEth(address)")[:4] + b"\x01" + bytes(11) + TO
    transaction = call(to=HERE, data=data, value=Wei(9))

    assert decode(transaction, Book(roles={(transaction.chain, HERE): ARB_SYS}, families=(REVIEWS,))).call is None


@pytest.mark.parametrize(
    ("signature", "codes"), [("redeem(bytes32)", []), ("keepalive(bytes32)", []), ("cancel(bytes32)", ["GIVES_UP"])]
)
def test_what_is_done_for_a_ticket_names_it(signature: str, codes: list[str]) -> None:
    meaning = read(TICKETS, signature, b"\x77" * 32)

    assert "0x7777" in meaning.summary
    assert [caution.code for caution in meaning.cautions] == codes


@pytest.mark.parametrize("signature", ["redeem(bytes32)", "keepalive(bytes32)", "cancel(bytes32)"])
def test_value_that_rides_along_where_none_is_taken_is_cautioned_of(signature: str) -> None:
    meaning = read(TICKETS, signature, b"\x77" * 32, value=3)

    assert meaning.cautions[-1].code == "UNEXPECTED_VALUE"
    assert "3 wei (0.000000000000000003 ether) ride along" in meaning.cautions[-1].text


def test_a_payout_names_who_gets_it_and_who_sent_it() -> None:
    meaning = read(OUTBOX, PAY_OUT, [b"\x01" * 32], 4, REFUND, TO, 1, 2, 3, 55, b"")

    assert "55 wei" in meaning.summary
    assert checksum(TO) in meaning.summary
    assert ("sent by", checksum(REFUND)) in meaning.facts


FORMS = set(forms((REVIEWS,))) - set(forms())


@pytest.mark.parametrize(
    ("role", "selector"), sorted(FORMS), ids=lambda part: part if isinstance(part, str) else part.hex()
)
def test_every_form_is_a_function_of_the_contract(role: str, selector: bytes) -> None:
    # Stand-ins of ours have Arbitrum's own functions; the gateways are Arbitrum's.
    artifacts = {INBOX: "InboxStandIn", OUTBOX: "OutboxStandIn", ARB_SYS: "ArbSys", TICKETS: "ArbRetryableTx"}
    contract = token_bridge("L1GatewayRouter") if role == GATEWAYS else stand_in(artifacts[role])

    assert selector in selectors(contract.abi)

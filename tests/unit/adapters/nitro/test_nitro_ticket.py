"""Tickets and deposits: the ids that a Nitro chain will know them by, from the bytes that L1's inbox took."""

from typing import Any

import pytest

from tests.unit.adapters.nitro.vectors import IDS, number, raw
from xl2.core.types import Address, ChainId, Wei
from xl2.errors import ProofInvalid
from xl2_adapters.nitro.ticket import EtherDeposit, Ticket


def ticket_of(vector: dict[str, Any], message: bytes | None = None) -> Ticket:
    return Ticket.parse(
        raw(vector["message"]) if message is None else message,
        chain=ChainId(number(vector["chain"])),
        number=number(vector["number"]),
        sender=Address(raw(vector["sender"])),
        base_fee=Wei(number(vector["baseFee"])),
    )


@pytest.mark.parametrize("vector", IDS["tickets"], ids=lambda vector: vector["name"])
def test_a_ticket_has_the_id_that_arbitrum_gives_it(vector: dict[str, Any]) -> None:
    ticket = ticket_of(vector)

    assert ticket.id == raw(vector["id"])
    assert (ticket.to, ticket.excess_refund, ticket.call_value_refund) == (
        raw(vector["to"]),
        raw(vector["excessRefund"]),
        raw(vector["callValueRefund"]),
    )
    assert (ticket.call_value, ticket.deposit, ticket.max_submission_fee) == (
        number(vector["callValue"]),
        number(vector["deposit"]),
        number(vector["maxSubmissionFee"]),
    )
    assert (ticket.gas_limit, ticket.max_fee) == (number(vector["gasLimit"]), number(vector["maxFee"]))
    assert ticket.data == raw(vector["data"])


@pytest.mark.parametrize("vector", IDS["deposits"], ids=lambda vector: vector["name"])
def test_a_deposit_of_ether_has_the_hash_that_arbitrum_gives_it(vector: dict[str, Any]) -> None:
    deposit = EtherDeposit.parse(
        raw(vector["message"]),
        chain=ChainId(number(vector["chain"])),
        number=number(vector["number"]),
        sender=Address(raw(vector["sender"])),
    )

    assert (deposit.id, deposit.to, deposit.value) == (raw(vector["id"]), raw(vector["to"]), number(vector["value"]))


def test_another_place_in_the_inbox_is_another_ticket() -> None:
    vector = IDS["tickets"][0]

    assert ticket_of(vector).id != ticket_of({**vector, "number": "0x1"}).id


@pytest.mark.parametrize(
    "mend",
    [
        lambda message: message[:-1],
        lambda message: message + b"\0",
        lambda message: message[: 9 * 32 - 1],
        lambda message: b"\x01" + message[1:],
        lambda message: message[: 4 * 32] + b"\xff" + message[4 * 32 + 1 :],
    ],
    ids=["cut", "left over", "cut in the words", "no account", "no refund account"],
)
def test_bytes_that_are_no_ticket_are_refused(mend: Any) -> None:
    vector = IDS["tickets"][0]

    with pytest.raises(ProofInvalid, match="retryable ticket"):
        ticket_of(vector, mend(raw(vector["message"])))


def test_a_ticket_without_gas_or_price_is_not_tried_by_itself() -> None:
    with_gas, without = ticket_of(IDS["tickets"][0]), ticket_of(IDS["tickets"][1])

    assert with_gas.tries_by_itself
    assert not without.tries_by_itself

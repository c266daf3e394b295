"""
Reviews: one function for each call by which value leaves over the own bridge of a chain of Nitro, or that is made for
a ticket or a send.

In: the transaction, the `Book`, decoded arguments. Out: a `Meaning`. Promise: who gets how much of what, and at most
how much the rollup's gas costs, are fields of it. Source: nitro-contracts, token-bridge-contracts.
"""

from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from xl2.core.amounts import wei_and_ether, wei_and_gwei
from xl2.core.types import Address, address, checksum, hex_text
from xl2.ports import Amount, Book, Caution, Meaning, Reviews, Transaction, shown_bytes, unexpected_value

INBOX: Final = "NitroInbox"
OUTBOX: Final = "NitroOutbox"
GATEWAYS: Final = "GatewayRouter"
ARB_SYS: Final = "ArbSys"
TICKETS: Final = "ArbRetryableTx"

_TRIED_AGAIN: Final = "If the call fails, the rollup keeps it for a week; anybody may have it tried again."
_PAID_OUT: Final = "Once it is confirmed, anybody may have it paid out; a call that fails then can be tried again."
_ONLY_GAS: Final = "If the transaction reverts, only its gas is spent."
_REFUND: Final = "the value's and the gas's refund"


def _deposit(tx: Transaction, book: Book) -> Meaning:
    return Meaning(
        contract=INBOX,
        call="depositEth",
        summary=f"Deposits {wei_and_ether(tx.value)} from {book.chain(tx.chain)} "
        "to the signer's own account on the rollup.",
        facts=(("if the signer has code", "its alias on the rollup gets it"),),
        amounts=(Amount(token=None, units=tx.value, to=Address(tx.to)),),
        on_failure=_ONLY_GAS,
    )


def _ticket(tx: Transaction, book: Book, *values: Any) -> Meaning:
    to, value, submission, excess, refund, gas, price, data = values
    recipient = address(to)
    most = submission + gas * price
    return Meaning(
        contract=INBOX,
        call="createRetryableTicket",
        summary=f"Sends {wei_and_ether(value)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}, for {wei_and_ether(most)} at most.",
        facts=(
            ("recipient on the rollup", checksum(recipient)),
            ("data", shown_bytes(data)),
            ("gas on the rollup", f"{gas} at {wei_and_gwei(price)} at most"),
            ("submission", f"{wei_and_ether(submission)} at most"),
            (_REFUND, f"{checksum(address(refund))}, {checksum(address(excess))}"),
        ),
        amounts=(Amount(token=None, units=value, to=recipient),),
        recipient=recipient,
        fee_wei=type(tx.value)(max(0, tx.value - value)),
        on_failure=_TRIED_AGAIN,
    )


def _tokens_down(tx: Transaction, book: Book, *values: Any) -> Meaning:
    token, refund, to, units, gas, price, data = values
    here, recipient = address(token), address(to)
    try:
        submission = f"{wei_and_ether(decode(('uint256', 'bytes'), data)[0])} at most"
    except (DecodingError, OverflowError):
        submission = "unreadable"
    return Meaning(
        contract=GATEWAYS,
        call="outboundTransferCustomRefund",
        summary=f"Sends {book.units(tx.chain, here, units)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}, for {wei_and_ether(tx.value)} at most.",
        facts=(
            ("recipient on the rollup", checksum(recipient)),
            ("gas on the rollup", f"{gas} at {wei_and_gwei(price)} at most"),
            ("submission", submission),
            (_REFUND, checksum(address(refund))),
        ),
        amounts=(Amount(token=here, units=units, to=recipient),),
        recipient=recipient,
        fee_wei=tx.value,
        on_failure=_TRIED_AGAIN,
    )


def _withdraw(tx: Transaction, book: Book, to: str, note: bytes) -> Meaning:
    return _up(tx, book, call="withdrawEth", to=to, facts=(("note", shown_bytes(note)),) if note else ())


def _send(tx: Transaction, book: Book, to: str, data: bytes) -> Meaning:
    return _up(tx, book, call="sendTxToL1", to=to, facts=(("data", shown_bytes(data)),))


def _up(tx: Transaction, book: Book, *, call: str, to: str, facts: tuple[tuple[str, str], ...]) -> Meaning:
    recipient = address(to)
    return Meaning(
        contract=ARB_SYS,
        call=call,
        summary=f"Sends {wei_and_ether(tx.value)} from {book.chain(tx.chain)} over the rollup's own bridge "
        f"to {checksum(recipient)}.",
        facts=(("recipient on the anchor", checksum(recipient)), *facts),
        amounts=(Amount(token=None, units=tx.value, to=recipient),),
        recipient=recipient,
        on_failure=_PAID_OUT,
    )


def _redeem(tx: Transaction, book: Book, ticket: bytes) -> Meaning:
    where = book.chain(tx.chain)
    return Meaning(
        contract=TICKETS,
        call="redeem",
        summary=f"Tries the call of ticket {hex_text(ticket)} on {where} again.",
        on_failure="The ticket stays as it is.",
        cautions=unexpected_value(tx),
    )


def _keep_alive(tx: Transaction, book: Book, ticket: bytes) -> Meaning:
    where = book.chain(tx.chain)
    return Meaning(
        contract=TICKETS,
        call="keepalive",
        summary=f"Buys ticket {hex_text(ticket)} on {where} one more lifetime.",
        on_failure=_ONLY_GAS,
        cautions=unexpected_value(tx),
    )


def _cancel(tx: Transaction, book: Book, ticket: bytes) -> Meaning:
    return Meaning(
        contract=TICKETS,
        call="cancel",
        summary=f"Gives ticket {hex_text(ticket)} on {book.chain(tx.chain)} up.",
        on_failure=_ONLY_GAS,
        cautions=(
            Caution(code="GIVES_UP", text="The ticket's call will never be made; its value is paid back."),
            *unexpected_value(tx),
        ),
    )


def _pay_out(tx: Transaction, book: Book, *values: Any) -> Meaning:
    _, position, sender, to, _, _, _, value, data = values
    recipient = address(to)
    return Meaning(
        contract=OUTBOX,
        call="executeTransaction",
        summary=f"Has {wei_and_ether(value)} paid out to {checksum(recipient)} on {book.chain(tx.chain)}, "
        f"as send {position} of the rollup says.",
        facts=(("sent by", checksum(address(sender))), ("data", shown_bytes(data))),
        recipient=recipient,
        on_failure="If the recipient fails, nothing changes: it can be tried again.",
        cautions=unexpected_value(tx),
    )


REVIEWS: Final = Reviews(
    readers={
        (INBOX, "depositEth()"): _deposit,
        (INBOX, "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)"): _ticket,
        (GATEWAYS, "outboundTransferCustomRefund(address,address,address,uint256,uint256,uint256,bytes)"): _tokens_down,
        (ARB_SYS, "withdrawEth(address)"): _withdraw,
        (ARB_SYS, "sendTxToL1(address,bytes)"): _send,
        (TICKETS, "redeem(bytes32)"): _redeem,
        (TICKETS, "keepalive(bytes32)"): _keep_alive,
        (TICKETS, "cancel(bytes32)"): _cancel,
        (
            OUTBOX,
            "executeTransaction(bytes32[],uint256,address,address,uint256,uint256,uint256,uint256,bytes)",
        ): _pay_out,
    },
    noted=frozenset({(ARB_SYS, "withdrawEth(address)")}),
    anchor_roles={"inbox": INBOX, "outbox": OUTBOX, "gateway_router": GATEWAYS},
    fixed_roles={
        address("0x0000000000000000000000000000000000000064"): ARB_SYS,
        address("0x000000000000000000000000000000000000006E"): TICKETS,
    },
)

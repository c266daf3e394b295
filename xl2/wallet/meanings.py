"""
Meanings: one function for each call that xl2 makes, from its decoded arguments to what a person needs to know.

In: the transaction, the `Book`, and arguments as `decode` read them. Out: a `Meaning`. Promise: a value of the call
that moves money, power or time is a field or a fact of the meaning; what cannot be read is said to be unreadable. Calls
that bring evidence are `evidence_meanings`'.
"""

from collections.abc import Mapping
from typing import Any, Final

from xl2.core.amounts import wei_and_ether
from xl2.core.hashing import keccak
from xl2.core.interop import InteropAddress
from xl2.core.message import DEFAULT_GAS_LIMIT, id_of
from xl2.core.segment import Segment
from xl2.core.types import Address, Assurance, ChainId, Timestamp, address, checksum, hex_text
from xl2.errors import Xl2Error
from xl2.ports import Amount, Book, Caution, Meaning, Transaction, shown_bytes, unexpected_value
from xl2.wallet import evidence_meanings
from xl2.wallet.attributes import read_attributes

#: Above this an allowance is "as much as you have, for ever": no real amount is as large.
UNLIMITED: Final = 1 << 255

_LOST_ONLY_GAS: Final = "If the transaction reverts, only its gas is spent."
_NO_EXPIRY: Final = Caution(code="NO_EXPIRY", text="The message never expires, so it is never refunded.")
_ATTESTED: Final = Caution(code="TRUSTS_SIGNERS", text="The attested class rests on a quorum of signers, not on proof.")
_UNREADABLE: Final = Caution(code="UNREADABLE", text="Part of the calldata does not parse; the contract would revert.")


def _send(tx: Transaction, book: Book, recipient: bytes, payload: bytes, attributes: tuple[bytes, ...]) -> Meaning:
    try:
        called = InteropAddress.parse(recipient)
        given = read_attributes(attributes)
    except Xl2Error as bad:
        return Meaning(
            contract="Outbox",
            call="sendMessage",
            summary=f"Sends a message that does not parse: {bad.what}.",
            fee_wei=tx.value,
            cautions=(_UNREADABLE,),
        )
    return message_meaning(
        tx,
        book,
        call="sendMessage",
        summary=f"Sends {len(payload)} bytes to {checksum(called.account)} on {book.chain(called.chain)}",
        destination=called.chain,
        recipient=called.account,
        assurance=given.assurance,
        expiry=given.expiry,
        facts=(
            ("payload", shown_bytes(payload)),
            ("payload hash", hex_text(keccak(payload))),
            ("gas for the recipient", str(DEFAULT_GAS_LIMIT if given.gas_limit is None else given.gas_limit)),
            ("recipient may have no code", "yes" if given.allow_no_code else "no"),
        ),
    )


def message_meaning(
    tx: Transaction,
    book: Book,
    *,
    call: str,
    summary: str,
    destination: ChainId,
    recipient: Address,
    assurance: Assurance,
    expiry: Timestamp,
    facts: tuple[tuple[str, str], ...] = (),
    amounts: tuple[Amount, ...] = (),
) -> Meaning:
    """What all calls that place a message have in common: fee, class, expiry, what happens if it is not delivered."""
    cautions = [] if expiry else [_NO_EXPIRY]
    if assurance is Assurance.ATTESTED:
        cautions.append(_ATTESTED)
    if not book.knows(destination):
        cautions.append(Caution(code="UNKNOWN_CHAIN", text=f"Chain {destination} is not in the configuration."))
    value = "the value and the fee" if amounts else "the fee"
    return Meaning(
        contract=book.role(tx.chain, tx.to),
        call=call,
        summary=f"{summary}, {assurance.name.lower()}, fee {wei_and_ether(tx.value)}.",
        facts=(
            ("destination", f"{book.chain(destination)} ({destination})"),
            ("recipient", book.account(destination, recipient)),
            ("class", assurance.name.lower()),
            ("expiry", f"{expiry} (unix seconds on the destination's clock)" if expiry else "never"),
            ("fee", wei_and_ether(tx.value)),
            *facts,
        ),
        amounts=amounts,
        destination=destination,
        recipient=recipient,
        fee_wei=tx.value,
        expiry=expiry,
        assurance=assurance,
        on_failure=(
            f"Undelivered by its expiry, {value} can be claimed back here by a proof of that, which anyone can bring."
            if expiry
            else f"It stays deliverable for ever; {value} cannot be claimed back."
        ),
        cautions=tuple(cautions),
    )


def _add_fee(tx: Transaction, book: Book, destination: int, assurance: int, nonce: int) -> Meaning:
    return Meaning(
        contract="Outbox",
        call="addFee",
        summary=f"Adds {wei_and_ether(tx.value)} to the fee of message {nonce} to {book.chain(ChainId(destination))}.",
        facts=(("class", str(assurance)), ("nonce", str(nonce))),
        destination=ChainId(destination),
        fee_wei=tx.value,
        on_failure="The addition goes where the fee goes: to whoever delivers, or back to the message's sender.",
    )


def _settle(tx: Transaction, _book: Book, segment: bytes, evidence: bytes) -> Meaning:
    return Meaning(
        contract="Outbox",
        call="settle",
        summary="Proves receipts back to the origin: fees are credited to who earned them, expired messages refunded.",
        facts=(("segment", shown_bytes(segment)), ("evidence", shown_bytes(evidence))),
        cautions=unexpected_value(tx),
    )


def _claim(tx: Transaction, book: Book, to: Address | str) -> Meaning:
    payee = address(to)
    return Meaning(
        contract="Outbox",
        call="claim",
        summary=f"Pays the signer's credit out to {checksum(payee)}.",
        facts=(("paid to", book.account(tx.chain, payee)),),
        recipient=payee,
        cautions=unexpected_value(tx),
    )


def _claim_for(tx: Transaction, book: Book, account: Address | str) -> Meaning:
    payee = address(account)
    return Meaning(
        contract="Outbox",
        call="claimFor",
        summary=f"Pays the credit of {checksum(payee)} out to it.",
        facts=(("paid to", book.account(tx.chain, payee)),),
        recipient=payee,
        cautions=unexpected_value(tx),
    )


def _deliver(tx: Transaction, book: Book, segment: bytes, evidence: bytes, payee: str) -> Meaning:
    try:
        carried = Segment.parse(segment, destination=tx.chain, inbox=tx.to)
    except Xl2Error as bad:
        return Meaning(
            contract="Inbox",
            call="deliver",
            summary=f"Delivers a segment that does not parse: {bad.what}.",
            cautions=(_UNREADABLE,),
        )
    fees = sum(message.fee for message in carried.messages)
    return Meaning(
        contract="Inbox",
        call="deliver",
        summary=f"Delivers {len(carried.messages)} messages from {book.chain(carried.lane.origin)}, "
        f"nonces {carried.first} to {carried.first + len(carried.messages) - 1}.",
        facts=(
            ("class", carried.lane.assurance.name.lower()),
            ("evidence", shown_bytes(evidence) if evidence else "none: the head is known"),
            ("fees earned", f"{wei_and_ether(fees)}, credited on the origin to {checksum(address(payee))}"),
        ),
        assurance=carried.lane.assurance,
        on_failure="A recipient that reverts spoils nothing but its own message; if nothing moves, the call reverts.",
        cautions=unexpected_value(tx),
    )


def _retry(tx: Transaction, _book: Book, header: bytes, payload: bytes, gas: int, payee: str) -> Meaning:
    return Meaning(
        contract="Inbox",
        call="retry",
        summary=f"Calls the recipient of failed message {hex_text(id_of(header))} again, with {gas} gas.",
        facts=(("payload", shown_bytes(payload)), ("fee goes to", checksum(address(payee)))),
        on_failure="If the recipient fails again the call reverts, and the message can still be retried or expire.",
        cautions=unexpected_value(tx),
    )


def _expire(tx: Transaction, _book: Book, header: bytes) -> Meaning:
    return Meaning(
        contract="Inbox",
        call="expire",
        summary=f"Records that the expiry of message {hex_text(id_of(header))} has passed; it can then be refunded.",
        cautions=unexpected_value(tx),
    )


def _set_policy(tx: Transaction, _book: Book, mask: int) -> Meaning:
    verifiers = [number for number in range(256) if mask >> number & 1]
    accepted = f"only by verifiers {verifiers}" if verifiers else "by any verifier that the lane accepts"
    return Meaning(
        contract="Inbox",
        call="setPolicy",
        summary=f"Sets the signer's own policy: messages to it are accepted {accepted}.",
        cautions=unexpected_value(tx),
    )


def _approve(tx: Transaction, book: Book, spender: str, units: int) -> Meaning:
    to = address(spender)
    endless = units >= UNLIMITED
    cautions = [*unexpected_value(tx)]
    if endless:
        cautions.append(Caution(code="UNLIMITED_APPROVAL", text="The allowance has no limit that means anything."))
    if book.role(tx.chain, to) is None:
        cautions.append(Caution(code="UNKNOWN_SPENDER", text=f"{checksum(to)} is not in the configuration."))
    return Meaning(
        contract="ERC20",
        call="approve",
        summary=f"Allows {book.account(tx.chain, to)} to take {book.units(tx.chain, tx.to, units)}.",
        facts=(("spender", book.account(tx.chain, to)), ("allowance", book.units(tx.chain, tx.to, units))),
        amounts=(Amount(token=tx.to, units=units, to=to, allowance=True),),
        recipient=to,
        on_failure="Nothing moves by an allowance alone; it can be set back to 0.",
        cautions=tuple(cautions),
    )


def _transfer(tx: Transaction, book: Book, to: str, units: int) -> Meaning:
    payee = address(to)
    return Meaning(
        contract="ERC20",
        call="transfer",
        summary=f"Pays {book.units(tx.chain, tx.to, units)} to {book.account(tx.chain, payee)} on this chain.",
        amounts=(Amount(token=tx.to, units=units, to=payee),),
        recipient=payee,
        on_failure=_LOST_ONLY_GAS,
        cautions=unexpected_value(tx),
    )


def _bridge(tx: Transaction, book: Book, to: bytes, units: int, expiry: int) -> Meaning:
    moved = book.bridges.get((tx.chain, tx.to))
    try:
        payee = InteropAddress.parse(to)
    except Xl2Error as bad:
        return Meaning(
            contract="TokenBridge",
            call="transfer",
            summary=f"Moves tokens to an address that does not parse: {bad.what}.",
            cautions=(_UNREADABLE,),
        )
    if moved is None:
        return Meaning(
            contract="TokenBridge",
            summary=f"Moves {units} units of an unknown token to {checksum(payee.account)}, chain {payee.chain}.",
            cautions=(Caution(code="UNKNOWN_TOKEN", text="The configuration does not say what this bridge moves."),),
            on_failure="Unknown.",
        )
    return message_meaning(
        tx,
        book,
        call="transfer",
        summary=f"Moves {book.units(tx.chain, moved.token, units)} to {checksum(payee.account)} "
        f"on {book.chain(payee.chain)}",
        destination=payee.chain,
        recipient=payee.account,
        assurance=moved.assurance,
        expiry=Timestamp(expiry),
        amounts=(Amount(token=moved.token, units=units, to=payee.account),),
    )


def _refund(tx: Transaction, _book: Book, header: bytes, payload: bytes) -> Meaning:
    return Meaning(
        contract="TokenBridge",
        call="refund",
        summary=f"Gives the value of expired transfer {hex_text(id_of(header))} back to whoever sent it.",
        facts=(("payload", shown_bytes(payload)),),
        cautions=unexpected_value(tx),
    )


def _claim_fees(tx: Transaction, book: Book, account: str) -> Meaning:
    payee = address(account)
    return Meaning(
        contract="TokenBridge",
        call="claimFees",
        summary=f"Pays refunded fees out to {checksum(payee)}.",
        facts=(("paid to", book.account(tx.chain, payee)),),
        recipient=payee,
        cautions=unexpected_value(tx),
    )


#: What is known, by role and signature.
READERS: Final[Mapping[tuple[str, str], Any]] = {
    ("Outbox", "sendMessage(bytes,bytes,bytes[])"): _send,
    ("Outbox", "addFee(uint64,uint8,uint64)"): _add_fee,
    ("Outbox", "settle(bytes,bytes)"): _settle,
    ("Outbox", "claim(address)"): _claim,
    ("Outbox", "claimFor(address)"): _claim_for,
    ("Inbox", "deliver(bytes,bytes,address)"): _deliver,
    ("Inbox", "retry(bytes,bytes,uint256,address)"): _retry,
    ("Inbox", "expire(bytes)"): _expire,
    ("Inbox", "setPolicy(uint256)"): _set_policy,
    ("TokenBridge", "transfer(bytes,uint256,uint64)"): _bridge,
    ("TokenBridge", "refund(bytes,bytes)"): _refund,
    ("TokenBridge", "claimFees(address)"): _claim_fees,
    ("ERC20", "approve(address,uint256)"): _approve,
    ("ERC20", "transfer(address,uint256)"): _transfer,
    **evidence_meanings.READERS,
}

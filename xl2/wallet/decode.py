"""
Decode: calldata of xl2's contracts to a sentence and facts.

In: a transaction read back from the bytes to be signed, and the `Book`. Out: its `Meaning`. Promise: a call is named
only when the contract is in the book, the selector is one of that role's, and the arguments encode back to the very
same bytes; everything else is said to be unknown. The signatures are those of `contracts/src/interfaces` and ERC-20, a
test compares them with the compiled artifacts; those of the rollups' own bridges come with the book.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from attrs import frozen
from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from xl2.core.amounts import wei_and_ether
from xl2.core.hashing import keccak
from xl2.core.types import Address, checksum
from xl2.ports import Book, Caution, Meaning, Reviews, Transaction
from xl2.wallet.meanings import READERS

SELECTOR_SIZE: Final = 4

Read = Callable[..., Meaning]


@frozen(kw_only=True)
class Form:
    """A function that a reader knows."""

    name: str
    types: tuple[str, ...]
    read: Read
    #: A note may stand behind the arguments; the reader is given it, empty or not.
    is_noted: bool = False


@lru_cache
def forms(families: tuple[Reviews, ...] = ()) -> Mapping[tuple[str, bytes], Form]:
    """Functions by role and selector: xl2's own, and those of families."""
    found = {}
    for reviews in (*families, Reviews(readers=READERS)):
        for (role, signature), read in reviews.readers.items():
            name, _, rest = signature.partition("(")
            types = _split(rest.removesuffix(")"))
            found[role, bytes(keccak(signature.encode())[:SELECTOR_SIZE])] = Form(
                name=name, types=types, read=read, is_noted=(role, signature) in reviews.noted
            )
    return found


def _split(types: str) -> tuple[str, ...]:
    """Types between the parentheses of a signature, split where no inner parenthesis is open."""
    found: list[str] = []
    depth = 0
    for part in types.split(",") if types else ():
        if depth:
            found[-1] += f",{part}"
        else:
            found.append(part)
        depth += part.count("(") - part.count(")")
    return tuple(found)


def decode(transaction: Transaction, book: Book) -> Meaning:
    """Say what a transaction does, or that it is unknown. Strange calldata raises nothing: it is what is reviewed."""
    role = book.role(transaction.chain, transaction.to)
    if role is None:
        return _unknown_contract(transaction, book)
    form = forms(book.families).get((role, transaction.data[:SELECTOR_SIZE]))
    if form is None:
        return _unknown_call(transaction, role, f"selector 0x{transaction.data[:SELECTOR_SIZE].hex()}")
    arguments = _arguments(form, transaction.data)
    if arguments is None:
        return _unknown_call(transaction, role, f"arguments of {form.name} that are not in their one form")
    return form.read(transaction, book, *arguments)


def _arguments(form: Form, data: bytes) -> tuple[Any, ...] | None:
    """Decoded arguments, None unless they encode back to the same bytes: a second form could hide what is meant."""
    body = data[SELECTOR_SIZE:]
    try:
        arguments = abi_decode(form.types, body)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    known = abi_encode(form.types, arguments)
    if form.is_noted:
        return (*arguments, body[len(known) :]) if body.startswith(known) else None
    return tuple(arguments) if known == body else None


def _unknown_contract(transaction: Transaction, book: Book) -> Meaning:
    to = checksum(Address(transaction.to))
    what = f"calls 0x{transaction.data[:SELECTOR_SIZE].hex()} there" if transaction.data else "carries no calldata"
    return Meaning(
        summary=f"Unknown: {to} on {book.chain(transaction.chain)} is no contract of the configuration; "
        f"the transaction {what} and pays {wei_and_ether(transaction.value)}.",
        cautions=(
            Caution(code="UNKNOWN_CONTRACT", text=f"{to} is not in the configuration; what it does is not known."),
        ),
        on_failure="Unknown.",
    )


def _unknown_call(transaction: Transaction, role: str, why: str) -> Meaning:
    return Meaning(
        contract=role,
        summary=f"Unknown call to {role}: {why}; it pays {wei_and_ether(transaction.value)}.",
        cautions=(Caution(code="UNKNOWN_CALL", text=f"What {role} does with {why} is not known."),),
        on_failure="Unknown.",
    )

"""
Evidence meanings: one function for each call that brings evidence, to a chain or on its way there.

In and out as of `meanings`. Promise: none of these moves anything of the signer's but gas, whoever's messages it
serves; where value buys gas on another chain, that is a fact.
"""

from collections.abc import Mapping
from typing import Any, Final

from xl2.core.amounts import wei_and_ether
from xl2.core.types import ChainId, address, hex_text
from xl2.ports import Book, Meaning, Transaction, shown_bytes, unexpected_value


def _show(tx: Transaction, _book: Book, log: bytes, head: bytes, count: int, evidence: bytes) -> Meaning:
    return Meaning(
        contract="Heads",
        call="show",
        summary=f"Shows a head of {count} entries to this chain, with its evidence.",
        facts=(("log", hex_text(log)), ("head", hex_text(head)), ("evidence", shown_bytes(evidence))),
        cautions=unexpected_value(tx),
    )


def _checkpoint(tx: Transaction, _book: Book) -> Meaning:
    return Meaning(
        contract="Checkpoints",
        call="checkpoint",
        summary="Keeps the newest L1 block hash that this chain knows, for proofs to start from.",
        cautions=unexpected_value(tx),
    )


def _prove(tx: Transaction, book: Book, proof: bytes, account: str) -> Meaning:
    return Meaning(
        contract="ProvenHeads",
        call="prove",
        summary="Proves another chain's storage root through L1 and keeps it, for messages to be shown under.",
        facts=(("account", book.account(tx.chain, address(account))), ("proof", shown_bytes(proof))),
        cautions=unexpected_value(tx),
    )


def _push(tx: Transaction, book: Book, origin: int, proof: bytes) -> Meaning:
    return Meaning(
        contract="Router",
        call="push",
        summary=f"Proves heads of {book.chain(ChainId(origin))} on L1 and deposits them to the chain they are for.",
        # The value buys gas where the destination's bridge sells it, and a bridge that does not refuses it.
        facts=(("proof", shown_bytes(proof)), ("gas bought on the destination", wei_and_ether(tx.value))),
    )


def _announce(tx: Transaction, _book: Book, places: bytes) -> Meaning:
    return Meaning(
        contract="Announcer",
        call="announce",
        summary="Says heads of logs on this chain to L1, from where they can be sent on.",
        facts=(("places", shown_bytes(places)),),
        cautions=unexpected_value(tx),
    )


def _send_block(tx: Transaction, book: Book, chain: int, checkpoints: str) -> Meaning:
    there = ChainId(chain)
    return Meaning(
        contract="AnchorBlocks",
        call="send",
        summary=f"Deposits the newest L1 block hash to {book.chain(there)}, for proofs to start from.",
        facts=(
            ("kept there by", book.account(there, address(checkpoints))),
            ("gas bought on the destination", wei_and_ether(tx.value)),
        ),
    )


#: What is known, by role and signature.
READERS: Final[Mapping[tuple[str, str], Any]] = {
    ("Heads", "show(bytes32,bytes32,uint64,bytes)"): _show,
    ("Checkpoints", "checkpoint()"): _checkpoint,
    ("ProvenHeads", "prove(bytes,address)"): _prove,
    ("Router", "push(uint64,bytes)"): _push,
    ("Announcer", "announce(bytes)"): _announce,
    ("AnchorBlocks", "send(uint64,address)"): _send_block,
}

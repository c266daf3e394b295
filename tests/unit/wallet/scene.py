"""A chain with our contracts in the book, and a transaction to its outbox."""

from typing import Any

from attrs import evolve

from tests.factories import some_address
from xl2.core.types import Assurance, ChainId, Wei
from xl2.ports import Signer, Transaction
from xl2.wallet import Book, Bridge, Decision, Gate, Review, Token, WalletHooks

CHAIN = ChainId(901)
OTHER = ChainId(902)
OUTBOX, INBOX, TOKEN, BRIDGE = map(some_address, ("outbox", "inbox", "token", "bridge"))
BOOK = Book(
    chains={CHAIN: "a", OTHER: "b"},
    roles={
        (CHAIN, OUTBOX): "Outbox",
        (CHAIN, INBOX): "Inbox",
        (CHAIN, TOKEN): "ERC20",
        (CHAIN, BRIDGE): "TokenBridge",
    },
    tokens={(CHAIN, TOKEN): Token(symbol="DMT", decimals=18)},
    bridges={(CHAIN, BRIDGE): Bridge(token=TOKEN, assurance=Assurance.ATTESTED)},
)


def call(**fields: Any) -> Transaction:
    """A transaction on chain a, to its outbox, unless said otherwise."""
    plain = Transaction(
        chain=CHAIN,
        tx_nonce=0,
        to=OUTBOX,
        data=b"",
        value=Wei(0),
        gas_limit=21_000,
        max_fee=Wei(10**9),
        priority_fee=Wei(1),
    )
    return evolve(plain, **fields)


class Recorder(WalletHooks):
    """Hooks that keep what they see and always answer the same."""

    def __init__(self, answer: Decision) -> None:
        self.answer = answer
        self.seen: list[Review] = []

    async def on_review(self, review: Review) -> Decision:
        self.seen.append(review)
        return self.answer


def gate_with(signer: Signer, hooks: WalletHooks, *, answers: int = CHAIN) -> Gate:
    """A gate before this signer; the node answers for chain `answers`."""

    async def chain_id_of(_chain: ChainId) -> int:
        return answers

    return Gate(signer=signer, hooks=hooks, book=BOOK, chain_id_of=chain_id_of)

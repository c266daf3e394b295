"""Wallet: what is seen, and by whom, before anything is signed."""

from xl2.ports.reviews import Amount, Book, Bridge, Caution, Meaning, Token
from xl2.wallet.gate import Gate, review_of
from xl2.wallet.hooks import Approve, Decision, Refuse, StatusEvent, Unattended, WalletHooks
from xl2.wallet.review import Review

__all__ = [
    "Amount",
    "Approve",
    "Book",
    "Bridge",
    "Caution",
    "Decision",
    "Gate",
    "Meaning",
    "Refuse",
    "Review",
    "StatusEvent",
    "Token",
    "Unattended",
    "WalletHooks",
    "review_of",
]

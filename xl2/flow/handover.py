"""
Handover: a transaction is signed, written down, and only then handed to the chain.

Comes in: a transaction with everything but its signature. Goes out: its bytes in the journal, and what the chain says
of them. Promise: nothing is broadcast that the journal does not hold, and what a signer signs is what was asked of it.
Which nonce and which price are `submit`'s and `inclusion`'s.
"""

import asyncio
import logging

from xl2.core.types import Address, ChainId, hex_text
from xl2.errors import Refused, Retryable
from xl2.ports import Blocks, Broadcast, Journal, SignedTransaction, Signer, Transaction

log = logging.getLogger(__name__)


class Handover:
    """The way of one account's transactions to one chain."""

    def __init__(self, chain: Blocks, signer: Signer, journal: Journal) -> None:
        """Nothing is signed or sent yet."""
        self._chain = chain
        self._signer = signer
        self._journal = journal

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        return self._signer.address

    async def sign(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign, and check that it is what was asked for. Raises `NotAccepted` where the wallet refuses."""
        signed = await self._signer.sign_transaction(transaction, what)
        if signed.transaction != transaction or signed.sender != self.address:
            raise Refused(f"the signer signed something else than: {what}", remedy="Do not use this signer.")
        return signed

    async def keep(self, signed: SignedTransaction, what: str) -> None:
        """Write the bytes down; whoever is cancelled meanwhile still leaves them written or not begun."""
        writing = asyncio.ensure_future(self._journal.keep(signed, what))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise

    async def send(self, signed: SignedTransaction) -> Broadcast | None:
        """Send bytes that the journal holds. None: nobody knows whether they arrived. Raises `Refused`."""
        try:
            return await self._chain.broadcast(signed.raw)
        except Retryable as unknown:
            fields = {"tx_hash": hex_text(signed.hash), "cause": unknown.what}
            log.debug("broadcast unanswered", extra={"fields": fields})
            return None

    async def void(self, signed: SignedTransaction) -> None:
        """Write down that what is open at this nonce will never be included."""
        await self._journal.void(*place(signed))


def place(signed: SignedTransaction) -> tuple[ChainId, Address, int]:
    """Where a transaction stands in the journal."""
    return signed.transaction.chain, signed.sender, signed.transaction.tx_nonce

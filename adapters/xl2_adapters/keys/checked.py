"""
Checked: a signer that somebody else wrote in, one whose word is compared out. Entry point `checked` of `xl2.edges`.

Promise: what passes is what was asked for, under the account's own signature; else `WrongSignature`.
"""

from attrs import frozen

from xl2.core.types import Address
from xl2.ports import SignedTransaction, Signer, Transaction
from xl2_adapters.keys.signed import checked, compared


@frozen
class CheckedSigner:
    """Implements `xl2.ports.Signer`."""

    inner: Signer

    @property
    def address(self) -> Address:
        """Account of the key."""
        return self.inner.address

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign, and compare the very bytes."""
        signed = await self.inner.sign_transaction(transaction, what)
        return compared(signed.raw, transaction, self.address)

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """Sign, and recover who did."""
        return checked(await self.inner.sign_hash_of(preimage), preimage, self.address)

"""
Keys: accounts without cryptography. A transaction's bytes are its fields; a signature is a hash of what it signs and
who.

Promise: what `MemorySigner` signs, `transaction_of` reads back; nothing here is fit for a real chain.
"""

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, ChainId, Hash32, Wei
from xl2.core.wire import Reader
from xl2.ports import SignedTransaction, Transaction


@frozen
class MemorySigner:
    """An account of in-memory chains. Implements `xl2.ports.Signer`."""

    address: Address

    @classmethod
    def named(cls, name: str) -> "MemorySigner":
        """The account that has this name in a test."""
        return cls(Address(keccak(name.encode())[12:]))

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Pack the fields."""
        del what
        raw = pack(transaction, self.address)
        return SignedTransaction(transaction=transaction, sender=self.address, raw=raw, hash=keccak(raw))

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """A hash in the shape of a signature."""
        return signature(keccak(preimage), self.address)


def signature(digest: Hash32, account: Address) -> bytes:
    """What an account's signature of a digest is, in memory."""
    return keccak(digest + account) + bytes(31) + b"\x01\x1b"


def pack(one: Transaction, sender: Address) -> bytes:
    """The bytes of a transaction."""
    numbers = (one.chain, one.tx_nonce, one.value, one.gas_limit, one.max_fee, one.priority_fee)
    return b"".join((*(number.to_bytes(16) for number in numbers), sender, one.to, one.data))


def transaction_of(raw: bytes) -> SignedTransaction:
    """Read what `pack` packed."""
    read = Reader(raw, "transaction")
    chain, tx_nonce, value, gas_limit, max_fee, priority_fee = (read.uint(16) for _ in range(6))
    sender, to = read.address(), read.address()
    transaction = Transaction(
        chain=ChainId(chain),
        tx_nonce=tx_nonce,
        to=to,
        data=read.take(read.rest),
        value=Wei(value),
        gas_limit=gas_limit,
        max_fee=Wei(max_fee),
        priority_fee=Wei(priority_fee),
    )
    return SignedTransaction(transaction=transaction, sender=sender, raw=raw, hash=keccak(raw))

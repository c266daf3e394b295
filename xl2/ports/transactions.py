"""
Transactions: from a call that somebody wants made to bytes that were included, and the ports on that way.

Comes in: a `Call`. Goes out: a `TxReceipt`. Promise: a submitter is the only door through which a call becomes a
transaction, and its journal holds the signed bytes before anybody else sees them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei


@frozen(kw_only=True)
class Call:
    """A call that somebody wants made on a chain: an intent, without nonce, fee or signature."""

    chain: ChainId
    to: Address
    data: bytes = field(repr=False)
    value: Wei = Wei(0)
    #: Gas limit where the caller knows better than an estimate (an inner failure that is swallowed); else estimated.
    gas_limit: int | None = None
    #: Added to an estimate of gas; more where what a call takes moves from block to block.
    margin_percent: int = 20
    #: What it does, for people and logs: "deliver 3 messages of lane ...".
    what: str


@frozen(kw_only=True)
class Fees:
    """What one gas costs on a chain now (EIP-1559)."""

    base_fee: Wei
    priority_fee: Wei

    @property
    def max_fee(self) -> Wei:
        """A cap that survives six full blocks in a row: twice the base fee, and the tip."""
        return Wei(2 * self.base_fee + self.priority_fee)


@frozen(kw_only=True)
class Rates:
    """What transactions cost on a chain now, all that it charges."""

    fees: Fees
    #: Wei for a byte of calldata beside its gas, as rollups charge for L1; an upper bound.
    byte_fee: Wei = Wei(0)

    def cost(self, gas: int, size: int) -> Wei:
        """Of so much gas and so many bytes of calldata; the bytes' own gas is part of `gas`."""
        return Wei(gas * (self.fees.base_fee + self.fees.priority_fee) + size * self.byte_fee)


@frozen(kw_only=True)
class TxQuote:
    """What it takes to make a call now, and what its sender has: all asked in one round trip."""

    #: Gas to give it at least: an estimate, or the call's own limit with what the chain takes beside it.
    gas: int
    fees: Fees
    #: Next nonce of the sender by included transactions, and with those in the node's pool.
    tx_nonce: int
    pending_nonce: int
    balance: Wei
    #: Wei that the chain takes beside gas times price, for the bytes on L1 or for its operator; an upper bound.
    data_fee: Wei = Wei(0)

    def cost(self, gas: int) -> Wei:
        """What a transaction that uses so much gas is likely to cost, all told."""
        return Wei(gas * (self.fees.base_fee + self.fees.priority_fee) + self.data_fee)


@frozen(kw_only=True)
class Transaction:
    """An EIP-1559 transaction, ready to be signed."""

    chain: ChainId
    tx_nonce: int
    to: Address
    data: bytes = field(repr=False)
    value: Wei
    gas_limit: int
    max_fee: Wei
    priority_fee: Wei


@frozen(kw_only=True)
class SignedTransaction:
    """The very bytes that are broadcast, and what they are."""

    transaction: Transaction
    sender: Address
    raw: bytes = field(repr=False)
    hash: Hash32


class Broadcast(StrEnum):
    """What a chain says of a transaction handed to it."""

    #: It is in the pool, or was already.
    ACCEPTED = "accepted"
    #: Its nonce is behind: it, or another of that nonce, is in a block.
    NONCE_USED = "nonce used"
    #: Its fee is too low, or no better than what it would replace.
    UNDERPRICED = "underpriced"
    #: It is not in the pool, and nothing is wrong with it: the same bytes later.
    NOT_NOW = "not now"


@frozen(kw_only=True)
class TxReceipt:
    """What became of a transaction, in the block it is in now."""

    tx_hash: Hash32
    block: BlockNumber
    block_hash: Hash32
    succeeded: bool
    gas_used: int
    #: Gas and data fee together.
    cost: Wei


@frozen(kw_only=True)
class TxLook:
    """What a chain says of an account and of transactions of its: all asked in one round trip."""

    #: Newest block.
    head: BlockNumber
    #: Next nonce by included transactions, and with those in the node's pool.
    tx_nonce: int
    pending_nonce: int
    #: Of those that are in a block, by hash.
    receipts: Mapping[Hash32, TxReceipt]


class Signer(Protocol):
    """A key, wherever it is kept. A wallet that refuses raises `NotAccepted`."""

    @property
    def address(self) -> Address:
        """Account of the key."""
        ...

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign these very fields. `what`: the call's own words, for a review."""
        ...

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """
        Sign the keccak-256 of these bytes: r, s, v in 65 bytes, v 27 or 28.

        The bytes and not their hash, because a signer elsewhere hashes by itself, and may look at what it signs.
        """
        ...


class Clock(Protocol):
    """Time of this machine; expiry is judged by the chains' own."""

    def now(self) -> float:
        """Unix seconds: for what is written down or shown. May jump: whoever keeps the machine may set it."""
        ...

    def steady(self) -> float:
        """Seconds since some moment, that never jump: for how long something takes, in this process only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


@frozen(kw_only=True)
class Journalled:
    """A transaction of ours that the store knows: written before it was broadcast."""

    signed: SignedTransaction
    what: str


class Journal(Protocol):
    """Transactions of ours, by (chain, sender, tx_nonce). Durable before it returns."""

    async def keep(self, signed: SignedTransaction, what: str) -> None:
        """Write the bytes down. Keeping the same hash again changes nothing."""
        ...

    async def pending(self, chain: ChainId, sender: Address) -> Sequence[Journalled]:
        """Transactions whose nonce is not known to be used, by nonce, replacements after what they replace."""
        ...

    async def all_pending(self) -> Sequence[Journalled]:
        """The same of every chain and sender, in the order of these."""
        ...

    async def words(self, tx_hash: Hash32) -> str | None:
        """What a transaction of ours was for; None for one that is not ours."""
        ...

    async def made_for(self, words: str) -> Sequence[Journalled]:
        """Transactions of ours, open or included, in whose words these are, oldest first."""
        ...

    async def included(self, receipt: TxReceipt, signed: SignedTransaction) -> None:
        """The nonce was used by this transaction; its siblings are void."""
        ...

    async def void(self, chain: ChainId, sender: Address, tx_nonce: int) -> None:
        """What is pending at a nonce will never be included: refused, or the nonce went to a transaction of another."""
        ...


class Submitter(Protocol):
    """Turns calls into included transactions, one nonce owner for each chain and signer."""

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        ...

    async def submit(self, call: Call) -> TxReceipt:
        """
        Simulate, sign, journal, broadcast, replace when stuck, and return when included.

        Several calls may be under way at once; each is simulated on included blocks, so one that needs what another
        does waits for that one's receipt.

        Raises `Reverted` where the simulation or the inclusion reverts, `Unaffordable` where the balance is too low,
        `TooExpensive` where gas costs more than the payer's cap, `NotAccepted` where the wallet refuses. Nothing is
        broadcast that the journal does not hold.
        """
        ...

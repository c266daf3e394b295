"""
Rows: values of the house to rows of the schema, and back.

Promise: what is read back equals what was written; a row that makes no valid value is `StoreCorrupt`.
"""

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.message import Message
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei
from xl2.errors import InvalidInput, ProofInvalid, StoreCorrupt
from xl2.ports import Entry, Journalled, Place, Record, Sent, SignedTransaction, Step, Transaction
from xl2.store.session import Row

MESSAGE_COLUMNS = (
    "header, payload, block, block_hash, tx_hash, log_index, start, state, since, due, attempts, cause, "
    "skipped, declined"
)
ENTRY_COLUMNS = "lane, place, data, block, block_hash, tx_hash, log_index"
STEP_COLUMNS = "event, state, at, chain, tx_hash, block"
TRANSACTION_COLUMNS = (
    "chain, tx_nonce, recipient, data, value, gas_limit, max_fee, priority_fee, sender, raw, hash, what"
)


def record_of(row: Row) -> Record:
    """A message with its state, from `MESSAGE_COLUMNS`."""
    header, payload, block, block_hash, tx_hash, log_index, start, state, since, due, attempts, *held = row
    cause, skipped, declined = held
    try:
        message = Message.parse(header, payload)
        return Record(
            sent=Sent(message=message, place=_place(block, block_hash, tx_hash, log_index)),
            start=Hash32(start),
            state=State(state),
            since=since,
            due=due,
            attempts=attempts,
            cause=cause,
            skipped=skipped,
            declined=bool(declined),
        )
    except (ProofInvalid, InvalidInput, ValueError) as bad:
        raise StoreCorrupt(f"a stored message cannot be read: {bad}") from bad


def entry_of(row: Row) -> Entry:
    """A receipt entry, from `ENTRY_COLUMNS`."""
    lane, index, data, block, block_hash, tx_hash, log_index = row
    try:
        return Entry(lane=Lane.parse(lane), index=index, data=data, place=_place(block, block_hash, tx_hash, log_index))
    except (ProofInvalid, InvalidInput) as bad:
        raise StoreCorrupt(f"a stored receipt cannot be read: {bad}") from bad


def step_of(row: Row) -> Step:
    """A change of state, from `STEP_COLUMNS`."""
    event, state, at, chain, tx_hash, block = row
    return Step(
        event=Event(event),
        state=State(state),
        when=at,
        chain=ChainId(int(chain)),
        tx_hash=None if tx_hash is None else Hash32(tx_hash),
        block=None if block is None else BlockNumber(block),
    )


def journalled_of(row: Row) -> Journalled:
    """A transaction of ours, from `TRANSACTION_COLUMNS`."""
    chain, tx_nonce, to, data, value, gas_limit, max_fee, priority_fee, sender, raw, tx_hash, what = row
    transaction = Transaction(
        chain=ChainId(int(chain)),
        tx_nonce=tx_nonce,
        to=Address(to),
        data=data,
        value=Wei(int(value)),
        gas_limit=gas_limit,
        max_fee=Wei(int(max_fee)),
        priority_fee=Wei(int(priority_fee)),
    )
    signed = SignedTransaction(transaction=transaction, sender=Address(sender), raw=raw, hash=Hash32(tx_hash))
    return Journalled(signed=signed, what=what)


def transaction_values(signed: SignedTransaction, what: str) -> tuple[object, ...]:
    """Values of `TRANSACTION_COLUMNS`."""
    one = signed.transaction
    return (
        str(one.chain),
        one.tx_nonce,
        one.to,
        one.data,
        str(one.value),
        one.gas_limit,
        str(one.max_fee),
        str(one.priority_fee),
        signed.sender,
        signed.raw,
        signed.hash,
        what,
    )


def _place(block: int, block_hash: bytes, tx_hash: bytes, log_index: int) -> Place:
    return Place(block=BlockNumber(block), block_hash=Hash32(block_hash), tx_hash=Hash32(tx_hash), log_index=log_index)


def text(words: str) -> str:
    """Words as any database keeps them: what a stranger's contract says may hold anything."""
    return words.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

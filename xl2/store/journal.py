"""Journal: transactions of ours in rows. Promise: as `xl2.ports.Journal`."""

from collections.abc import Sequence

from xl2.core.types import Address, ChainId, Hash32
from xl2.ports import Journalled, SignedTransaction, TxReceipt
from xl2.store import rows
from xl2.store.session import Row, Session, first


async def keep(db: Session, signed: SignedTransaction, what: str) -> None:
    """Keep the bytes, once."""
    values = rows.transaction_values(signed, what)
    marks = ", ".join(f"?{number}" for number in range(1, len(values) + 1))
    await db.execute(
        f"INSERT INTO transactions ({rows.TRANSACTION_COLUMNS}, state, place) VALUES ({marks}, 'open', "
        "(SELECT coalesce(max(place) + 1, 0) FROM transactions)) ON CONFLICT (hash) DO NOTHING",
        *values,
    )


async def pending(db: Session, chain: ChainId, sender: Address) -> list[Journalled]:
    """Transactions whose nonce is not used yet."""
    condition = "chain = ?1 AND sender = ?2 AND state = 'open' ORDER BY tx_nonce, place"
    return [rows.journalled_of(row) for row in await _fetch(db, condition, str(chain), sender)]


async def all_pending(db: Session) -> list[Journalled]:
    """The same of every chain and sender."""
    condition = "state = 'open' ORDER BY chain, sender, tx_nonce, place"
    return [rows.journalled_of(row) for row in await _fetch(db, condition)]


async def words(db: Session, tx_hash: Hash32) -> str | None:
    """What a transaction of ours was for."""
    row = await first(db, "SELECT what FROM transactions WHERE hash = ?1", tx_hash)
    return None if row is None else str(row[0])


async def made_for(db: Session, part: str) -> list[Journalled]:
    """Transactions in whose words these are."""
    # Both databases know `replace`, and in it no character is special.
    condition = "replace(what, ?1, '') <> what AND state <> 'void' ORDER BY place"
    return [rows.journalled_of(row) for row in await _fetch(db, condition, part)]


async def included(db: Session, receipt: TxReceipt, signed: SignedTransaction) -> None:
    """The nonce was used by this transaction; its siblings are void."""
    one = signed.transaction
    await void(db, one.chain, signed.sender, one.tx_nonce)
    sql = "UPDATE transactions SET state = 'included', ended = ?1 WHERE hash = ?2"
    await db.execute(sql, await db.clock(), receipt.tx_hash)


async def void(db: Session, chain: ChainId, sender: Address, tx_nonce: int) -> None:
    """What is open at a nonce will never be included."""
    await db.execute(
        "UPDATE transactions SET state = 'void', ended = ?1 "
        "WHERE chain = ?2 AND sender = ?3 AND tx_nonce = ?4 AND state = 'open'",
        await db.clock(),
        str(chain),
        sender,
        tx_nonce,
    )


async def _fetch(db: Session, condition: str, *values: object) -> Sequence[Row]:
    return await db.fetch(f"SELECT {rows.TRANSACTION_COLUMNS} FROM transactions WHERE {condition}", *values)

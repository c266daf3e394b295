"""
System transaction: what only a sequencer puts into a block, as anvil takes it.

Sender, recipient and calldata come in; the raw transaction and its hash go out. Promise: the same source and the same
members give the same bytes. It is the OP Stack's deposit type 0x7E: unsigned, may mint, and mined even if it reverts;
anvil knows no other such type, so the kinds whose real chains have their own say by which hash those would know it.
Source: OP Stack specification, "Deposits".
"""

import rlp
from attrs import frozen
from eth_utils import keccak

#: First byte of a system transaction, which no user can sign.
DEPOSIT_TYPE = 0x7E


@frozen(kw_only=True)
class SystemTransaction:
    """One transaction of a sequencer."""

    #: What makes it another one than its like; it is executed once.
    source_hash: bytes
    #: Lower-case hex.
    sender: str
    #: The most that it may use.
    gas: int
    raw: bytes
    #: Hashes by which a real chain of this kind knows it, in lower-case hex: the door takes them for its own.
    aliases: tuple[str, ...] = ()

    @property
    def tx_hash(self) -> str:
        """Hash of the L2 transaction."""
        return "0x" + keccak(self.raw).hex()


def system_transaction(
    source_hash: bytes,
    *,
    sender: str,
    to: str | None,
    gas: int,
    data: bytes = b"",
    mint: int = 0,
    value: int = 0,
    aliases: tuple[str, ...] = (),
) -> SystemTransaction:
    """The transaction of `sender`, who need not sign. `to`: None for a creation. `mint`: wei made for the sender."""
    recipient = bytes.fromhex(to[2:]) if to else b""
    # The last flag but one, `isSystemTx`, is false since Regolith.
    fields: list[bytes | int] = [source_hash, bytes.fromhex(sender[2:]), recipient, mint, value, gas, b"", data]
    return SystemTransaction(
        source_hash=source_hash,
        sender=sender.lower(),
        gas=gas,
        raw=bytes([DEPOSIT_TYPE]) + rlp.encode([_scalar(field) for field in fields]),
        aliases=tuple(alias.lower() for alias in aliases),
    )


def _scalar(value: bytes | int) -> bytes:
    return value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8, "big")

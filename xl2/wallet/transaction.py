"""
Transaction: an EIP-1559 transaction to the bytes that are signed, and back.

In: a `Transaction`, or bytes that claim to be one. Out: its signing payload, or the fields read back from bytes alone.
Promise: reading is strict, so one transaction has one form; whoever reviews what was read reviews what is signed.
Source: EIP-1559, EIP-2718. Signing and hashing are left to the signer.
"""

from typing import Final

import rlp
from attrs import field, frozen
from rlp.exceptions import RLPException
from rlp.sedes import big_endian_int

from xl2.core.types import Address, ChainId, Wei
from xl2.errors import ProofInvalid
from xl2.ports import Transaction

#: EIP-2718 type of a transaction with a base fee.
TYPE: Final = b"\x02"
#: chain, nonce, priority fee, max fee, gas limit, to, value, data, access list
_UNSIGNED_FIELDS: Final = 9
#: ... and parity, r, s.
_SIGNED_FIELDS: Final = 12
_ADDRESS_SIZE: Final = 20


@frozen(kw_only=True)
class SignedParts:
    """A signed transaction, taken apart."""

    #: What was hashed and signed.
    unsigned: bytes = field(repr=False)
    transaction: Transaction


def signing_payload(transaction: Transaction) -> bytes:
    """Type byte and RLP body whose keccak-256 a signer signs. The access list is empty."""
    return TYPE + bytes(
        rlp.encode(
            [
                transaction.chain,
                transaction.tx_nonce,
                transaction.priority_fee,
                transaction.max_fee,
                transaction.gas_limit,
                transaction.to,
                transaction.value,
                transaction.data,
                [],
            ]
        )
    )


def read_unsigned(payload: bytes) -> Transaction:
    """Fields of a signing payload. Raises `ProofInvalid` for anything but the one form of an EIP-1559 transaction."""
    return _transaction(_items(payload, _UNSIGNED_FIELDS))


def read_signed(raw: bytes) -> SignedParts:
    """Fields of a signed transaction, and the payload its signature stands for. Raises `ProofInvalid` as above."""
    items = _items(raw, _SIGNED_FIELDS)
    transaction = _transaction(items)
    return SignedParts(unsigned=signing_payload(transaction), transaction=transaction)


def _items(data: bytes, count: int) -> list[bytes]:
    if data[:1] != TYPE:
        raise ProofInvalid(
            f"the transaction begins with 0x{data[:1].hex()}, not with 0x02",
            remedy="Sign EIP-1559 transactions; older types carry no fee cap that could be reviewed.",
        )
    try:
        items = rlp.decode(data[1:], strict=True)
    except RLPException as broken:
        raise ProofInvalid(f"the transaction is no RLP: {broken}") from broken
    if not isinstance(items, list) or len(items) != count:
        raise ProofInvalid(f"the transaction is not a list of {count} fields")
    *scalars, access_list = items[:_UNSIGNED_FIELDS]
    if access_list != [] or not all(isinstance(item, bytes) for item in scalars):
        raise ProofInvalid(
            "the transaction carries an access list, or a list where a value belongs",
            remedy="Sign without an access list; xl2 sets none.",
        )
    return [bytes(item) for item in scalars]


def _transaction(items: list[bytes]) -> Transaction:
    chain, tx_nonce, priority_fee, max_fee, gas_limit, to, value, data = items
    if len(to) != _ADDRESS_SIZE:
        raise ProofInvalid(
            f"the transaction goes to {len(to)} bytes, not to an address",
            remedy="xl2 creates no contracts through a wallet; name the contract to be called.",
        )
    return Transaction(
        chain=ChainId(_integer(chain)),
        tx_nonce=_integer(tx_nonce),
        priority_fee=Wei(_integer(priority_fee)),
        max_fee=Wei(_integer(max_fee)),
        gas_limit=_integer(gas_limit),
        to=Address(to),
        value=Wei(_integer(value)),
        data=data,
    )


def _integer(item: bytes) -> int:
    try:
        return int(big_endian_int.deserialize(item))
    except RLPException as broken:
        raise ProofInvalid(f"an integer of the transaction is not minimal: 0x{item.hex()}") from broken

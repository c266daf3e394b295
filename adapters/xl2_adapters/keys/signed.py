"""
Signed: what a signer elsewhere gave back, compared with what it was given.

In: a transaction and the bytes or signature that came back. Out: a `SignedTransaction`, or a signature. Promise: what
passes is, byte for byte, the transaction that was given, under a signature that recovers to the account that was
meant; anything else is `WrongSignature`. Source: EIP-1559, EIP-2 (s in the lower half).
"""

from typing import Final

from eth_keys.datatypes import Signature as EcdsaSignature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.types import Address, checksum
from xl2.errors import ProofInvalid, WrongSignature
from xl2.ports import SignedTransaction, Transaction

_TYPE: Final = b"\x02"
#: Fields of a signed transaction, in their order (EIP-1559).
_FIELDS: Final = (
    "chain id", "nonce", "priority fee", "max fee", "gas limit", "to", "value", "data",
    "access list", "parity", "r", "s",
)  # fmt: skip
_SIGNATURE_SIZE: Final = 65
_MAX_S: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141 // 2


def preimage_of(transaction: Transaction) -> bytes:
    """What is hashed and signed of a transaction."""
    return _TYPE + rlp.encode(_fields(transaction))


def assembled(transaction: Transaction, signature: bytes, account: Address) -> SignedTransaction:
    """The transaction under a signature of 65 bytes. Raises `WrongSignature`."""
    checked(signature, preimage_of(transaction), account)
    r, s, parity = signature[:32].lstrip(b"\0"), signature[32:64].lstrip(b"\0"), signature[64] - 27
    raw = _TYPE + rlp.encode([*_fields(transaction), b"\1" if parity else b"", r, s])
    return SignedTransaction(transaction=transaction, sender=account, raw=raw, hash=keccak(raw))


def compared(raw: bytes, transaction: Transaction, account: Address) -> SignedTransaction:
    """The bytes that a signer gave back. Raises `WrongSignature` that names the fields that differ."""
    given = _items(raw)
    wrong = [name for name, mine, its in zip(_FIELDS, _fields(transaction), given, strict=False) if mine != its]
    if wrong:
        raise WrongSignature(
            f"the signer of {checksum(account)} signed another transaction than it was given: "
            f"{', '.join(wrong)} differ{'s' if len(wrong) == 1 else ''}",
            remedy=_remedy(wrong),
        )
    parity, r, s = given[9:]
    if not (isinstance(r, bytes) and isinstance(s, bytes)) or parity not in (b"", b"\1"):
        raise WrongSignature(f"the signer of {checksum(account)} gave a transaction whose signature is none")
    # Too long an r or s makes no 65 bytes, which is refused next.
    signature = r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes([27 + len(parity)])
    made = assembled(transaction, signature, account)
    if made.raw != raw:
        raise WrongSignature(f"the signer of {checksum(account)} wrote the transaction in a form of its own")
    return made


def checked(signature: bytes, preimage: bytes, account: Address) -> bytes:
    """A signature of the hash of these bytes, by this account, v being 27 or 28. Raises `WrongSignature`."""
    if len(signature) != _SIGNATURE_SIZE or signature[64] not in (27, 28):
        raise WrongSignature(f"the signer of {checksum(account)} gave {len(signature)} bytes that are no signature")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    if not 0 < s <= _MAX_S:
        raise WrongSignature(f"the signer of {checksum(account)} gave a signature whose s is in the upper half")
    try:
        public = EcdsaSignature(vrs=(signature[64] - 27, r, s)).recover_public_key_from_msg_hash(keccak(preimage))
    except (BadSignature, ValidationError, ValueError):
        raise WrongSignature(f"the signer of {checksum(account)} gave a signature that nobody can have made") from None
    if public.to_canonical_address() != account:
        raise WrongSignature(
            f"the signer signed with the key of {public.to_checksum_address()}, or other bytes; "
            f"{checksum(account)} was asked"
        )
    return signature


def _fields(transaction: Transaction) -> list[rlp.Item]:
    numbers = (
        transaction.chain,
        transaction.tx_nonce,
        transaction.priority_fee,
        transaction.max_fee,
        transaction.gas_limit,
    )
    return [*(_uint(number) for number in numbers), transaction.to, _uint(transaction.value), transaction.data, []]


def _uint(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _items(raw: bytes) -> list[rlp.Item]:
    """Fields of what came back; no list of twelve is no EIP-1559 transaction."""
    try:
        given = rlp.decode(raw[1:], "the signed transaction") if raw[:1] == _TYPE else b""
    except ProofInvalid as broken:
        raise WrongSignature(f"the signer gave no transaction: {broken.what}") from broken
    if isinstance(given, bytes) or len(given) != len(_FIELDS):
        raise WrongSignature(
            f"the signer gave {len(raw)} bytes that are no EIP-1559 transaction",
            remedy="Use a signer that knows EIP-1559 (Web3Signer does); older forms carry no fee cap.",
        )
    return [list(item) if not isinstance(item, bytes) else item for item in given]


def _remedy(wrong: list[str]) -> str | None:
    if wrong == ["chain id"]:
        return (
            "Nothing was sent. Web3Signer signs eth_signTransaction for the one chain of its --chain-id: "
            'set transactions = "eth1_sign", or run one for each chain.'
        )
    return None

"""
Attestation: a head of a final block, and the quorum of signatures that says it is true.

Comes in: a head, the block it was read at, and where it will be shown. Goes out: the EIP-712 digest that attesters
sign, and the proof bytes of `AttestedHeads`. Promise: a signature counts on one chain and at one contract only,
because both are in the digest. Keys and curve are left to the signer.
"""

from functools import cached_property
from itertools import pairwise
from typing import Any, Self

from attrs import Attribute, field, frozen

from xl2.core.evidence import Head
from xl2.core.hashing import keccak
from xl2.core.types import (
    Address,
    BlockNumber,
    ChainId,
    Hash32,
    address,
    uint,
)
from xl2.core.wire import Reader
from xl2.errors import InvalidInput, ProofInvalid

_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_HEAD_TYPE = keccak(b"Head(bytes32 log,bytes32 head,uint64 count,uint64 block)")
_NAME = keccak(b"xl2")
_VERSION = keccak(b"1")

#: Order of secp256k1 (SEC 2). Of the two s that fit a signature, the one in the lower half is allowed (EIP-2).
_CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_MAX_S = _CURVE_ORDER // 2
_SIGNATURE_SIZE = 65


@frozen(kw_only=True)
class Attestation:
    """What an attester signs: at `block` of the log's chain, which is final, the head was this."""

    head: Head
    block: BlockNumber = field(validator=uint(64))
    #: Chain on which it is shown.
    chain: ChainId = field(validator=uint(64))
    #: The `AttestedHeads` that it is shown to.
    contract: Address = field(converter=address)

    @cached_property
    def digest(self) -> Hash32:
        """EIP-712 digest, of which the signature is."""
        return keccak(self.preimage)

    @property
    def preimage(self) -> bytes:
        """What the digest is the hash of (EIP-712): 0x1901, domain separator, hash of the head."""
        return b"\x19\x01" + self._domain_separator() + self._struct_hash()

    def _domain_separator(self) -> Hash32:
        return keccak(
            b"".join((_DOMAIN_TYPE, _NAME, _VERSION, self.chain.to_bytes(32), self.contract.rjust(32, b"\0")))
        )

    def _struct_hash(self) -> Hash32:
        return keccak(
            b"".join(
                (
                    _HEAD_TYPE,
                    self.head.log,
                    self.head.head,
                    self.head.count.to_bytes(32),
                    self.block.to_bytes(32),
                )
            )
        )


def _low_s(_: object, __: "Attribute[Any]", value: int) -> None:
    if not 0 < value <= _MAX_S:
        raise InvalidInput(
            f"s of the signature is {value:#x}, not in the lower half of the curve's order",
            field="s",
            value=value,
            remedy="Sign again with a signer that follows EIP-2.",
        )


@frozen(kw_only=True)
class Signature:
    """A signature of an attestation, by the signer at `index` of the verifier's set."""

    index: int = field(validator=uint(8))
    r: int = field(validator=uint(256))
    s: int = field(validator=[uint(256), _low_s])
    y_parity: int = field(validator=uint(1))

    @classmethod
    def of(cls, index: int, rsv: bytes) -> Self:
        """From 65 bytes r ‖ s ‖ v, v being 0, 1, 27 or 28. Raises `InvalidInput` for anything else, and a high s."""
        if len(rsv) != _SIGNATURE_SIZE or rsv[-1] not in (0, 1, 27, 28):
            raise InvalidInput(
                f"signature is {len(rsv)} bytes 0x{rsv.hex()}, not r, s and v of 65 bytes", field="signature", value=rsv
            )
        return cls(index=index, r=int.from_bytes(rsv[:32]), s=int.from_bytes(rsv[32:64]), y_parity=rsv[-1] % 27)

    def encode(self) -> bytes:
        """Pack index u8 ‖ r 32 ‖ vs 32; vs carries the parity in its highest bit (EIP-2098)."""
        return self.index.to_bytes(1) + self.r.to_bytes(32) + (self.y_parity << 255 | self.s).to_bytes(32)


@frozen(kw_only=True)
class AttestedProof:
    """What `AttestedHeads` is shown: the block, the whole set of signers, and at least k signatures."""

    block: BlockNumber = field(validator=uint(64))
    #: All n signers in the order of the verifier, which keeps only their hash.
    signers: tuple[Address, ...]
    #: By rising index.
    signatures: tuple[Signature, ...]

    def __attrs_post_init__(self) -> None:
        """Check what holds between the fields."""
        indices = [signature.index for signature in self.signatures]
        if any(a >= b for a, b in pairwise((-1, *indices, len(self.signers)))):
            raise InvalidInput(
                f"signatures are by signers {indices} of {len(self.signers)}; indices rise, and each signs once",
                field="signatures",
            )

    def encode(self) -> bytes:
        """Pack block u64 ‖ n signers of 20 bytes ‖ k signatures (protocol.md section 7)."""
        return b"".join((self.block.to_bytes(8), *self.signers, *(signature.encode() for signature in self.signatures)))

    @classmethod
    def parse(cls, proof: bytes, *, signers: int) -> Self:
        """Read a proof for a verifier with this number of signers. Raises `ProofInvalid` for anything else."""
        read = Reader(proof, "attested proof")
        block = BlockNumber(read.uint(8))
        members = tuple(read.address() for _ in range(signers))
        signatures = []
        try:
            while read.rest:
                signatures.append(_signature(read))
            return cls(block=block, signers=members, signatures=tuple(signatures))
        except InvalidInput as bad:
            raise ProofInvalid(f"attested proof cannot count: {bad.what}") from bad


def signers_hash(signers: tuple[Address, ...]) -> Hash32:
    """Hash of a set of signers, as the addresses stand in a proof."""
    return keccak(b"".join(signers))


def _signature(read: Reader) -> Signature:
    index, r, vs = read.uint(1), read.uint(32), read.uint(32)
    return Signature(index=index, r=r, s=vs % (1 << 255), y_parity=vs >> 255)

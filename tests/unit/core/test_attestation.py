"""A signature counts on one chain, at one contract, for one head, and once."""

import pytest
from attrs import evolve
from eth_account import Account

from tests.factories import some_address, some_hash
from xl2.core.attestation import Attestation, AttestedProof, Signature
from xl2.core.evidence import Head
from xl2.core.types import BlockNumber, ChainId
from xl2.errors import InvalidInput, ProofInvalid

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HEAD = Head(log=some_hash("log"), head=some_hash("head"), count=7)
ATTESTATION = Attestation(head=HEAD, block=BlockNumber(9), chain=ChainId(10), contract=some_address("verifier"))
RSV = bytes(Account.unsafe_sign_hash(ATTESTATION.digest, b"\1" * 32).signature)


def test_the_digest_changes_with_everything_it_speaks_of() -> None:
    others = [
        evolve(ATTESTATION, block=BlockNumber(8)),
        evolve(ATTESTATION, chain=ChainId(11)),
        evolve(ATTESTATION, contract=some_address("another verifier")),
        evolve(ATTESTATION, head=evolve(HEAD, log=some_hash("another log"))),
        evolve(ATTESTATION, head=evolve(HEAD, head=some_hash("another head"))),
        evolve(ATTESTATION, head=evolve(HEAD, count=8)),
    ]

    assert len({ATTESTATION.digest, *(other.digest for other in others)}) == len(others) + 1


def test_a_signature_is_packed_with_its_parity_in_the_highest_bit_of_s() -> None:
    packed = Signature.of(3, RSV).encode()

    assert len(packed) == 65
    assert packed[0] == 3
    assert packed[1:33] == RSV[:32]
    assert int.from_bytes(packed[33:]) == int.from_bytes(RSV[32:64]) | (RSV[64] - 27) << 255


def test_v_is_taken_in_both_spellings() -> None:
    assert Signature.of(0, RSV) == Signature.of(0, RSV[:64] + bytes((RSV[64] - 27,)))


def test_the_other_s_of_a_signature_is_refused() -> None:
    high = CURVE_ORDER - int.from_bytes(RSV[32:64])

    with pytest.raises(InvalidInput, match="lower half"):
        Signature.of(0, RSV[:32] + high.to_bytes(32) + RSV[64:])
    with pytest.raises(InvalidInput, match="lower half"):
        Signature.of(0, RSV[:32] + bytes(32) + RSV[64:])


@pytest.mark.parametrize("rsv", [b"", RSV[:64], RSV + b"\0", RSV[:64] + b"\x02", RSV[:64] + b"\x1d"])
def test_what_is_no_signature_is_refused(rsv: bytes) -> None:
    with pytest.raises(InvalidInput, match="not r, s and v"):
        Signature.of(0, rsv)


@pytest.mark.parametrize("indices", [(0, 0), (1, 0), (2, 3), (5,)])
def test_a_signer_counts_once_and_only_members_count(indices: tuple[int, ...]) -> None:
    signers = tuple(some_address(f"signer {i}") for i in range(3))

    with pytest.raises(InvalidInput, match="indices rise"):
        AttestedProof(block=BlockNumber(1), signers=signers, signatures=tuple(Signature.of(i, RSV) for i in indices))


def test_a_proof_that_is_cut_or_names_a_signer_twice_is_refused() -> None:
    signers = tuple(some_address(f"signer {i}") for i in range(3))
    signed = tuple(Signature.of(i, RSV) for i in (0, 2))
    packed = AttestedProof(block=BlockNumber(1), signers=signers, signatures=signed).encode()

    assert AttestedProof.parse(packed, signers=3).signatures == signed
    for wire in (packed[:-1], packed + b"\0", packed[:40], packed + packed[-65:]):
        with pytest.raises(ProofInvalid):
            AttestedProof.parse(wire, signers=3)

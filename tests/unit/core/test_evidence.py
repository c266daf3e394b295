"""A verifier's number says its class, and a set of verifiers is one word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import some_hash
from xl2.core.evidence import (
    ATTESTED_HEADS,
    PROVEN_HEADS,
    ROUTED_HEADS,
    Finality,
    Head,
    VerifierMask,
    VerifierNumber,
    accepts,
    class_of,
    inline,
    mask_from_class,
)
from xl2.core.types import Assurance
from xl2.errors import InvalidInput

NUMBERS = st.integers(0, 191).map(VerifierNumber)
ANY = VerifierMask(0)


def only(number: VerifierNumber) -> VerifierMask:
    """Build the set of one verifier."""
    return VerifierMask(1 << number)


def test_the_class_stands_in_the_number() -> None:
    ends = {0: Assurance.ATTESTED, 63: Assurance.ATTESTED, 64: Assurance.OPTIMISTIC, 127: Assurance.OPTIMISTIC}
    ends |= {128: Assurance.SETTLED, 191: Assurance.SETTLED}

    assert {number: class_of(VerifierNumber(number)) for number in ends} == ends
    assert [class_of(number) for number in (ATTESTED_HEADS, PROVEN_HEADS, ROUTED_HEADS)] == [
        Assurance.ATTESTED,
        Assurance.SETTLED,
        Assurance.SETTLED,
    ]


@given(NUMBERS, st.sampled_from(Assurance))
def test_a_verifier_serves_lanes_of_its_class_and_below(number: VerifierNumber, least: Assurance) -> None:
    assert accepts(only(number), least) == (class_of(number) >= least)
    assert bool(only(number) & mask_from_class(least)) == (class_of(number) >= least)


def test_a_policy_binds_on_top_of_the_class() -> None:
    proven, attested = only(PROVEN_HEADS), only(ATTESTED_HEADS)
    both = VerifierMask(proven | attested)

    assert accepts(proven, Assurance.SETTLED, ANY)
    assert accepts(both, Assurance.SETTLED, attested)
    assert not accepts(proven, Assurance.SETTLED, attested)
    assert not accepts(attested, Assurance.SETTLED, attested)
    assert not accepts(ANY, Assurance.ATTESTED)


def test_a_proven_zero_is_no_head() -> None:
    with pytest.raises(InvalidInput, match="head is zero"):
        Head(log=some_hash("log"), head=bytes(32), count=1)


def test_inline_evidence_begins_with_the_verifiers_number() -> None:
    assert inline(PROVEN_HEADS, b"proof") == b"\x80proof"


def test_levels_of_finality_are_ordered() -> None:
    assert Finality.LATEST < Finality.SAFE < Finality.FINALIZED < Finality.SETTLED

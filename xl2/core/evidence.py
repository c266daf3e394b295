"""
Evidence: what shows a head to be true, who may show it, and how sure a block is.

Comes in: heads, and the numbers of verifiers as the `Heads` contract keeps them. Goes out: classes, bitmaps, and
the evidence bytes of `deliver` and `settle`. Promise: a verifier's class is in its number, so no table can
disagree about it. The proofs that follow the number are left to `attestation` and `storage_proof`.
"""

from enum import IntEnum
from typing import Any, NewType

from attrs import Attribute, field, frozen

from xl2.core.types import Assurance, Hash32, hash32, uint
from xl2.errors import InvalidInput

#: Number of a verifier in the `Heads` of its chain; its two high bits are its class.
VerifierNumber = NewType("VerifierNumber", int)
#: Set of verifiers: bit v stands for verifier v.
VerifierMask = NewType("VerifierMask", int)

_NUMBERS_PER_CLASS = 64
_NUMBERS = _NUMBERS_PER_CLASS * len(Assurance)

#: Numbers that a deployment gives by convention; further remote chains count on from 130.
ATTESTED_HEADS = VerifierNumber(0)
PROVEN_HEADS = VerifierNumber(128)
ROUTED_HEADS = VerifierNumber(129)

#: Evidence of a head that `Heads` has been shown before: none is needed.
KNOWN_HEAD = b""


class Finality(IntEnum):
    """How far a block is from being taken back. A higher level implies the lower ones."""

    LATEST = 0
    SAFE = 1
    FINALIZED = 2
    #: Its state root stands on L1 beyond dispute.
    SETTLED = 3


def _head(_: object, __: "Attribute[Any]", value: Hash32) -> None:
    if not any(value):
        # Storage that was never written is zero: proving that proves nothing.
        raise InvalidInput("head is zero; a proven zero never counts as a head", field="head", value=value)


@frozen(kw_only=True)
class Head:
    """Value of a log after its `count`-th entry: the one thing that is shown between chains."""

    #: Name of the log: `Lane.log` or `Lane.receipt_log`.
    log: Hash32 = field(converter=hash32)
    head: Hash32 = field(converter=hash32, validator=_head)
    count: int = field(validator=uint(64))


def class_of(number: VerifierNumber) -> Assurance:
    """Class of a verifier: 0-63 attested, 64-127 optimistic, 128-191 settled."""
    return Assurance(number // _NUMBERS_PER_CLASS)


def mask_from_class(least: Assurance) -> VerifierMask:
    """Set of all verifiers that may speak for a lane of class `least`: that class or better."""
    return VerifierMask((1 << _NUMBERS) - (1 << least * _NUMBERS_PER_CLASS))


def accepts(shown_by: VerifierMask, least: Assurance, policy: VerifierMask = VerifierMask(0)) -> bool:
    """Whether a head shown by these verifiers serves a lane of class `least` and a recipient's policy (0: any)."""
    return bool(shown_by & mask_from_class(least)) and (policy == 0 or bool(shown_by & policy))


def inline(number: VerifierNumber, proof: bytes) -> bytes:
    """Evidence that stands beside a segment: which verifier is asked, and what it is shown."""
    return number.to_bytes(1) + proof

"""The OP Stack's withdrawal rule: each way a game may fail has its reason, and the last second is not enough."""

from typing import Any

import pytest

from xl2.core.types import Address, BlockNumber, Hash32, Timestamp
from xl2_adapters.op_stack.output_root import OutputRoot
from xl2_adapters.op_stack.rule import Game, Terms, why_not_settled

CREATED, RESOLVED = 1_000, 1_500
TERMS = Terms(kind=0, kind_since=900, finality_delay=300, maturity_delay=700, is_paused=False)


def game(**fields: Any) -> Game:
    given: dict[str, Any] = {
        "index": 4,
        "address": Address(b"\x01" * 20),
        "kind": 0,
        "created_at": CREATED,
        "resolved_at": RESOLVED,
        "status": 2,
        "is_blacklisted": False,
        "creator": Address(b"\x02" * 20),
        "root_claim": Hash32(b"\x03" * 32),
        "l1_head": Hash32(b"\x04" * 32),
        "number": BlockNumber(77),
    }
    return Game(**(given | fields))


def terms(**fields: Any) -> Terms:
    given = {"kind": 0, "kind_since": 900, "finality_delay": 300, "maturity_delay": 700, "is_paused": False}
    return Terms(**(given | fields))


def test_a_game_is_settled_one_second_after_both_delays() -> None:
    # resolved + 300 = 1800; created + 1 + 700 = 1701
    assert why_not_settled(game(), TERMS, Timestamp(1_801)) is None
    assert why_not_settled(game(), TERMS, Timestamp(1_800)) == "it settles after 1800, l1 is at 1800"


def test_the_longer_delay_counts() -> None:
    assert (
        why_not_settled(game(), terms(maturity_delay=900), Timestamp(1_901)) == "it settles after 1901, l1 is at 1901"
    )
    assert why_not_settled(game(), terms(maturity_delay=900), Timestamp(1_902)) is None


@pytest.mark.parametrize(
    ("odd", "asked", "reason"),
    [
        ({}, {"is_paused": True}, "paused"),
        ({"is_blacklisted": True}, {}, "blacklisted"),
        ({"status": 0}, {}, "status is 0"),
        ({"status": 1}, {}, "status is 1"),
        ({"kind": 1}, {}, "type is 1, respected is 0"),
        ({"created_at": 899}, {}, "older than the respected type"),
    ],
)
def test_each_refusal_has_its_reason(odd: dict[str, Any], asked: dict[str, Any], reason: str) -> None:
    assert reason in (why_not_settled(game(**odd), terms(**asked), Timestamp(9_999)) or "")


def test_a_game_of_the_very_second_of_the_change_is_respected() -> None:
    assert why_not_settled(game(created_at=900), TERMS, Timestamp(9_999)) is None


def test_the_claim_commits_to_version_roots_and_block() -> None:
    output = OutputRoot(
        state_root=Hash32(b"\x01" * 32), storage_root=Hash32(b"\x02" * 32), block_hash=Hash32(b"\x03" * 32)
    )

    assert output.encode() == b"\x01" * 32 + b"\x02" * 32 + b"\x03" * 32
    assert len(output.hash) == 32

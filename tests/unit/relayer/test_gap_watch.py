"""A gap in a log is refetched first, and told of when it stays."""

from tests.factories import lane
from tests.heard import Heard
from xl2.core.storage_proof import LogKind
from xl2.core.types import ChainId
from xl2.errors import ProofInvalid
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind
from xl2.relayer.gap_watch import GapWatch

HOME = ChainId(901)
GAP = ProofInvalid("events lead to 2 entries, storage holds 3")


def watch() -> tuple[GapWatch, Heard]:
    told = Heard()
    return GapWatch(lane(), Alarms(told)), told


def test_a_gap_that_is_mended_by_reading_again_is_nobodys_concern() -> None:
    gaps, told = watch()
    for _ in range(5):
        gaps.failed(LogKind.LANE, HOME, GAP)
        gaps.whole(LogKind.LANE)

    assert told.alarms == []


def test_a_gap_that_stays_is_told_once_until_the_log_is_whole_again() -> None:
    gaps, told = watch()
    for _ in range(4):
        gaps.failed(LogKind.LANE, HOME, GAP)
    gaps.whole(LogKind.LANE)
    for _ in range(4):
        gaps.failed(LogKind.LANE, HOME, GAP)

    assert [alarm.kind for alarm in told.alarms] == [AlarmKind.RPC_DISAGREEMENT] * 2
    assert GAP.what in told.alarms[0].what
    assert told.alarms[0].lane == gaps.lane


def test_the_two_logs_of_a_lane_are_watched_apart() -> None:
    gaps, told = watch()
    gaps.failed(LogKind.LANE, HOME, GAP)
    gaps.failed(LogKind.RECEIPTS, HOME, GAP)

    assert told.alarms == []

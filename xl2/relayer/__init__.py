"""
Relayer: walks everybody's messages through the rooms.

Read `pipeline` to see it all, then what a lane is carried with (`lane_parts`), what its rooms do (`lane_rooms`), what
has them look (`lane_tasks`), and how long who rests (`retry`). Which messages a delivery carries is
`choosing`'s.
"""

from xl2.relayer.clock_watch import ClockWatch
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.lanes import lanes_between, open_lanes
from xl2.relayer.leases import LeaseHolder, LeaseSettings
from xl2.relayer.pipeline import Pipeline, PipelineSettings
from xl2.relayer.retention import Retention

__all__ = [
    "ClockWatch",
    "LaneParts",
    "LeaseHolder",
    "LeaseSettings",
    "Pipeline",
    "PipelineSettings",
    "Retention",
    "lanes_between",
    "open_lanes",
]

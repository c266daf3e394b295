"""
Lines: what an operator is told of each fault, and by which test it is brought about.

One table, read by tests (`Daemon.told`) and compared with `docs/operations/lines.md`. Promise: a fault that has a line
has one, at WARNING or above, that says what is wrong and what to do; those of which no operator need hear stand on the
page alone, with why.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from attrs import frozen

from xl2.ports import AlarmKind

_LISTED: Final = {"logger", "timestamp", "level"}


@frozen(kw_only=True)
class Line:
    """What one fault makes a relayer say."""

    #: Stand in the line: what is wrong, and after it what to do.
    what: str
    remedy: str
    #: Where it is brought about: `module::test` below `tests/`.
    by: str
    level: str = "warning"
    alarm: AlarmKind | None = None

    def is_said_by(self, line: Mapping[str, Any]) -> bool:
        """Whether a line of a log is this one."""
        text = orjson.dumps({name: value for name, value in line.items() if name not in _LISTED}).decode()
        kind = self.alarm.value if self.alarm else None
        right = line.get("level") == self.level and line.get("alarm") == kind
        return right and self.what in text and self.remedy in text


_DOWN, _LIES = AlarmKind.PROVIDER_DOWN, AlarmKind.RPC_DISAGREEMENT
_ALONE = "faults/test_lines.py::test_an_endpoint_alone_that_fails_is_one_line"
_POOL = "faults/test_rpc_quorum.py::test_work_goes_on_beside_a_faulty_endpoint_and_it_is_named_once"
_POSTGRES = "faults/test_postgres.py::test_a_database_that_fails_costs_time_and_is_told_once"
_LONGER = "and is left aside: "

LINES: Final[Mapping[str, Line]] = {
    # One endpoint a chain: whatever fails, it is one alarm that quotes what came.
    "refused": Line(what="cannot be reached", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "reset": Line(what="broke the connection", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "hang": Line(what="did not answer", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "rate_limit": Line(what="429", remedy="Lower the request rate", by=_ALONE, alarm=_DOWN),
    "server_error": Line(what="503", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "html": Line(what="endpoint", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "truncated": Line(what="endpoint", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "huge": Line(what="endpoint", remedy="raise the limit", by=_ALONE, alarm=_DOWN),
    "wrong_id": Line(what="endpoint", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "null_result": Line(what="endpoint", remedy="configure another one", by=_ALONE, alarm=_DOWN),
    "pruned_state": Line(
        what="endpoint",
        remedy="configure another endpoint",
        by="unit/relayer/test_troubles.py::test_an_endpoint_that_fails_again_and_again_is_one_alarm_for_all_rooms",
        alarm=_DOWN,
    ),
    "wrong chain id": Line(
        what="configured is",
        remedy="Correct the URL or the chain id",
        by="faults/test_rpc_alone.py::test_an_endpoint_that_serves_another_chain_stops_the_relayer_before_it_signs",
        level="error",
    ),
    "missing log": Line(
        what="still do not lead to its storage",
        remedy="replace it, or add others",
        by="faults/test_rpc_alone.py::test_a_gap_that_stays_when_it_is_read_again_is_alarmed_once",
        alarm=_LIES,
    ),
    "the tip stands still": Line(
        what="the latest block of chain",
        remedy="Compare with another endpoint",
        by="unit/app/test_reading.py::test_a_chain_that_makes_no_blocks_any_more_is_told_of_once",
        alarm=_DOWN,
    ),
    "finality frozen": Line(
        what="the finalized block of chain",
        remedy="Compare with another endpoint",
        by="unit/app/test_reading.py::test_finality_that_stands_still_while_blocks_go_on_is_told_of_once",
        alarm=_DOWN,
    ),
    "endpoints do not serve at the start": Line(
        what="the start waits for an endpoint",
        remedy="goes on by itself",
        by="faults/test_start.py::test_a_relayer_that_starts_behind_endpoints_that_do_not_serve_waits_for_them",
        alarm=_DOWN,
    ),
    # Several endpoints a chain: the faulty one is named.
    "one of several is down, behind, slow or limits": Line(
        what=_LONGER, remedy="see to it or replace it", by=_POOL, alarm=_DOWN
    ),
    "one of several lies": Line(what=_LONGER, remedy="replace it, and find out", by=_POOL, alarm=_LIES),
    "attester silent": Line(
        what=" does not answer: ",
        remedy="correct attester.urls",
        by="faults/test_lines.py::test_an_attester_that_does_not_answer_is_one_line_and_its_coming_back_another",
        alarm=_DOWN,
    ),
    "attester signs nothing that counts": Line(
        what=" gives no signature that counts: ",
        remedy="compare its chains, verifiers and key",
        by="faults/test_lines.py::test_an_attester_that_signs_for_another_verifier_is_one_line_until_it_signs_well",
        alarm=_DOWN,
    ),
    "attester hangs": Line(
        what=" gives no signature that counts: ",
        remedy="see what holds it up",
        by="integration/test_attester_hangs.py::test_one_that_hangs_is_one_alarm_by_its_account_until_it_signs_again",
        alarm=_DOWN,
    ),
    "misfit": Line(
        what="registered on chain",
        remedy="orrect the address",
        by="faults/test_start.py::test_what_the_chain_contradicts_is_named_by_the_doctor_and_ends_the_start",
        level="error",
    ),
    "l1 down": Line(
        what="chain l1 does not answer",
        remedy="Check that the endpoint is up",
        by="faults/test_l1_down.py::test_while_l1_does_not_answer_attested_messages_go_on_and_settled_ones_wait",
        alarm=_DOWN,
    ),
    "deep reorg": Line(
        what="the lane is parked",
        remedy="xl2 relayer resume",
        by="faults/test_reorgs.py::test_a_lane_is_parked_where_its_destination_takes_a_delivery_back_that_was_paid_for",
        level="error",
        alarm=AlarmKind.DEEP_REORG,
    ),
    # Money and keys.
    "base fee": Line(
        what="the cap is",
        remedy="raise max_fee_gwei",
        by="faults/test_lines.py::test_a_base_fee_above_the_cap_is_one_line",
        alarm=AlarmKind.FEE_CAP,
    ),
    "key used elsewhere": Line(
        what="is used elsewhere too",
        remedy="give this relayer a key of its own",
        by="faults/test_lines.py::test_a_key_that_is_used_elsewhere_again_and_again_is_one_line",
        alarm=AlarmKind.KEY_IN_USE,
    ),
    "empty wallet": Line(
        what=" ether) on chain ",
        remedy="end it ",  # begins with a capital where a transaction is not covered
        by="faults/test_lines.py::test_an_empty_wallet_is_one_line_though_it_is_noticed_twice",
        alarm=AlarmKind.LOW_BALANCE,
    ),
    "keystore missing": Line(
        what="cannot be read",
        remedy="Put the file there",
        by="unit/app/test_keys.py::test_a_relayers_keystore_that_is_not_there_yet_is_an_alarm_at_the_start_and_no_second_line",
        alarm=AlarmKind.KEY_LOST,
    ),
    # The machine and the store.
    "disk full": Line(
        what="store unavailable",
        remedy="Make room on the disk",
        by="faults/test_disk_full.py::test_a_relayer_whose_disk_is_full_waits_and_loses_nothing",
    ),
    "clock jumped": Line(
        what="the clock jumped",
        remedy="see to NTP",
        by="faults/test_hostile.py::test_a_clock_that_jumps_holds_nothing_up",
    ),
    "stood still": Line(
        what="leases ended before they were renewed",
        remedy="find out why",
        by="faults/test_hostile.py::test_a_relayer_that_stood_still_past_its_lease_does_nothing_twice_when_it_goes_on",
    ),
    "postgresql: disk full": Line(what="has no room", remedy="Make room on the disk of the database", by=_POSTGRES),
    "postgresql: cut in a transaction": Line(what="terminating connection", remedy="See to the database", by=_POSTGRES),
    "postgresql: reads only": Line(what="only reads", remedy="Lead `relayer.store` to the server", by=_POSTGRES),
    "postgresql: killed": Line(what="store unavailable", remedy="See to the database", by=_POSTGRES),
    "postgresql: away at the start": Line(
        what="store unavailable",
        remedy="See to the database",
        by="faults/test_postgres.py::test_a_relayer_that_starts_while_its_database_is_away_waits_for_it_and_says_so_once",
    ),
}

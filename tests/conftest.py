"""What holds for every test: its tier's marker, chance that repeats, and that in CI a skipped check is a failed one."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("xl2_devnet.pytest_plugin", "tests.canary_watch", "tests.devnet_fixtures")

TESTS = Path(__file__).parent
TIERS = ("unit", "property", "integration", "scenario", "faults", "conformance")
#: Half a minute and more of one worker each: begun before others, or one would go on when all others are done.
LONGEST = {
    "faults/test_l1_disputes.py",
    "faults/test_l1_down.py",
    "faults/test_l1_nitro.py",
    "faults/test_l1_reorgs.py",
    "faults/test_l1_reorgs_late.py",
    "integration/test_canonical_client.py",
    "integration/test_canonical_withdrawals.py",
    "integration/test_cli_devnet.py",
    "integration/test_devnet_nitro_sends.py",
    "integration/test_devnet_nitro_tickets.py",
    "scenario/test_conformance.py",
    "scenario/test_l1_faults.py",
    "scenario/test_nitro_routes.py",
    "scenario/test_pause_by_hand.py",
    "scenario/test_watcher.py",
}
NO_SKIP = os.environ.get("XL2_NO_SKIP") == "1"

# The gate tries the same examples each time, so that red means a change and not bad luck; `make soak` tries new ones.
# No deadline, and none for drawing either: how long an example takes is the machine's affair.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", _UNHURRIED, derandomize=True)
settings.register_profile("soak", _UNHURRIED, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("XL2_HYPOTHESIS", "gate"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        if tier in TIERS:
            item.add_marker(tier)
    # Last, so that what keeps a processor busy does not starve the nodes beside it.
    items.sort(key=lambda item: (_uses_devnet(item), f"{item.path.parent.name}/{item.path.name}" not in LONGEST))


def _uses_devnet(item: pytest.Item) -> bool:
    return "devnet" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and XL2_NO_SKIP=1 takes that for a failure: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if NO_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped whole, and XL2_NO_SKIP=1 takes that for a failure"
    return report

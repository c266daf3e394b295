"""What ships for operators says what the relayer does: rules, dashboard, pages and unit name what is there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from xl2.operator.metrics import Metrics
from xl2.operator.openapi import document
from xl2.ports import AlarmKind

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations"
HEADINGS = ("**Symptom.**", "**What it means.**", "**Look at**", "**Do", "**Never.**")
#: Metrics of ours in an expression; those of the watcher are its own.
NAME = re.compile(r"\b(xl2_(?!watcher_)\w+)")
SUFFIXES = ("_total", "_bucket", "_sum", "_count", "")


def names() -> set[str]:
    """Every metric that a relayer tells, as Prometheus calls it."""
    families = text_string_to_metric_families(Metrics("1").text().decode())
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def known(name: str) -> bool:
    """Whether a name of an expression is a metric, or a part of a histogram."""
    return name in names() or any(name.removesuffix(suffix) in names() for suffix in SUFFIXES if suffix)


def rules() -> list[dict[str, Any]]:
    tree = yaml.safe_load((OPERATIONS / "alerts.yml").read_text("utf-8"))
    return [rule for group in tree["groups"] for rule in group["rules"]]


def cases() -> list[dict[str, Any]]:
    return list(yaml.safe_load((OPERATIONS / "alerts.test.yml").read_text("utf-8"))["tests"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads((OPERATIONS / "grafana-dashboard.json").read_text("utf-8"))["panels"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_asks_for_metrics_that_are_told_and_leads_to_a_runbook(rule: dict[str, Any]) -> None:
    assert [name for name in NAME.findall(rule["expr"]) if not known(name)] == []
    assert (OPERATIONS.parents[1] / rule["annotations"]["runbook"]).is_file()
    assert rule["labels"]["severity"] in ("page", "ticket", "info")


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_a_panel_asks_for_metrics_that_are_told(panel: dict[str, Any]) -> None:
    expressions = [target["expr"] for target in panel["targets"]]

    assert expressions
    assert [name for one in expressions for name in NAME.findall(one) if not known(name)] == []


def test_what_rules_ask_of_a_watcher_stands_on_its_page() -> None:
    page = (OPERATIONS.parent / "how-to" / "run-a-watcher.md").read_text("utf-8")
    asked = {name for rule in rules() for name in re.findall(r"xl2_watcher_\w+", rule["expr"])}

    assert asked
    assert {name for name in asked if f"`{name}`" not in page} == set()


def test_every_metric_is_on_its_page_and_in_no_other_name() -> None:
    page = (OPERATIONS / "metrics.md").read_text("utf-8")
    told = {name for name in names() if name.startswith("xl2_")}

    assert set(re.findall(r"`(xl2_\w+)`", page)) == told


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_alarm_has_a_rule_and_a_runbook_that_says_all_there_is_to_say(kind: AlarmKind) -> None:
    runbook = (OPERATIONS / "runbooks" / f"{kind.value}.md").read_text("utf-8")
    index = (OPERATIONS / "index.md").read_text("utf-8")

    assert [rule for rule in rules() if f'kind="{kind.value}"' in rule["expr"]]
    assert [heading for heading in HEADINGS if heading not in runbook] == []
    assert f"| `{kind.value}` | " in index


def test_no_rule_rests_on_how_often_an_alarm_was_told() -> None:
    """What lasts is told hourly: an increase of the count would end and begin with each line. One is told once."""
    assert [rule["alert"] for rule in rules() if "xl2_alarms_total" in rule["expr"]] == ["Xl2DeepReorg"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_has_a_case_that_it_fires_in(rule: dict[str, Any]) -> None:
    """`test_alert_rules` runs the cases, where Prometheus' own program is at hand."""
    asked = [one for case in cases() for one in case["promql_expr_test"]]
    fires = [sample["labels"] for one in asked for sample in one.get("exp_samples", [])]

    assert [labels for labels in fires if f'alertname="{rule["alert"]}"' in labels]


def test_the_page_scrapes_under_the_names_that_rules_look_for() -> None:
    asked = {job for rule in rules() for job in re.findall(r'job="([^"]+)"', rule["expr"])}

    assert asked == set(re.findall(r"job_name: (\S+)", (OPERATIONS / "index.md").read_text("utf-8")))


def test_every_case_is_asked_for_all_that_fires() -> None:
    everything = 'count without (alertstate, severity, job) (ALERTS{alertstate="firing"})'

    assert {one["expr"] for case in cases() for one in case["promql_expr_test"]} == {everything}


def test_every_route_stands_on_the_page() -> None:
    index = (OPERATIONS / "index.md").read_text("utf-8")

    for path in document("1")["paths"]:
        assert path.replace("{id}", "ID").replace("{lane}", "LANE").rpartition("/")[2] in index


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("no systemd-analyze on this machine")
    text = (OPERATIONS / "xl2-relayer.service").read_text("utf-8")
    unit = tmp_path / "xl2-relayer.service"
    # The program stands elsewhere here; everything else is as it ships.
    unit.write_text(text.replace("/opt/xl2/bin/xl2", sys.executable), "utf-8")

    checked = subprocess.run([checker, "verify", str(unit)], capture_output=True, text=True, check=False, timeout=180)

    assert [line for line in checked.stderr.splitlines() if unit.name in line] == []

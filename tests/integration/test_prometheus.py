"""Rules and dashboard in a real Prometheus that scrapes a real relayer: all is answered, and an alarm fires."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
import yaml  # type: ignore[import-untyped]
from attrs import frozen

from tests.program import started
from tests.waiting import wait_until
from xl2.cli.outcome import guarded
from xl2.cli.program import xl2
from xl2_devnet.bound import bound
from xl2_devnet.devnet_file import Description

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
LANE = "901-902-attested"


@frozen(kw_only=True)
class Prometheus:
    """A running one."""

    url: str

    def ask(self, path: str) -> Any:
        """What it answers; it says so where it could not."""
        with urlopen(f"{self.url}/api/v1/{path}", timeout=30) as answer:  # noqa: S310 - loopback
            told = json.load(answer)
        assert told["status"] == "success"
        return told["data"]


@pytest.fixture(scope="module")
def program() -> str:
    """Prometheus."""
    found = shutil.which("prometheus")
    if found is None:
        pytest.skip("no prometheus on this machine: it is Debian's package of that name")
    return found


@pytest.fixture(scope="module")
def relayer(devnet: Description, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a relayer answers whose account has less than it should, with a message that went and one that waits."""
    folder = tmp_path_factory.mktemp("scraped")
    settings = {"store": "relayer.sqlite", "poll_seconds": 0.25, "low_balance_wei": 10**30}
    file = folder / "devnet.json"
    file.write_text(json.dumps({**json.loads(devnet.to_json()), "key": "grace", "relayer": settings}), "utf-8")
    with started("relayer", "run", "--config", str(file), log=folder / "relayer.log"):
        wait_until((folder / "relayer.sqlite.view").exists, "the relayer's address")
        url = str(json.loads((folder / "relayer.sqlite.view").read_text("utf-8"))["url"])
        _send(devnet, file)
        # Of its own: what others delivered on these chains before is counted as well, and shows nothing of it.
        wait_until(lambda: _counts(url, 'xl2_transactions_total{chain="902",outcome="succeeded"}'), "delivery")
        token = (folder / "relayer.sqlite.token").read_text("utf-8").strip()
        headers = {"Authorization": f"Bearer {token}"}
        urlopen(Request(f"{url}/lanes/{LANE}/pause", method="POST", headers=headers), timeout=30).close()  # noqa: S310
        _send(devnet, file)
        wait_until(lambda: _counts(url, f'xl2_backlog_size{{lane="{LANE}",state="observed"}}'), "a second one")
        yield url


@pytest.fixture(scope="module")
def prometheus(program: str, relayer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Configured as the page says, to look once a second at that relayer."""
    folder = tmp_path_factory.mktemp("prometheus")
    (shown,) = re.findall(r"```yaml\n(.+?)```", (OPERATIONS / "index.md").read_text("utf-8"), re.DOTALL)
    config = yaml.safe_load(shown.replace("127.0.0.1:9100", relayer.removeprefix("http://")))
    # The other is the watcher's; none runs here.
    config["scrape_configs"] = [one for one in config["scrape_configs"] if one["job_name"] == "xl2-relayer"]
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(OPERATIONS / "alerts.yml")]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    log = folder / "log"
    words = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--web.listen-address=127.0.0.1:0",
    ]
    with log.open("wb") as said, subprocess.Popen(bound([program, *words]), stdout=said, stderr=said) as process:
        try:
            (address,) = wait_until(
                lambda: re.findall(r'"Listening on" address=(\S+)', log.read_text("utf-8")), "where it listens"
            )
            url = f"http://{address}"
            wait_until(lambda: _is_ready(url), "its data to be opened")
            yield Prometheus(url=url)
        finally:
            process.kill()


def _send(devnet: Description, file: Path) -> None:
    notebook = devnet.chain("op-b").contracts["notebook"]
    words = ("send", "op-a", "op-b", notebook, "hello", "--class", "attested", "--key", "frank", "--yes")
    assert guarded(xl2, [*words, "--config", str(file)]) == 0


def _is_ready(url: str) -> bool:
    """Whether it answers questions: it listens before it can."""
    try:
        urlopen(f"{url}/-/ready", timeout=30).close()  # noqa: S310 - loopback
    except HTTPError as unready:
        unready.close()
        return False
    return True


def _counts(url: str, series: str) -> bool:
    """Whether it is above nothing; by how much, depends on what other tests left on these chains."""
    with urlopen(f"{url}/metrics", timeout=30) as answer:  # noqa: S310 - loopback
        told = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
    return float(told.get(series, 0)) > 0


def _expressions() -> list[tuple[str, str]]:
    dashboard = json.loads((OPERATIONS / "grafana-dashboard.json").read_text("utf-8"))
    return [
        (f"{panel['title']} {target['refId']}", target["expr"])
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def test_every_panel_shows_what_the_relayer_says(prometheus: Prometheus) -> None:
    def empty() -> set[str]:
        asked = {title: "query?query=" + quote(one.replace("$instance", ".+")) for title, one in _expressions()}
        return {title for title, query in asked.items() if not prometheus.ask(query)["result"]}

    # A rate needs two looks; and whether a room had to rest is chance.
    assert wait_until(lambda: empty() <= {"Rooms that rest A"}, "data of every panel")


def test_the_alarm_that_stands_is_firing_and_no_rule_has_an_error(prometheus: Prometheus) -> None:
    def firing() -> list[str]:
        alerts = prometheus.ask("alerts")["alerts"]
        return [one["labels"]["alertname"] for one in alerts if one["state"] == "firing"]

    assert wait_until(lambda: "Xl2LowBalance" in firing(), "the alert of an account that is low")
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {(rule["name"], rule["health"], rule.get("lastError")) for rule in rules} == {
        (rule["name"], "ok", None) for rule in rules
    }

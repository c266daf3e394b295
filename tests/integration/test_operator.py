"""The operator's view of a real relayer on a devnet: what it answers, whom it lets in, what its orders do."""

import io
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml  # type: ignore[import-untyped]
from attrs import field, frozen
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.clients import file_of
from tests.program import ENVIRONMENT, started
from tests.waiting import PATIENCE_SECONDS, wait_until
from xl2.cli.outcome import guarded
from xl2.cli.program import xl2 as program
from xl2.operator.routes import ROUTES, Route
from xl2_devnet.devnet_file import Description

A, B = "op-a", "op-b"
ATTESTED = "901-902-attested"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
METRIC = re.compile(r"\b(xl2_(?!watcher_)\w+)")


@frozen(kw_only=True)
class Relayer:
    """A running daemon, and its folder."""

    folder: Path
    url: str
    token: str = field(repr=False)
    process: "subprocess.Popen[bytes]"

    def ask(self, method: str, path: str, *, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        request = Request(self.url + path, data=body, method=method, headers=headers)  # noqa: S310 - loopback
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def order(self, path: str, **body: str) -> tuple[int, Any]:
        """The same, with the token."""
        text = json.dumps(body).encode() if body else b""
        return self.ask("POST", path, body=text, Authorization=f"Bearer {self.token}")


def xl2(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb within this process, which is quicker to start."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = guarded(program, [*words, "--config", str(folder / "devnet.json")])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def told(folder: Path, *words: str, code: int = 0) -> Any:
    """The one JSON value of an answer."""
    ran = xl2(folder, *words, "--json")
    assert ran.returncode == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def folder(devnet: Description, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the configuration of a relayer."""
    folder = tmp_path_factory.mktemp("operator")
    file_of(devnet, folder, key="heidi" if "heidi" in devnet.to_json().decode() else "grace",
            relayer={"store": "relayer.sqlite", "poll_seconds": 0.25})  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def relayer(folder: Path) -> Iterator[Relayer]:
    """A relayer that runs while this module is tested."""
    words = ("relayer", "run", "--config", str(folder / "devnet.json"))
    with started(*words, log=folder / "relayer.log") as process:
        wait_until((folder / "relayer.sqlite.view").exists, "the relayer's address")
        url = json.loads((folder / "relayer.sqlite.view").read_text("utf-8"))["url"]
        token = (folder / "relayer.sqlite.token").read_text("utf-8").strip()
        running = Relayer(folder=folder, url=url, token=token, process=process)
        # It answers before it carries.
        wait_until(lambda: any(lane["carried"] for lane in running.ask("GET", "/lanes")[1]["lanes"]), "its lanes")
        yield running


def send(devnet: Description, folder: Path, text: str) -> str:
    """A message on the attested lane; its id."""
    notebook = devnet.chain(B).contracts["notebook"]
    return str(told(folder, "send", A, B, notebook, text, "--class", "attested", "--yes")["id"])


def state(relayer: Relayer, message: str) -> str | None:
    status, answer = relayer.ask("GET", f"/messages/{message}")
    return str(answer["message"]["state"]) if status == 200 else None


@pytest.fixture(scope="module")
def delivered(devnet: Description, relayer: Relayer) -> str:
    """A message that the relayer has carried."""
    message = send(devnet, relayer.folder, "hello")
    wait_until(lambda: state(relayer, message) in ("delivered", "confirmed", "settled"), "its delivery")
    return message


def test_the_document_is_valid_and_every_real_answer_is_as_it_says(relayer: Relayer, delivered: str) -> None:
    _, document = relayer.ask("GET", "/openapi.json")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []

    def check(route: Route | None, path: str, method: str) -> None:
        given = path.replace("{id}", delivered).replace("{lane}", "902-901-settled")
        status, answer = relayer.order(given) if method == "post" else relayer.ask("GET", given)
        operation = document["paths"][path][method]
        # What is over can be neither retried nor skipped: that answer has a schema, too.
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
        assert status == (400 if route is not None and path.endswith(("retry", "skip")) else 200), answer

    wait_until(lambda: state(relayer, delivered) == "settled", "its settlement")
    for route in ROUTES:
        if route.path != "/drain":
            check(route, route.path, route.method.lower())
    check(None, "/healthz", "get")
    assert relayer.order("/lanes/902-901-settled/resume")[0] == 200


def test_it_is_ready_and_says_of_what(relayer: Relayer) -> None:
    def ready() -> Any:
        status, answer = relayer.ask("GET", "/readyz")
        return answer if status == 200 else None

    checks = wait_until(ready, "readiness")["checks"]

    assert {one["what"] for one in checks} >= {"recovery", "store", "lanes", f"chain {A}", f"chain {B}", "chain l1"}
    assert all(one["ok"] for one in checks)


def test_the_first_that_it_says_is_what_runs_and_by_which_file(relayer: Relayer) -> None:
    said = (relayer.folder / "relayer.log").read_text("utf-8")

    words = [line.split() for line in said.splitlines()[:3]]
    assert words[:2] == [["xl2", version("xl2")], ["by", str(relayer.folder / "devnet.json")]]
    assert words[2][0] == "pays"


@pytest.mark.parametrize("route", [one for one in ROUTES if one.is_order], ids=lambda one: str(one.path))
def test_no_order_is_taken_without_the_token(relayer: Relayer, delivered: str, route: Route) -> None:
    path = route.path.replace("{id}", delivered).replace("{lane}", ATTESTED)

    answers = [relayer.ask("POST", path), relayer.ask("POST", path, Authorization="Bearer " + "x" * 43)]

    assert [(status, answer["error"]["code"]) for status, answer in answers] == [(401, "Unauthorized")] * 2
    _, lanes = relayer.ask("GET", "/lanes")
    assert [lane for lane in lanes["lanes"] if lane["paused"]] == []


@pytest.mark.parametrize("path", ["/lanes", "/metrics", "/events", "/healthz", "/openapi.json"])
def test_a_page_that_rebinds_its_name_to_us_reads_nothing(relayer: Relayer, path: str) -> None:
    status, answer = relayer.ask("GET", path, Host="evil.example")

    assert (status, answer["error"]["code"]) == (403, "WrongHost")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("DELETE", "/lanes", None, 405),
        ("GET", "/messages?limit=0", None, 400),
        ("GET", "/messages/0x12", None, 400),
        ("GET", "/messages/0x" + "ab" * 32, None, 404),
        ("POST", f"/lanes/{ATTESTED}/pause", b"no json", 400),
        ("POST", f"/lanes/{ATTESTED}/pause", b'{"because": "x"}', 400),
        ("POST", f"/lanes/{ATTESTED}/pause", b"x" * 100_000, 413),
        ("POST", "/lanes/1-2-settled/pause", b"", 404),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_our_errors(
    relayer: Relayer, method: str, path: str, body: bytes | None, status: int
) -> None:
    got, answer = relayer.ask(method, path, body=body, Authorization=f"Bearer {relayer.token}")

    assert got == status
    assert set(answer["error"]) == {"code", "what", "remedy"}
    assert "Traceback" not in json.dumps(answer)


def test_the_token_is_this_users_alone_and_shows_nowhere(relayer: Relayer, delivered: str) -> None:
    assert stat.S_IMODE((relayer.folder / "relayer.sqlite.token").stat().st_mode) == 0o600
    assert stat.S_IMODE((relayer.folder / "relayer.sqlite.view").stat().st_mode) == 0o600
    shown = (relayer.folder / "relayer.log").read_text("utf-8") + scrape(relayer)
    shown += json.dumps([relayer.ask("GET", path) for path in ("/lanes", "/readyz", f"/messages/{delivered}")])
    assert relayer.token not in shown


def scrape(relayer: Relayer) -> str:
    with urlopen(relayer.url + "/metrics", timeout=30) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


@pytest.mark.usefixtures("delivered")
def test_every_metric_that_pages_rules_and_dashboard_name_is_told(relayer: Relayer) -> None:
    families = list(text_string_to_metric_families(scrape(relayer)))
    told_names = {sample.name for family in families for sample in family.samples}
    described = {family.name + ("_total" if family.type == "counter" else "") for family in families}

    page = set(re.findall(r"`(xl2_\w+)`", (OPERATIONS / "metrics.md").read_text("utf-8")))
    rules = yaml.safe_load((OPERATIONS / "alerts.yml").read_text("utf-8"))
    asked = {name for group in rules["groups"] for rule in group["rules"] for name in METRIC.findall(rule["expr"])}
    asked |= set(METRIC.findall((OPERATIONS / "grafana-dashboard.json").read_text("utf-8").replace("\\n", " ")))
    asked = {name for name in asked if name in page or name.removesuffix("_bucket") in page}

    assert page == {name for name in described if name.startswith("xl2_")}
    # What has not happened here is described, and has no sample yet: reorgs, replaced transactions.
    assert {name for name in asked if name not in told_names} <= {
        "xl2_reorgs_total",
        "xl2_tx_bumps_total",
        "xl2_rests_total",
        "xl2_endpoint_aside",
    }
    samples = {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}
    assert samples["xl2_messages_total", ATTESTED, "delivered"] >= 1
    assert any(name == "xl2_rpc_requests_total" and value > 0 for (name, *_), value in samples.items())
    assert any(name == "xl2_wallet_balance" and value > 0 for (name, *_), value in samples.items())
    # Fees of these deliveries are earned when their receipts are settled; what is earned is never less than nothing.
    earned = {key: value for key, value in samples.items() if key[0] == "xl2_earned_wei"}
    assert len(earned) == 2
    assert {value for key, value in samples.items() if key[0] == "xl2_alarm_standing"} == {0.0}


@pytest.mark.usefixtures("delivered")
def test_what_happens_is_told_and_whoever_comes_back_goes_on(devnet: Description, relayer: Relayer) -> None:
    def listen(last: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        request = Request(relayer.url + "/events", headers={"Last-Event-ID": str(last)})  # noqa: S310 - loopback
        with urlopen(request, timeout=PATIENCE_SECONDS) as stream:  # noqa: S310 - loopback
            event: dict[str, str] = {}
            for raw in stream:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name and value:
                    event[name] = value
                elif event.get("id"):
                    yield int(event["id"]), event["event"], json.loads(event["data"])
                    event = {}

    first = listen(0)
    number, kind, data = next(first)
    assert (number, kind) == (1, "moved")
    assert data["messages"][0]["event"] == "origin final"
    events = [next(first) for _ in range(3)]
    again = listen(number)
    assert [next(again)[0] for _ in range(3)] == [one[0] for one in events]
    message = send(devnet, relayer.folder, "told of")
    deliveries = (data for _, kind, data in first if kind == "moved")
    moved = next(
        one for data in deliveries for one in data["messages"] if one["id"] == message and one["event"] == "delivery"
    )
    assert moved


def test_a_paused_lane_delivers_nothing_until_it_is_resumed(devnet: Description, relayer: Relayer) -> None:
    assert relayer.order(f"/lanes/{ATTESTED}/pause", why="a test")[0] == 200
    message = send(devnet, relayer.folder, "held up")
    wait_until(lambda: state(relayer, message) == "observed", "its being observed")
    status, why = relayer.ask("GET", f"/messages/{message}/explain")
    shown = told(relayer.folder, "explain", message)
    table = told(relayer.folder, "relayer", "status")
    resumed = told(relayer.folder, "relayer", "resume", ATTESTED)

    assert (status, why["next_attempt"]) == (200, None)
    assert "is paused by operator: a test" in why["cause"]
    assert [shown["relayer"][name] for name in ("cause", "next_attempt")] == [why["cause"], None]
    assert "nobody has delivered it" in shown["cause"]
    assert [lane["paused"]["why"] for lane in table["lanes"] if lane["paused"]] == ["a test"]
    assert resumed["done"] == f"lane {ATTESTED} is carried again"
    wait_until(lambda: state(relayer, message) in ("delivered", "confirmed", "settled"), "its delivery")


def test_a_skipped_message_waits_for_its_retry(devnet: Description, relayer: Relayer) -> None:
    relayer.order(f"/lanes/{ATTESTED}/pause", why="a moment")
    message = send(devnet, relayer.folder, "left out")
    wait_until(lambda: state(relayer, message) == "observed", "its being observed")
    told(relayer.folder, "relayer", "skip", message, "--why", "poison")
    relayer.order(f"/lanes/{ATTESTED}/resume")
    other = send(devnet, relayer.folder, "goes past it")
    wait_until(lambda: state(relayer, other) in ("delivered", "confirmed", "settled"), "the next one")

    (listed,) = told(relayer.folder, "relayer", "messages", "--lane", ATTESTED, "--state", "observed")["messages"]
    assert (listed["id"], listed["skipped"]) == (message, "poison")
    told(relayer.folder, "relayer", "retry", message)
    wait_until(lambda: state(relayer, message) in ("delivered", "confirmed", "settled"), "its delivery")


def test_a_drained_relayer_ends_well_and_its_store_answers_for_it(relayer: Relayer, delivered: str) -> None:
    running = told(relayer.folder, "relayer", "messages", "--lane", ATTESTED, "--limit", "1")
    people = xl2(relayer.folder, "relayer", "status").stdout

    told(relayer.folder, "relayer", "drain")
    code = relayer.process.wait(PATIENCE_SECONDS)

    stopped = told(relayer.folder, "relayer", "messages", "--lane", ATTESTED, "--limit", "1")
    status = told(relayer.folder, "relayer", "status")
    assert code == 0
    assert not (relayer.folder / "relayer.sqlite.view").exists()
    assert "running, answers at" in people
    assert re.search(r"open transactions +(none|\d+)", people)
    assert re.search(r"alarms +none stands", people)
    assert re.search(r"earns +0x[0-9a-fA-F]{40}", people)
    # What is under way while it drains goes on: it may have come further.
    assert [one["id"] for one in stopped["messages"]] == [one["id"] for one in running["messages"]]
    assert (status["running"], status["url"]) == (False, None)
    assert told(relayer.folder, "relayer", "pause", ATTESTED, "--why", "while down")["done"]
    assert told(relayer.folder, "relayer", "resume", ATTESTED)["done"] == f"lane {ATTESTED} is carried again"
    # Before anything was ever sent on it.
    assert told(relayer.folder, "relayer", "pause", "902-901-optimistic", "--why", "audit")["done"]
    assert told(relayer.folder, "relayer", "resume", "902-901-optimistic")["done"].endswith("is carried again")
    assert (status["transactions"], status["alarms"], status["chains"]) == ([], [], [])
    checks = {one["what"]: one["said"] for one in json.loads(xl2(relayer.folder, "doctor", "--json").stdout)["checks"]}
    assert checks["relayer: open transactions"] == "none"
    assert told(relayer.folder, "relayer", "drain", code=3)["error"]["code"] == "NotFound"
    assert delivered == running["messages"][0]["id"] or running["messages"][0]["nonce"] == 0


def test_live_draws_until_ctrl_c_and_ends_well(folder: Path, relayer: Relayer) -> None:
    assert relayer.process.poll() == 0
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(  # noqa: S606 - no shell
            sys.executable,
            [sys.executable, "-m", "xl2.cli", "relayer", "run", "--live"],
            {**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "80", "LINES": "40"},
        )
    shown, asked = "", False
    end = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 65_536).decode(errors="replace")
                except OSError:
                    break
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
            if not asked and all(words in plain for words in ("no alarms", "l1", ATTESTED, "balance, ether")):
                os.kill(pid, signal.SIGINT)
                asked = True
    finally:
        if not asked:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert asked, shown
    assert "Traceback" not in shown

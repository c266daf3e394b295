"""Secrets of a configuration show nowhere: not in what commands print, not in logs, metrics, errors, HTTP or files."""

import http.server
import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from attrs import define
from eth_account import Account

from tests.canaries import (
    DATABASE_PASSWORD,
    HTTP_TOKEN,
    KEYSTORE_KEY,
    KEYSTORE_PASSWORD,
    PLUGIN_PIN,
    PRIVATE_KEY,
    RPC_KEY,
    RPC_PASSWORD,
    SIGNER_PASSWORD,
    shown_in,
)
from tests.integration.clients import file_of
from tests.program import ENVIRONMENT
from xl2 import mask
from xl2.app import starting
from xl2.app.relaying import RunningRelayer, relayer
from xl2.cli.daemon import logging_as_configured
from xl2.cli.outcome import TRACEBACK_VARIABLE, guarded
from xl2.cli.program import xl2 as program
from xl2_devnet import Description

Run = Callable[..., str]


@define
class Spiteful:
    """An endpoint that repeats all that it was sent, in answers of every bad kind."""

    url: str
    mode: str = "html"

    def answer(self, path: str, authorization: str, body: str) -> tuple[int, str]:
        said = f"you asked {path} as {authorization} for {body}"
        if self.mode == "error":
            error = {"code": -32000, "message": said, "data": said}
            asked = json.loads(body) if body else {}
            ids = [one.get("id") for one in asked] if isinstance(asked, list) else [asked.get("id")]
            answers = [{"jsonrpc": "2.0", "id": one, "error": error} for one in ids]
            return 200, json.dumps(answers if isinstance(asked, list) else answers[0])
        return {"html": 200, "broken": 500, "forbidden": 403}[self.mode], f"{said}<html>"


@pytest.fixture
def spiteful() -> Iterator[Spiteful]:
    found = Spiteful(url="")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, said = found.answer(self.path, self.headers.get("Authorization", ""), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        do_GET = do_POST  # noqa: N815 - its name is the library's

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield found
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path, spiteful: Spiteful) -> Path:
    """A folder with a configuration that is full of secrets."""
    files = {
        "key.json": json.dumps(Account.encrypt(bytes.fromhex(KEYSTORE_KEY[2:]), KEYSTORE_PASSWORD, "scrypt", 1 << 10)),
        "password": KEYSTORE_PASSWORD,
        "xl2.toml": configuration(spiteful.url),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    return tmp_path


def configuration(spiteful: str) -> str:
    rpc = f"http://me:{RPC_PASSWORD}@{spiteful}/v3/{RPC_KEY}"
    chain = f'family = "op"\nanchor = "l1"\nrpc_url = "{rpc}"\nrpc_timeout_seconds = 1.0\n'
    contracts = "".join(f'{name} = "0x{"11" * 20}"\n' for name in ("heads", "outbox", "inbox"))
    account = Account.from_key(PRIVATE_KEY).address
    return f"""
[chains.l1]
chain_id = 900
family = "l1"
rpc_url = "{rpc}"
[chains.a]
chain_id = 901
{chain}
[chains.a.contracts]
{contracts}
[chains.b]
chain_id = 902
{chain}
[chains.b.contracts]
{contracts}
[keys]
raw = "{PRIVATE_KEY}"
[keys.relayer]
keystore = "key.json"
password_file = "password"
[keys.far]
remote = "http://me:{SIGNER_PASSWORD}@{spiteful}"
address = "{account}"
[keys.hsm]
plugin = "hsm"
pin = "{PLUGIN_PIN}"
[relayer]
store = "postgresql://xl2:{DATABASE_PASSWORD}@127.0.0.1:1/xl2"
token = "{HTTP_TOKEN}"
[log]
level = "DEBUG"
"""


@pytest.fixture
def said(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the program within this process, with tracebacks; all that it printed and logged."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.chdir(folder)
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    monkeypatch.setenv("XL2_KEYS__USER", PRIVATE_KEY)

    def run(*words: str) -> str:
        capsys.readouterr()
        code = guarded(program, list(words))
        printed = capsys.readouterr()
        return f"exit code {code}\n{printed.out}{printed.err}"

    yield run
    root.handlers[:], root.level = handlers, level
    mask.begin()


COMMANDS = {
    "doctor": ("doctor",),
    "doctor in json": ("doctor", "--json"),
    "send": ("send", "a", "b", "0x" + "22" * 20, "hello", "--yes"),
    "send by a remote key": ("send", "a", "b", "0x" + "22" * 20, "hello", "--yes", "--key", "far", "--json"),
    "status": ("status", "0x" + "33" * 32),
    "relayer status": ("relayer", "status"),
}


# What is broken is asked again and again, which takes seconds.
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        pytest.param(mode, words, id=f"{name}-{mode}")
        for name, words in COMMANDS.items()
        for mode in ("html", "broken", "forbidden", "error")
        if mode != "broken" or name == "doctor"
    ],
)
def test_no_command_shows_one_whatever_the_endpoint_repeats(
    said: Run, spiteful: Spiteful, mode: str, words: tuple[str, ...]
) -> None:
    spiteful.mode = mode

    printed = said(*words)

    assert "exit code 0" not in printed
    assert "127.0.0.1" in printed or "keys." in printed or "exit code 2" not in printed
    assert shown_in(printed) == []


@pytest.mark.parametrize("store", ["", "relayer.db"], ids=["database", "file"])
@pytest.mark.parametrize("mode", ["html", "forbidden", "error"])
def test_a_relayer_that_waits_for_its_database_or_an_endpoint_shows_none(
    said: Run, spiteful: Spiteful, monkeypatch: pytest.MonkeyPatch, mode: str, store: str
) -> None:
    looks = []

    def rest(_: object, fruitless: int) -> float:
        looks.append(fruitless)
        if fruitless == 3:
            signal.raise_signal(signal.SIGTERM)
        return 0.01

    monkeypatch.setattr(starting, "delay", rest)
    if store:
        monkeypatch.setenv("XL2_RELAYER__STORE", store)
    spiteful.mode = mode

    printed = said("relayer", "run")

    assert looks == [1, 2, 3]
    assert ("the start waits for an endpoint" if store else "does not answer") in printed
    assert shown_in(printed) == []


@pytest.mark.parametrize(
    "words",
    [
        ("send", "a", "b", "0x" + "22" * 20, "hello", "--key", "hsm"),
        ("send", "a", "b", "0x" + "22" * 20, "hello", "--key", PRIVATE_KEY),
        ("send", "a", "b", PRIVATE_KEY, "hello"),
        ("send", "a", PRIVATE_KEY, "0x" + "22" * 20, "hello"),
        ("relayer", "run", "--key", PRIVATE_KEY),
        ("attester", "run", "--key", PRIVATE_KEY),
    ],
    ids=range(6),
)
def test_a_private_key_among_the_words_of_a_command_is_not_repeated(said: Run, words: tuple[str, ...]) -> None:
    assert shown_in(said(*words)) == []


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_process_of_its_own_shows_none_when_it_fails(folder: Path, form: str) -> None:
    # No waiting mends a port that there cannot be.
    nowhere = f"postgresql://xl2:{DATABASE_PASSWORD}@127.0.0.1:99999/xl2"
    environment = ENVIRONMENT | {"XL2_LOG__FORM": form, "XL2_KEYS__USER": PRIVATE_KEY, "XL2_RELAYER__STORE": nowhere}
    environment |= {TRACEBACK_VARIABLE: "1"}

    ran = subprocess.run(
        [sys.executable, "-m", "xl2.cli", "relayer", "run"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert ran.returncode != 0
    assert shown_in(ran.stdout + ran.stderr) == []


@asynccontextmanager
async def _running(devnet: Description, folder: Path) -> AsyncIterator[tuple[RunningRelayer, Path]]:
    """A relayer on a devnet that is reached with a password, and pays from a keystore."""
    tree: dict[str, Any] = json.loads(devnet.to_json())
    for chain in tree["chains"].values():
        chain["rpc_url"] = chain["rpc_url"].replace("http://", f"http://me:{RPC_PASSWORD}@")
    keys = tree["keys"] | {"stored": {"keystore": "key.json", "password_file": "password"}, "raw": PRIVATE_KEY}
    settings = {
        "store": "relayer.sqlite",
        "token": HTTP_TOKEN,
        "key": "stored",
        "low_balance_wei": 1,
        "poll_seconds": 0.2,
    }
    file = file_of(
        devnet, folder, chains=tree["chains"], keys=keys, relayer=settings, log={"level": "DEBUG", "form": "json"}
    )
    logging_as_configured(file)
    async with relayer(file) as running:
        yield running, file


async def test_a_running_relayer_shows_none_by_http_log_metrics_or_file(
    devnet: Description, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    read = []
    try:
        async with _running(devnet, folder) as (running, file), aiohttp.ClientSession() as session:
            await running.readings.read()
            paths = ["/healthz", "/readyz", "/metrics", "/lanes", "/messages", "/openapi.json", "/none"]
            for path in paths:
                async with session.get(running.url + path) as response:
                    read.append(await response.text())
            for authorization in ("", "Bearer wrong", f"Bearer {HTTP_TOKEN}"):
                headers = {"Authorization": authorization}
                async with session.post(
                    running.url + "/lanes/none/pause", json={"why": "x"}, headers=headers
                ) as response:
                    read.append(await response.text())
            while not running.watched.glance.alarms:
                await running.readings.read()
            beside = [
                one
                for one in file.parent.iterdir()
                if one.name not in ("devnet.json", "key.json", "password", "xl2.toml")
            ]
            files = {one.name: one.read_bytes().decode("latin-1") for one in beside if one.is_file()}
    finally:
        root.handlers[:], root.level = handlers, level
        mask.begin()

    printed = capsys.readouterr()
    assert "low-balance" in printed.err
    assert "xl2_" in "".join(read)
    assert shown_in("".join(read)) == []
    assert shown_in(printed.out + printed.err) == []
    assert [name for name, content in files.items() if shown_in(content)] == []

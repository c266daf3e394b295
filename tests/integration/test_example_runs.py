"""The example configuration runs: each key that it shows is taken, and between real chains a message arrives."""

import json
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.clients import file_of
from tests.program import ENVIRONMENT, xl2
from tests.waiting import PATIENCE_SECONDS
from xl2_devnet.devnet_file import Description

EXAMPLE = Path(__file__).parents[2] / "examples" / "xl2.toml"
#: Chains of the example, and those of the devnet that are put in their place.
NAMES = {"l1": "l1", "a": "op-a", "b": "op-b"}
HEADER = re.compile(r"^\[\[?chains\.(\w+)(?:\.(\w+))?\]")
KEY = re.compile(r"^(\w+) = ")


def filled(devnet: dict[str, Any]) -> str:
    """The example with its defaults written out, and the placeholders of its chains, tokens and keys filled in."""
    lines: list[str] = []
    table: dict[str, Any] | None = None
    skipping = False
    for line in EXAMPLE.read_text("utf-8").splitlines():
        # What is commented out shows its default, but for placeholders of keys and addresses.
        is_default = line.startswith("# ") and " = " in line and '"0x..."' not in line and "{" not in line[:12]
        text = line[2:] if is_default and KEY.match(line[2:]) else line
        if text.startswith("["):
            skipping = text.startswith(("[[tokens", "[tokens", "[attester.urls", "[watcher.endpoints"))
            header = HEADER.match(text)
            table = None if header is None else chain_table(devnet, header, kind_after(line))
        key = KEY.match(text)
        if skipping or text.startswith(('  "0x3', "]")):
            continue
        if table is not None and key is not None and key[1] in table:
            text = f"{key[1]} = {json.dumps(table[key[1]])}"
        elif text.startswith("signers = ["):
            continue
        lines.append(text)
        if text.startswith("[keys]"):
            lines += [f"{name} = {json.dumps(secret)}" for name, secret in devnet["keys"].items()]
    return "\n".join(lines) + "\n"


def kind_after(header: str) -> str:
    """Kind of the verifier whose table begins here."""
    text = EXAMPLE.read_text("utf-8")
    kind = re.search(r'^kind = "(\w+)"', text[text.index(header) :], re.MULTILINE)
    return kind[1] if kind else ""


def chain_table(devnet: dict[str, Any], header: re.Match[str], kind: str) -> dict[str, Any]:
    """What the devnet has for a table of the example."""
    chain = devnet["chains"][NAMES[header[1]]]
    if header[2] == "verifiers":
        (found,) = [one for one in chain["verifiers"] if one["kind"] == kind]
        return {name: found[name] for name in ("number", "address", "signers", "threshold") if name in found}
    table = chain if header[2] is None else chain[header[2]]
    return {name: value for name, value in table.items() if name not in ("anchor", "family") and value != {}}


@contextmanager
def relayer(folder: Path) -> Iterator[dict[str, Any]]:
    """`xl2 relayer run -c xl2.toml`, and what it says when it is ready. Ctrl-C ends it with code 0."""
    command = [sys.executable, "-m", "xl2.cli", "relayer", "run", "-c", "xl2.toml", "--json"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            text = ""
            for line in process.stdout:
                text += line
                if line.startswith("}"):
                    break
            assert text, (folder / "log").read_text("utf-8")
            yield json.loads(text)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def answer(folder: Path, *words: str) -> Any:
    """The JSON answer of a verb, with the example's configuration."""
    ran = xl2(folder, *words, "-c", "xl2.toml", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def folder(devnet: Description, tmp_path: Path) -> Path:
    """A folder with the example, filled in."""
    tree = json.loads(file_of(devnet, tmp_path).read_text("utf-8"))
    (tmp_path / "devnet.json").unlink()
    # The same verifiers for both examples' chains; the example's user is one of the devnet's people.
    tree["keys"] = {**tree["keys"], "user": tree["keys"]["bob"]}
    (tmp_path / "xl2.toml").write_text(filled(tree), "utf-8")
    return tmp_path


def test_every_default_of_the_example_stands_in_what_runs(folder: Path) -> None:
    tree = tomllib.loads((folder / "xl2.toml").read_text("utf-8"))

    assert {"store", "listen", "token", "poll_seconds", "batch"} <= set(tree["relayer"])
    assert {"level", "form"} <= set(tree["log"])
    assert tree["chains"]["b"]["verifiers"][0]["kind"] == "proven"


def test_a_relayer_runs_on_the_example_and_carries(devnet: Description, folder: Path) -> None:
    notebook = devnet.chain("op-a").contracts["notebook"]
    with relayer(folder) as running:
        sent = answer(folder, "send", "b", "a", notebook, "by the example", "--class", "attested", "--yes")
        status = answer(folder, "status", sent["id"], "--wait", "delivered", "--timeout", "90")

    assert "b to a, attested" in running["lanes"]
    assert running["url"].startswith("http://127.0.0.1:")
    assert status["state"] in ("delivered", "confirmed", "settled")
    assert (folder / "xl2-relayer.sqlite").is_file()

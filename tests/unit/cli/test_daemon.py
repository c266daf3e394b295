"""Daemons: what starts stands first in their log."""

import json
import logging
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.unit.config.files import written
from xl2.cli.daemon import logging_as_configured

CONFIG = """
[chains.a]
chain_id = 901
family = "op"
rpc_url = "http://127.0.0.1:1"
[log]
level = "INFO"
form = "json"
"""


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """What a daemon sets for its whole process is put back."""
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before[0], before[1]


def test_the_first_line_of_a_log_says_what_runs_and_by_which_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, CONFIG)
    monkeypatch.chdir(tmp_path)

    started = logging_as_configured(Path("xl2.toml"))

    first = json.loads(capsys.readouterr().err.splitlines()[0])
    told = {"version": version("xl2"), "configuration": str(tmp_path / "xl2.toml")}
    assert started.told == told
    assert {name: first[name] for name in told} == told

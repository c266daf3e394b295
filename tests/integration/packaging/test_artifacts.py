"""What the wheel carries is what the sources compile to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from tests.integration.packaging.conftest import ROOT
from tools import artifacts


# solc-js compiles for over a minute, and longer beside others.
@pytest.mark.timeout(900)
def test_committed_artifacts_are_what_the_sources_compile_to() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "tools.artifacts", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert check.returncode == 0, check.stderr


def test_each_way_to_differ_is_named(tmp_path: Path) -> None:
    batch = evolve(artifacts.RELEASE, written=tmp_path)
    for name in ("Same", "Changed", "Dropped"):
        (tmp_path / f"{name}.json").write_text(json.dumps(name), "utf-8")

    found = batch.differences({"Same": '"Same"', "Changed": '"other"', "New": '"New"'})

    assert found == ["New.json is missing", "Dropped.json is not listed in artifacts.txt", "Changed.json differs"]


def test_writing_leaves_nothing_stale(tmp_path: Path) -> None:
    (tmp_path / "Dropped.json").write_text("{}", "utf-8")

    evolve(artifacts.RELEASE, written=tmp_path).write({"New": "{}\n"})

    assert [path.name for path in tmp_path.iterdir()] == ["New.json"]

"""Alert rules by the program that runs them: each fires on what it is for, and on nothing that looks alike."""

import shutil
import subprocess
from pathlib import Path

import pytest

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations"


@pytest.mark.parametrize("words", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")])
def test_the_rules_that_ship_do_what_their_cases_say(words: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on this machine: it comes with Debian's package `prometheus`")

    ran = subprocess.run([promtool, *words], cwd=OPERATIONS, capture_output=True, text=True, check=False, timeout=180)

    assert ran.returncode == 0, ran.stdout + ran.stderr

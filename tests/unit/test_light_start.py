"""`import xl2` and `xl2 --help` load none of the libraries that cost a second of CPU: a verb loads what it needs."""

import json
import subprocess
import sys

import pytest

HEAVY = ("web3", "eth_account", "aiohttp", "eth_abi")

IMPORT = "import xl2"
HELP = """
import contextlib, sys
import xl2.cli

sys.argv = ["xl2", "--help"]
with contextlib.suppress(SystemExit):
    xl2.cli.main()
"""


@pytest.mark.parametrize("program", [IMPORT, HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(program: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys, json\nprint(); print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    loaded = set(json.loads(answer.stdout.splitlines()[-1]))
    assert "xl2" in loaded
    assert not loaded.intersection(HEAVY)

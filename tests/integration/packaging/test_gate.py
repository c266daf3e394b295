"""The gate sees failures: a gate that cannot fail proves nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.packaging.conftest import ROOT

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", ".")

SKIPPING = {
    "by mark": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_it() -> None: ...\n",
    "by call": "import pytest\ndef test_it() -> None:\n    pytest.skip('absent')\n",
    "whole module": "import pytest\npytest.skip('absent', allow_module_level=True)\n",
    "by import": "import pytest\npytest.importorskip('no_such_module_anywhere')\n",
}

#: A test that opens a socket and hides that it was kept from it.
SWALLOWING = """
import socket

def test_it() -> None:
    try:
        socket.socket().bind(("127.0.0.1", 0))
    except Exception:
        pass
"""

#: A thread as old as the session, as a shared devnet's, that opens a socket while a unit test runs.
OLDER_THREAD = """
import socket, threading, queue

orders, done = queue.Queue(), queue.Queue()

def serve() -> None:
    orders.get()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
    done.put("bound")

threading.Thread(target=serve, daemon=True).start()

def test_it() -> None:
    orders.put("bind")
    assert done.get(timeout=60) == "bound"
"""


def run(*command: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    # The suite's conftest has plug-ins of the suite, wherever it is copied to.
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def with_conftest_of(tier: str, tmp_path: Path, test: str) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / tier / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_it.py").write_text(test, "utf-8")


def test_a_failing_solidity_test_fails_forge(tmp_path: Path) -> None:
    # Not where `make forge` builds it, which may be at work beside this.
    out, cache = str(tmp_path / "out"), str(tmp_path / "cache")

    forge = run(
        sys.executable, "-m", "tools.forge", "test",
        FOUNDRY_PROFILE="canary", FOUNDRY_OUT=out, FOUNDRY_CACHE_PATH=cache,
    )  # fmt: skip

    assert "[FAIL: the canary sings] test_canary_fails()" in forge.stdout, forge.stdout + forge.stderr
    assert forge.returncode == 1


@pytest.mark.parametrize("way", SKIPPING)
@pytest.mark.parametrize(("no_skip", "passes"), [("1", False), ("0", True)])
def test_a_skipped_test_fails_where_nothing_may_be_skipped(
    tmp_path: Path, way: str, no_skip: str, *, passes: bool
) -> None:
    with_conftest_of("tests", tmp_path, SKIPPING[way])

    inner = run(*PYTEST, cwd=tmp_path, XL2_NO_SKIP=no_skip)

    # 5 is pytest's word for "nothing collected": a module skipped whole, where that is no failure. 2: it cannot be.
    assert inner.returncode in ({0, 5} if passes else {1, 2}), inner.stdout + inner.stderr
    assert ("XL2_NO_SKIP=1 takes that for a failure" in inner.stdout) is not passes


def test_a_socket_in_a_unit_test_fails_it_whatever_it_catches(tmp_path: Path) -> None:
    with_conftest_of("tests/unit", tmp_path, SWALLOWING)

    inner = run(*PYTEST, cwd=tmp_path)

    assert inner.returncode == 1, inner.stdout
    assert "opened a socket" in inner.stdout


def test_a_devnet_that_runs_beside_unit_tests_keeps_its_sockets(tmp_path: Path) -> None:
    with_conftest_of("tests/unit", tmp_path, OLDER_THREAD)

    inner = run(*PYTEST, cwd=tmp_path)

    assert inner.returncode == 0, inner.stdout

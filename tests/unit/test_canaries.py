"""The watch over the suite's output sees a secret in every form, and says its name alone."""

import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.canaries import DATABASE_PASSWORD, KEYSTORE_PASSWORD, PLANTED, PRIVATE_KEY, RPC_KEY, shown_in
from tests.canary_watch import CanaryWatch
from xl2_devnet.accounts import account

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PLANTED)
def test_each_secret_is_seen_by_its_name(name: str) -> None:
    assert shown_in(f"before {PLANTED[name]} after") == [name]


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (PRIVATE_KEY[2:].upper(), "the raw private key"),
        (str(int(PRIVATE_KEY, 16)), "the raw private key"),
        (repr(bytes.fromhex(PRIVATE_KEY[2:])), "the raw private key"),
        (b64encode(bytes.fromhex(PRIVATE_KEY[2:])).decode(), "the raw private key"),
        (quote(KEYSTORE_PASSWORD, safe=""), "the keystore's password"),
        (f"http://x/{RPC_KEY}?", "the key in the RPC URL"),
        (DATABASE_PASSWORD.replace("%2F", "/"), "the database's password"),
        (account("alice").private_key, "the devnet's key of alice"),
    ],
    # A test's own name is printed too.
    ids=["capitals", "decimal", "bytes", "base64", "percent", "url", "slash", "devnet"],
)
def test_it_is_seen_in_other_forms_too(form: str, name: str) -> None:
    assert shown_in(form) == [name]


def test_what_is_none_is_none() -> None:
    assert shown_in("0x" + "12" * 32 + " canary " + account("alice").address) == []


def report(**fields: Any) -> pytest.TestReport:
    given: dict[str, Any] = {
        "nodeid": "a_test",
        "location": ("", 0, ""),
        "keywords": {},
        "outcome": "passed",
        "longrepr": None,
    }
    return pytest.TestReport(**{**given, "when": "call", **fields})


@pytest.mark.parametrize(
    "told",
    [
        {"sections": [("Captured stdout call", f"x {RPC_KEY}")]},
        {"sections": [("Captured log call", f"x {RPC_KEY}")]},
        {"outcome": "failed", "longrepr": f"assert {RPC_KEY}"},
    ],
)
def test_a_run_in_which_one_shows_fails_and_names_the_test_and_not_the_secret(told: dict[str, Any]) -> None:
    watch = CanaryWatch()

    watch.pytest_runtest_logreport(report(**told))

    assert len(watch.found) == 1
    assert next(iter(watch.found)).startswith("a_test (")
    assert RPC_KEY not in str(watch.found)


def test_a_whole_run_with_one_that_shows_ends_with_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(
        "from tests.canaries import RPC_KEY\nimport subprocess, sys\n"
        "def test_prints():\n    print(RPC_KEY)\n"
        "def test_reads_for_itself(capsys):\n    print(RPC_KEY)\n    capsys.readouterr()\n"
        "def test_runs():\n    subprocess.run([sys.executable, '-c', f'print({RPC_KEY!r})'], capture_output=True)\n"
        "def test_is_a_daemon(tmp_path):\n    (tmp_path / 'relayer.log').write_text(RPC_KEY)\n"
        "def test_is_quiet():\n    pass\n",
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.canary_watch",
        # Those tests are for none of these, and half of the time is for loading them.
        *(word for plugin in ("cacheprovider", "asyncio", "hypothesispytest") for word in ("-p", f"no:{plugin}")),
        str(tmp_path),
    ]

    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout
    assert "5 passed" in ran.stdout
    assert "test_is_a_daemon0/relayer.log shows" in ran.stdout
    for name in ("test_prints", "test_reads_for_itself", "test_runs"):
        assert f"{name} (" in ran.stdout
    assert "test_is_quiet (" not in ran.stdout
    assert RPC_KEY not in ran.stdout

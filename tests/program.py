"""
Program: `xl2` as users run it, in a process of its own.

Comes in: words of a command line. Goes out: what it answered, or the process while it runs. Promise: it meets no
setting of the machine that tests run on, and none is left behind, also when a test fails or the tests are killed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS
from xl2_devnet.bound import bound

#: The machine's, without what `xl2` reads.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("XL2_")}


def xl2(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run it in a folder, to its end. It never shows a traceback, whatever happens."""
    ran = subprocess.run(
        [sys.executable, "-m", "xl2.cli", *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in ran.stdout + ran.stderr
    return ran


@contextmanager
def started(*words: str, log: Path, out: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """It runs until the block ends, unless it ended before; says all in `log`, or what it answers in `out`."""
    with (
        log.open("ab") as said,
        (out or log).open("ab") as answered,
        subprocess.Popen(
            bound([sys.executable, "-m", "xl2.cli", *words]),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=answered,
            stderr=said,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()

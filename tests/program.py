"""
Program: `xl2` as users run it, in a process of its own.

Comes in: words of a command line. Goes out: what it answered, or the process while it runs. Promise: it meets no
setting of the machine that tests run on, and none is left behind, also when a test fails or the tests are killed.
"""

import os
import pty
import select
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


def at_a_terminal(folder: Path, *words: str, question: str, answer: str) -> tuple[int, str]:
    """Run it in a folder, at a terminal of its own, and answer its one question; its exit code, and what was shown."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "xl2.cli", *words], cwd=folder, env=ENVIRONMENT, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        try:
            shown, answered = b"", False
            while part := _read(ours):
                shown += part
                if question.encode() in shown and not answered:
                    os.write(ours, answer.encode() + b"\n")
                    answered = True
            return process.wait(PATIENCE_SECONDS), shown.decode("utf-8", "replace")
        finally:
            process.kill()
            os.close(ours)


def _read(terminal: int) -> bytes:
    """What the terminal shows next; nothing once the program has ended, or says nothing for too long."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
    try:
        return os.read(terminal, 4096) if ready else b""
    except OSError:  # Linux says so when the other side is closed
        return b""

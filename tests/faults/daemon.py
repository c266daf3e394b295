"""
Daemon: a relayer as a process, from its start to its end, and what it said.

Promise: it never outlives the test: who leaves the block kills it, and the kernel does where the test was killed.
`daemon` starts `xl2 relayer run` as anybody would; `doomed.Stable` starts many in little time. What they log is JSON,
one line each.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from tests.faults.lines import LINES
from tests.program import started
from tests.waiting import PATIENCE_SECONDS

_LAST_BYTES = 600
#: Begins what it says when it carries.
_UP = b"pays "


@frozen(kw_only=True)
class Daemon:
    """A relayer's process, running or ended."""

    pid: int
    #: File that its lines go to, behind those of relayers before it, and where they begin.
    said: Path
    begins: int
    #: Its exit code, negative for a signal; waits for it.
    wait: Callable[[], int]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """As `kill -9` does; returns when it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def kill_if_it_runs(self) -> None:
        """The same, where it may have ended before."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """As an operator does, once it is up; its exit code."""
        self.until_up()
        self.signal(signal.SIGTERM)
        return self.wait()

    def until_up(self) -> None:
        """Return when it has said who pays, which it does when it carries."""
        assert self.comes_up(), f"it did not come up: {self._text()!r}"

    def comes_up(self) -> bool:
        """Whether it says who pays; False where it ended before."""
        over = time.monotonic() + PATIENCE_SECONDS
        while _UP not in self._text():
            if not self.runs or time.monotonic() > over:
                return False
            time.sleep(0.005)
        return True

    @property
    def last_words(self) -> str:
        """The last of what it said, for whoever asks why it ended."""
        return self._text()[-_LAST_BYTES:].decode(errors="replace")

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _text(self) -> bytes:
        return self.said.read_bytes()[self.begins :] if self.said.exists() else b""

    def lines(self, event: str | None = None, *, level: Sequence[str] = ()) -> list[dict[str, Any]]:
        """What it said, of one event or all; only of these levels, where some are named."""
        lines = [line for line in self._text().splitlines() if line.startswith(b"{")]
        found: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
        return [
            line for line in found if event in (None, line.get("event")) and (not level or line.get("level") in level)
        ]

    def alarms(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Lines of alarms, of one kind or of all."""
        return [line for line in self.lines() if line.get("alarm") == kind or (kind is None and "alarm" in line)]

    def told(self, fault: str) -> list[dict[str, Any]]:
        """Lines by which a person hears of a fault of the table."""
        return [line for line in self.lines() if LINES[fault].is_said_by(line)]


@contextmanager
def daemon(configuration: Path, *arguments: str) -> Iterator[Daemon]:
    """`xl2 relayer run` with a configuration, gone when the block ends."""
    said = configuration.parent / "relayer.log"
    begins = size_of(said)
    words = ("relayer", "run", "--config", str(configuration), *arguments)
    with started(*words, log=said) as process:
        yield Daemon(pid=process.pid, said=said, begins=begins, wait=lambda: process.wait(PATIENCE_SECONDS))


def size_of(file: Path) -> int:
    """Bytes in a file, 0 where there is none."""
    return file.stat().st_size if file.exists() else 0

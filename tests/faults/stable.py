"""
Stable: many relayers one after the other, each started in milliseconds, some told where to die.

Promise: whatever was started here has ended when the block ends. It is `doomed` as a process, asked by a test.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from attrs import define, field

from tests.faults.daemon import Daemon, size_of
from tests.faults.points import AFTER
from tests.waiting import PATIENCE_SECONDS

_ROOT = Path(__file__).parents[2]


@define
class Stable:
    """A running `doomed`."""

    _process: "subprocess.Popen[bytes]"
    _codes: dict[int, int] = field(factory=dict)
    _started: set[int] = field(factory=set)
    _said: bytes = b""

    def start(
        self,
        configuration: Path,
        *,
        dies_at: str | None = None,
        when: str = AFTER,
        place: int = 1,
        clock: Path | None = None,
        arguments: tuple[str, ...] = (),
    ) -> Daemon:
        """
        `xl2 relayer run` with a configuration.

        `dies_at`: a point of `points`, at its `place`-th call; `clock`: a file that its clock is read from.
        """
        said = configuration.parent / "relayer.log"
        begins = size_of(said)
        order = {
            "arguments": ["relayer", "run", "--config", str(configuration), *arguments],
            "said": str(said),
            "point": dies_at,
            "when": when,
            "place": place,
            "clock": clock and str(clock),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(order, option=orjson.OPT_APPEND_NEWLINE))
        self._process.stdin.flush()
        pid = int(self._next("started")["started"])
        self._started.add(pid)
        return Daemon(pid=pid, said=said, begins=begins, wait=lambda: self._wait(pid))

    def clear(self) -> None:
        """Kill what still runs, and forget all: another process may have the same number one day."""
        for pid in self._started - set(self._codes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self._wait(pid)
        self._started.clear()
        self._codes.clear()

    def _wait(self, pid: int) -> int:
        while pid not in self._codes:
            self._next("ended")
        return self._codes[pid]

    def _next(self, kind: str) -> dict[str, Any]:
        """The next line of a kind; ends that are told meanwhile are kept."""
        while True:
            told: dict[str, Any] = orjson.loads(self._line())
            if "ended" in told:
                self._codes[told["ended"]] = told["code"]
            if kind in told:
                return told

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        while b"\n" not in self._said:
            ready, _, _ = select.select([out], [], [], PATIENCE_SECONDS)
            read = os.read(out, 1 << 16) if ready else b""
            assert read, f"no relayer started or ended within {PATIENCE_SECONDS} s"
            self._said += read
        line, _, self._said = self._said.partition(b"\n")
        return line


@contextlib.contextmanager
def stable() -> Iterator[Stable]:
    """Relayers at hand; all of them are gone when the block ends."""
    command = [sys.executable, "-m", "tests.faults.doomed"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT) as process:
        try:
            yield Stable(process)
        finally:
            process.kill()

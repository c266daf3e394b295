"""
Doomed: a program that starts relayers fast, each of which may be told where in its work to die.

Comes in: orders, one JSON line each on stdin. Goes out: a line when a relayer has started and one when it has ended.
A relayer is a fork of this program, which has imported all that it takes, and then is `xl2 relayer run` to the last
line. Promise: one that was told to die at a point is killed there by the kernel (SIGKILL of itself, nothing flushed or
closed), at the first call that is like the point; a relayer's clock may be turned, its code is never changed. All of
them die with this program.
"""

import asyncio
import ctypes
import gc
import os
import select
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import orjson

from tests.faults.points import AFTER, BEFORE, POINTS, PORTS, Point
from xl2.app.families import ADAPTERS
from xl2.app.installed import installed
from xl2.app.keys import SIGNERS
from xl2.cli import main as xl2
from xl2.clock import SystemClock

_SET_PDEATHSIG = 1
_ALL_IT_TAKES = (
    "xl2.app.relaying",
    "xl2.cli.relayer",
    "xl2.log",
    "xl2_adapters.keys.raw",
    "xl2_adapters.op_stack",
    "xl2_adapters.web3_edge",
    # Who signs loads it with the first key.
    "coincurve",
)


def main() -> None:
    """Carry orders out until stdin ends."""
    # Before the forks, so that none of them does it again, nor walks through it for garbage.
    for module in _ALL_IT_TAKES:
        import_module(module)
    # What is found is kept.
    installed(SIGNERS, "raw")
    installed(ADAPTERS, "op")
    gc.collect()
    gc.freeze()
    wake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    orders = b""
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _tell_of_the_dead()
        if 0 in ready:
            read = os.read(0, 1 << 16)
            if not read:
                return
            *whole, orders = (orders + read).split(b"\n")
            for order in whole:
                _start(orjson.loads(order))


def _start(order: Mapping[str, Any]) -> None:
    pid = os.fork()
    if pid == 0:
        _be_a_relayer(order)
    _tell({"started": pid})


def _tell_of_the_dead() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(what: Mapping[str, int]) -> None:
    os.write(1, orjson.dumps(what, option=orjson.OPT_APPEND_NEWLINE))


def _be_a_relayer(order: Mapping[str, Any]) -> NoReturn:
    """What the order names, in this process, to its end."""
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 70
    try:
        if order["point"]:
            doom(POINTS[order["point"]], order["when"], order["place"])
        if order["clock"]:
            turn_clock(Path(order["clock"]))
        sys.argv = ["xl2", *order["arguments"]]
        xl2()
        code = 0
    except SystemExit as over:
        code = over.code if isinstance(over.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not by returning: that would run what the parent left to be done at its own end.
        os._exit(code)


def doom(point: Point, when: str, place: int) -> None:
    """Let this process die before or after the `place`-th call, from 1, that is like the point."""
    words: dict[bytes, str] = {}
    seen = 0
    _watch_words(words)

    def wrapped(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(self: object, *arguments: Any, **named: Any) -> Any:
            nonlocal seen
            fits = point.matches(arguments, _words_of(point, arguments, words))
            seen += fits
            # Rooms call side by side: others may come while this one waits.
            is_the_one = fits and seen == place
            if is_the_one and when == BEFORE:
                _die()
            try:
                answer = await real(self, *arguments, **named)
            except Exception:
                # It had no effect, so this was not the call.
                seen -= fits
                raise
            if is_the_one and when == AFTER:
                _die()
            return answer

        return call

    for owner in _classes(point.port):
        setattr(owner, point.method, wrapped(getattr(owner, point.method)))


def turn_clock(file: Path) -> None:
    """
    Let the relayer's clock be the machine's, moved and driven as a file says: `<seconds ahead> <rate>`.

    The file is read at each look, so a test can turn it while the relayer runs; its rate stays as it was at the start.
    Steady time is driven and not moved. Monotonic time is left alone.
    """
    began, steady_from = time.time(), time.monotonic()

    def setting() -> tuple[float, float]:
        ahead, rate = file.read_text(encoding="ascii").split()
        return float(ahead), float(rate)

    def now(_self: object) -> float:
        ahead, rate = setting()
        return began + (time.time() - began) * rate + ahead

    def steady(_self: object) -> float:
        return steady_from + (time.monotonic() - steady_from) * setting()[1]

    async def sleep(_self: object, seconds: float) -> None:
        await asyncio.sleep(seconds / setting()[1])

    for name, turned in (("now", now), ("steady", steady), ("sleep", sleep)):
        setattr(SystemClock, name, turned)


def _watch_words(words: dict[bytes, str]) -> None:
    """What each transaction is for, by its bytes and by its hash, from where they are written down."""

    def wrapped(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def keep(self: object, signed: Any, what: str) -> Any:
            words[signed.raw] = words[signed.hash] = what
            return await real(self, signed, what)

        return keep

    for owner in _classes("store"):
        owner.keep = wrapped(owner.keep)


def _words_of(point: Point, arguments: tuple[Any, ...], words: Mapping[bytes, str]) -> str:
    match point.method:
        case "sign_transaction" | "keep":
            return str(arguments[1])
        case "broadcast":
            return words.get(arguments[0], "")
        case "included":
            return words.get(arguments[1].hash, "")
        case _:
            return ""


def _classes(port: str) -> list[Any]:
    found = []
    for place in PORTS[port]:
        module, name = place.split(":")
        try:
            found.append(getattr(import_module(module), name))
        except ModuleNotFoundError:
            continue
    return found


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("a killed process goes on")


if __name__ == "__main__":
    main()

"""
Venv: the project's `.venv`, made and kept equal to the locks.

The locks come in, a `.venv` goes out that holds exactly the packages of `requirements/dev.txt`, each checked by hash,
and xl2 itself, editable. Promise: when nothing has changed this returns at once, and an interrupted run is taken up
again by the next. Runs on the machine's own Python before anything is installed, so it uses the standard library
only, and no syntax that would keep an older Python from saying that it is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MIN_PYTHON = (3, 11)


def main() -> int:
    """Make `.venv` what the locks say; 2, with a sentence, if this machine cannot."""
    if sys.version_info < MIN_PYTHON:
        return _sorry(
            f"xl2 needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}",
            "Name a newer one: `make PYTHON=/path/to/python3.11 test`.",
        )
    VENV.mkdir(exist_ok=True)
    # Two makes at once take turns.
    with (VENV / "setup.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _interpreter() or _packages() or _ourselves()


def _interpreter() -> int:
    stamp, key = VENV / "python.stamp", f"{sys.base_prefix} {sys.version}"
    if _is(stamp, key) and PYTHON.exists():
        return 0
    _say(f"making .venv with Python {sys.version.split()[0]}")
    for old in VENV.glob("*.stamp"):
        old.unlink()
    shutil.rmtree(VENV / "lib", ignore_errors=True)
    if _run(sys.executable, "-m", "venv", str(VENV)) != 0:
        return _sorry(
            "this Python cannot make a virtual environment", "On Debian and Ubuntu: `apt install python3-venv`."
        )
    stamp.write_text(key, encoding="utf-8")
    return 0


def _packages() -> int:
    lock = ROOT / "requirements" / "dev.txt"
    stamp, key = VENV / "packages.stamp", _hash(lock)
    if _is(stamp, key):
        return 0
    _say("installing what requirements/dev.txt locks (once, about half a minute)")
    # The lock is closed, so there is nothing to resolve; `pip check` tells if it is not.
    wanted = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off", "-r", str(lock)]
    if _pip_with_progress(lock, "install", *wanted) != 0 or _pip("check") != 0:
        return _sorry(
            "pip could not install the locked packages",
            "The reason is above (network? disk?). Mend it and run the same command again.",
        )
    stamp.write_text(key, encoding="utf-8")
    return 0


def _ourselves() -> int:
    stamp, key = VENV / "xl2.stamp", _hash(ROOT / "pyproject.toml")
    if _is(stamp, key):
        return 0
    _say("installing xl2 itself, editable")
    if _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)) != 0:
        return _sorry("xl2 itself could not be installed", "The reason is above, the place to mend it pyproject.toml.")
    stamp.write_text(key, encoding="utf-8")
    return 0


def _pip_with_progress(lock: Path, *arguments: str) -> int:
    """Run pip, and count the lock's packages instead of printing four lines for each; all of it if it fails."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    # Markers (`; sys_platform == 'win32'`) leave a few of them out; those are not worth a count of their own.
    count, done, told = sum(line[:1].isalnum() for line in lines), 0, []
    pip = subprocess.Popen(
        [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in pip.stdout or ():
        told.append(line)
        if line.startswith("Collecting "):
            done += 1
            if sys.stdout.isatty() or done % 10 == 0:
                name = line.split()[1].partition("==")[0]
                print(f"{_again()}set-up: {done} of {count} packages, {name}", end=_end(), flush=True)
        elif line.startswith("Installing "):
            print(f"{_again()}set-up: unpacking them", flush=True)
    code = pip.wait()
    if code != 0:
        sys.stderr.writelines(told)
    return code


def _again() -> str:
    """What starts a line over on a terminal."""
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def _end() -> str:
    return "" if sys.stdout.isatty() else "\n"


def _pip(*arguments: str) -> int:
    return _run(str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def _run(*command: str) -> int:
    return subprocess.call(command, cwd=ROOT, stdin=subprocess.DEVNULL)


def _is(stamp: Path, key: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == key


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _say(sentence: str) -> None:
    print(f"set-up: {sentence}", flush=True)


def _sorry(what: str, remedy: str) -> int:
    sys.stderr.write(f"set-up: {what}.\n{remedy}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

"""A run of tests that is killed leaves no process behind: not its relayers, not its chains, not its database."""

import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.waiting import wait_until
from xl2_devnet.accounts import account

_ROOT = Path(__file__).parents[2]
#: Starts what tests start, tells what runs below it, and waits to be killed.
_RUN = """
import asyncio, sys, time
from pathlib import Path
from tests.faults.daemon import daemon
from tests.faults.ground import grounds
from tests.faults.stable import stable
from tests.postgres import server

with grounds(), server() as database, stable() as several, daemon(Path(sys.argv[1])) as one:
    other = several.start(Path(sys.argv[2]))
    for relayer in (one, other):
        while not relayer.lines():
            assert relayer.runs, relayer.last_words
            time.sleep(0.01)
    print(database.url.rpartition("host=")[2], flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends them")
def test_a_run_that_is_killed_leaves_no_relayer_no_chain_and_no_database_behind(tmp_path: Path) -> None:
    files = [configuration(tmp_path / name) for name in ("one", "other")]
    command = [sys.executable, "-c", _RUN, *map(str, files)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, start_new_session=True) as run:
        assert run.stdout is not None
        data = Path(run.stdout.readline().decode().strip())
        below = descendants(run.pid)
        postmaster = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])

        run.send_signal(signal.SIGKILL)

    wait_until(lambda: not any(runs(pid) for pid in (*below, postmaster)), "the end of all that it started")
    # Three chains, a relayer, what starts relayers with one of its own, and who minds the database.
    assert len(below) == 7
    assert not data.exists()


def configuration(folder: Path) -> Path:
    """Of a relayer whose endpoints do not answer: it waits for them."""
    folder.mkdir()
    nowhere = {"rpc_url": "http://127.0.0.1:9"}
    chains = {
        "l1": {"chain_id": 900, "family": "l1", **nowhere},
        "a": {"chain_id": 901, "family": "op", "anchor": "l1", **nowhere},
        "b": {"chain_id": 902, "family": "op", "anchor": "l1", **nowhere},
    }
    file = folder / "xl2.json"
    tree = {
        "chains": chains,
        "keys": {"relayer": account("relayer").private_key},
        "relayer": {"store": "relayer.sqlite", "listen": "127.0.0.1:0"},
        "log": {"level": "INFO", "form": "json"},
    }
    file.write_bytes(orjson.dumps(tree))
    file.chmod(0o600)
    return file


def descendants(pid: int) -> list[int]:
    """All processes below one, as Linux tells."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for thread in threads for child in thread.read_text(encoding="ascii").split()]
    return children + [one for child in children for one in descendants(child)]


def runs(pid: int) -> bool:
    """Whether it does; one that is dead and that nobody reaps does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"

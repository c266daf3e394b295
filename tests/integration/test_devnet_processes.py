"""A devnet as a program: it says when it is ready, and whatever ends it leaves no process and no file."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.devnet_user import User
from tests.waiting import PATIENCE_SECONDS, wait_until
from xl2.errors import Xl2Error
from xl2_adapters.rpc import RpcClient
from xl2_devnet import Description, Options, read, running, up
from xl2_devnet.accounts import account
from xl2_devnet.anvil import AnvilGone
from xl2_devnet.processes import is_running, started_at
from xl2_devnet.proxy import PortTaken
from xl2_devnet.toolchain import ANVIL, find

Start = Callable[..., subprocess.Popen[str]]


def children_of(pid: int) -> list[int]:
    """Processes that this one started and that still run."""
    try:
        names = Path(f"/proc/{pid}/task").iterdir()
        found = " ".join((task / "children").read_text() for task in names)
    except OSError:
        return []
    return [int(child) for child in found.split()]


def is_anvil(pid: int) -> bool:
    try:
        return b"--chain-id" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def all_gone(pids: list[int]) -> bool:
    return all(started_at(pid) is None for pid in pids)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Start]:
    """Starts `xl2 devnet <words>` in a folder of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "xl2_devnet", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    file = tmp_path / "devnet.json"
    if file.exists():
        left = read(file)
        if is_running(left.pid, left.pid_started):
            os.kill(left.pid, signal.SIGKILL)


def up_and_ready(start: Start, tmp_path: Path) -> tuple[subprocess.Popen[str], Description, list[int]]:
    process = start("up")
    file = tmp_path / "devnet.json"

    def ready() -> bool:
        assert process.poll() is None, process.communicate()
        return file.exists()

    wait_until(ready, "devnet.json")
    anvils = children_of(process.pid)
    assert len(anvils) == 3
    assert all(is_anvil(pid) for pid in anvils)
    return process, read(file), anvils


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_devnet_whole(program: Start, tmp_path: Path, number: signal.Signals) -> None:
    process, description, anvils = up_and_ready(program, tmp_path)

    process.send_signal(number)
    code = process.wait(PATIENCE_SECONDS)

    assert code == 0
    assert description.pid == process.pid
    assert all_gone(anvils)
    assert not (tmp_path / "devnet.json").exists()


def test_kill_9_of_the_supervisor_takes_the_anvils_along(program: Start, tmp_path: Path) -> None:
    process, _, anvils = up_and_ready(program, tmp_path)

    process.kill()
    process.wait(PATIENCE_SECONDS)

    wait_until(lambda: all_gone(anvils), "the end of the anvils")


def test_an_anvil_that_dies_ends_the_devnet_with_a_sentence(program: Start, tmp_path: Path) -> None:
    process, _, anvils = up_and_ready(program, tmp_path)

    os.kill(anvils[0], signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode != 0
    assert "anvil" in said
    assert all_gone(anvils)
    assert not (tmp_path / "devnet.json").exists()


def test_down_ends_a_detached_devnet_and_status_tells_of_it(program: Start, tmp_path: Path) -> None:
    detached = program("up", "--detach", "--json")
    told, _ = detached.communicate(timeout=PATIENCE_SECONDS)
    description = read(tmp_path / "devnet.json")
    anvils = children_of(description.pid)
    alive = json.loads(program("status", "--json").communicate(timeout=PATIENCE_SECONDS)[0])
    down = program("down", "--json")
    ended = json.loads(down.communicate(timeout=PATIENCE_SECONDS)[0])

    assert json.loads(told)["devnet"]["pid"] == description.pid
    assert len(anvils) == 3
    assert alive["running"] is True
    assert set(alive["chains"]) == {"l1", "op-a", "op-b"}
    assert (ended, down.returncode) == ({"was_running": True}, 0)
    assert all_gone([description.pid, *anvils])
    assert not (tmp_path / "devnet.json").exists()


def test_down_after_a_crash_removes_the_file_and_says_that_nothing_ran(program: Start, tmp_path: Path) -> None:
    process, _, anvils = up_and_ready(program, tmp_path)
    process.kill()
    process.wait(PATIENCE_SECONDS)
    status = program("status")
    status.communicate(timeout=PATIENCE_SECONDS)

    down = program("down")
    down.communicate(timeout=PATIENCE_SECONDS)

    assert (status.returncode, down.returncode) == (1, 1)
    assert not (tmp_path / "devnet.json").exists()
    wait_until(lambda: all_gone(anvils), "the end of the anvils")


def test_a_second_devnet_does_not_take_the_file_of_a_running_one(program: Start, tmp_path: Path) -> None:
    first, description, _ = up_and_ready(program, tmp_path)

    second = program("up")
    _, said = second.communicate(timeout=PATIENCE_SECONDS)

    assert second.returncode != 0
    assert "is running" in said
    assert read(tmp_path / "devnet.json") == description
    assert first.poll() is None


async def test_a_fault_inside_reaches_whoever_uses_the_devnet() -> None:
    pids: list[int] = []

    async def use_it_while_an_anvil_dies() -> None:
        known = children_of(os.getpid())
        async with up(Options(l2=("op",))):
            pids.extend(pid for pid in children_of(os.getpid()) if is_anvil(pid) and pid not in known)
            os.kill(pids[-1], signal.SIGKILL)
            await asyncio.Event().wait()

    with pytest.raises(AnvilGone, match="ended by itself"):
        await use_it_while_an_anvil_dies()

    assert len(pids) == 2
    assert all_gone(pids)


async def test_an_error_of_the_user_is_not_covered_up() -> None:
    class Mine(Exception):
        pass

    with pytest.raises(Mine):
        async with up(Options(l2=("op",))):
            raise Mine


async def test_a_taken_port_is_said() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(PortTaken, match=str(port)):
            async with up(Options(l2=("op",), ports={"op-a": port})):
                pass
        with pytest.raises(Xl2Error, match="anvil for l1"):
            async with up(Options(l2=("op",), ports={"l1": port})):
                pass


def test_a_devnet_from_a_snapshot_is_the_same_and_lives_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A cache of its own, but the anvil of the user's.
    anvil = find(ANVIL, os.environ)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = Options(anvil=anvil)

    with running(options) as first:
        contracts = {name: (chain.contracts, chain.rollup) for name, chain in first.chains.items()}
    with running(options) as second:
        balance = asyncio.run(_sent(second))

    assert (first.from_snapshot, second.from_snapshot) == (False, True)
    assert {name: (chain.contracts, chain.rollup) for name, chain in second.chains.items()} == contracts
    assert balance == 1


def test_a_snapshot_that_anvil_will_not_take_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anvil = find(ANVIL, os.environ)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = Options(l2=("op",), anvil=anvil)
    with running(options):
        pass
    (kept,) = (tmp_path / "xl2" / "devnet").glob("snapshot-*.json")
    broken: dict[str, Any] = json.loads(kept.read_text())
    broken["states"]["op-a"] = "0x1f8b00"
    kept.write_text(json.dumps(broken))

    with running(options) as again:
        pass

    assert again.from_snapshot is False
    assert json.loads(kept.read_text()) != broken


def test_a_cache_that_takes_no_file_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anvil = find(ANVIL, os.environ)
    (tmp_path / "xl2").write_text("a file where the cache's folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with running(Options(l2=("op",), anvil=anvil)) as devnet:
        assert devnet.from_snapshot is False


async def _sent(devnet: Description) -> int:
    """Balance of a fresh address after a transaction on an L2."""
    user = User(devnet.chain("op-a"), account("alice").private_key)
    to = "0x" + "c0ffee" + "00" * 17
    await user.send(to, value=1)
    async with RpcClient(devnet.chain("op-a").rpc_url) as rpc:
        balance = int(str(await rpc.call("eth_getBalance", to, "latest")), 16)
    await user.close()
    return balance

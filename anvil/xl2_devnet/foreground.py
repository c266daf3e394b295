"""
Foreground: a devnet as a program that a person or a script starts, watches and ends.

Options or a devnet's file come in; sentences, tables or JSON go out. Promise: SIGINT, SIGTERM and SIGHUP end the
devnet in order; `end` returns only when its process is gone, by force if need be. The devnet itself is `devnet`'s.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from xl2.errors import Retryable, RpcUnavailable
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping, quantity
from xl2_devnet.devnet import up
from xl2_devnet.devnet_file import ChainEntry, Description, read
from xl2_devnet.options import Options
from xl2_devnet.processes import is_running, signal_it

_START_SECONDS = 180.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.05


class NotStarted(Retryable):
    """A detached devnet did not come up."""

    default_remedy = "Start it without --detach to watch it fail."


def foreground(options: Options, *, as_json: bool) -> None:
    """Run a devnet until a signal asks for its end.

    Raises:
        Xl2Error: it did not start, or failed while it ran.
    """
    _refuse_second(options)
    asyncio.run(_until_signal(options, as_json=as_json))


def detached(options: Options, *, as_json: bool) -> None:
    """Start a devnet as a process of its own, and return when it is ready.

    Raises:
        NotStarted: it ended or was not ready in time; what it said is quoted.
    """
    _refuse_second(options)
    assert options.file is not None  # noqa: S101 - the command line always names one
    with tempfile.TemporaryFile("w+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "xl2_devnet", "up", *_words(options)],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        began = time.monotonic()
        while not options.file.exists():
            if process.poll() is not None or time.monotonic() - began > _START_SECONDS:
                process.kill()
                text = os.pread(said.fileno(), 1 << 16, 0).decode("utf-8", "replace").strip()
                raise NotStarted(f"the devnet did not come up: {text[-800:]}")
            time.sleep(_LOOK_SECONDS)
    _tell_ready(read(options.file), options.file, as_json=as_json)


def end(file: Path, *, as_json: bool) -> bool:
    """End the devnet of a file; whether it was running.

    Raises:
        ConfigInvalid: there is no such file, or it is not a devnet's.
    """
    description = read(file)
    was_running = signal_it(description.pid, description.pid_started, signal.SIGTERM)
    began = time.monotonic()
    while is_running(description.pid, description.pid_started):
        if time.monotonic() - began > _STOP_SECONDS:
            # Its anvils die with it: the kernel sees to that.
            signal_it(description.pid, description.pid_started, signal.SIGKILL)
        time.sleep(_LOOK_SECONDS)
    file.unlink(missing_ok=True)
    if as_json:
        click.echo(orjson.dumps({"was_running": was_running}).decode())
    else:
        click.echo("the devnet is down" if was_running else "the devnet was not running; its file is removed")
    return was_running


def tell(file: Path, *, as_json: bool) -> bool:
    """Tell how far each chain of a devnet is; whether it is running.

    Raises:
        ConfigInvalid: there is no such file, or it is not a devnet's.
    """
    description = read(file)
    alive = is_running(description.pid, description.pid_started)
    chains = asyncio.run(_heights(description)) if alive else {}
    if as_json:
        click.echo(orjson.dumps({"running": alive, "pid": description.pid, "chains": chains}).decode())
    elif alive:
        Console().print(_table(description, chains))
    else:
        click.echo(f"the devnet of {file} is not running; `xl2 devnet down` removes the file")
    return alive


async def _until_signal(options: Options, *, as_json: bool) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    started = asyncio.current_task()

    def ask() -> None:
        # Before it is ready there is nothing to wait for, so the start itself is taken back.
        if not asked.is_set():
            asked.set()
            if not ready and started is not None:
                started.cancel()

    ready = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)
    console = Console(stderr=True)
    try:
        with console.status("starting the devnet") as progress:
            async with up(options, say=progress.update) as description:
                ready = True
                progress.stop()
                _tell_ready(description, options.file, as_json=as_json)
                await asked.wait()
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        raise click.Abort from None


def _refuse_second(options: Options) -> None:
    """A file of a running devnet is not written over: nobody could end that one any more."""
    if options.file is None or not options.file.exists():
        return
    there = read(options.file)
    if is_running(there.pid, there.pid_started):
        raise NotStarted(
            f"{options.file} describes a devnet that is running (pid {there.pid})",
            remedy="End it with `xl2 devnet down`, or name another file with --file.",
        )
    options.file.unlink(missing_ok=True)


def _words(options: Options) -> list[str]:
    words = ["--l2", ",".join(options.l2), "--file", str(options.file), "--json"]
    words += ["--l1-block-seconds", str(options.clocks.l1_block_seconds)]
    words += ["--l2-block-seconds", str(options.clocks.l2_block_seconds)]
    words += ["--cache" if options.cache else "--no-cache"]
    words += ["--anvil", str(options.anvil)] if options.anvil else []
    for name, port in options.ports.items():
        words += ["--port", f"{name}={port}"]
    return words


def _tell_ready(description: Description, file: Path | None, *, as_json: bool) -> None:
    if as_json:
        told = orjson.loads(description.to_json())
        # What is printed ends in logs; who needs the keys reads the file.
        del told["keys"]
        click.echo(orjson.dumps(told).decode())
        return
    how = "from a snapshot" if description.from_snapshot else "from nothing"
    Console().print(_table(description, {}))
    for notice in description.notices:
        click.echo(f"note: {notice}")
    click.echo(f"ready in {description.ready_seconds:.2f} s {how}; described in {file}")


def _table(description: Description, heights: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("chain", "id", "family", "URL", *(("latest", "finalized") if heights else ())):
        table.add_column(column)
    for name, chain in description.chains.items():
        height = heights.get(name, {})
        far = [str(height.get("latest")), str(height.get("finalized"))] if heights else []
        table.add_row(name, str(chain.chain_id), chain.family, chain.rpc_url, *far)
    return table


async def _heights(description: Description) -> dict[str, Any]:
    async with asyncio.TaskGroup() as tasks:
        asked = {name: tasks.create_task(_height(chain)) for name, chain in description.chains.items()}
    return {name: task.result() for name, task in asked.items()}


async def _height(chain: ChainEntry) -> dict[str, Any]:
    calls = [Call("eth_getBlockByNumber", (tag, False)) for tag in ("latest", "finalized")]
    async with RpcClient(chain.rpc_url) as rpc:
        try:
            latest, final = (quantity(mapping(block, rpc.name)["number"], rpc.name) for block in await rpc.batch(calls))
        except RpcUnavailable as error:
            return {"error": error.what}
    return {"latest": latest, "finalized": final}

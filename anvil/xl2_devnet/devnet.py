"""
Devnet: one L1 and its L2s, from nothing to ready, supervised until the end.

Options come in; a running devnet goes out. `up` is an async context manager for one event loop; `running` is the same
for code that has none, or several. Promise: what is yielded answers; while it runs nothing in it fails unseen (the
first fault ends it, as that fault's error); and whatever ends it, no process is left.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from xl2.errors import RpcUnavailable, Xl2Error
from xl2_devnet import devnet_file
from xl2_devnet.controls import Controls
from xl2_devnet.devnet_file import Description
from xl2_devnet.ground import ground
from xl2_devnet.kinds import rollups_of
from xl2_devnet.options import Options
from xl2_devnet.own_thread import in_own_thread
from xl2_devnet.rollup import Say
from xl2_devnet.run import Supervise, run
from xl2_devnet.toolchain import ANVIL, find

_BLAME_SECONDS = 1.0


@contextlib.asynccontextmanager
async def up(
    options: Options | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    say: Say = lambda _sentence: None,
    controls: Controls | None = None,
) -> AsyncIterator[Description]:
    """Start a devnet; it ends with the block. `controls`: a test's levers.

    Raises:
        Xl2Error: it cannot be started, or something in it failed while it ran.
    """
    began = time.monotonic()
    options = options or Options()
    env = os.environ if environ is None else environ
    binary = await asyncio.to_thread(find, ANVIL, env, explicit=options.anvil, say=say)
    families = rollups_of(site.family for site in options.l2_sites.values())
    for family in families.values():
        await asyncio.to_thread(family.prepare, env, say)
    try:
        async with contextlib.AsyncExitStack() as stack:
            chains, deployed, from_snapshot = await ground(binary, options, families, stack=stack, environ=env, say=say)
            supervise = await stack.enter_async_context(_supervised())
            for chain in chains.values():
                supervise(f"anvil {chain.site.name}", chain.node.wait())
            description = await run(
                options, chains, deployed, families, stack=stack, supervise=supervise, controls=controls or Controls()
            )
            description = evolve(
                description,
                from_snapshot=from_snapshot,
                ready_seconds=time.monotonic() - began,
                notices=tuple(notice for family in families.values() for notice in family.notices),
            )
            if options.file is not None:
                stack.enter_context(_file(options.file, description))
            yield description
    except BaseExceptionGroup as group:
        # The first fault is the cause; what fell with it is not worth a tree of errors.
        raise _first(group) from None


@contextlib.contextmanager
def running(
    options: Options | None = None, *, say: Say = lambda _sentence: None, controls: Controls | None = None
) -> Iterator[Description]:
    """`up`, in a thread with an event loop of its own.

    Raises:
        Xl2Error: it cannot be started, or something in it failed while it ran.
    """
    with in_own_thread(lambda: up(options, say=say, controls=controls), name="xl2 devnet") as description:
        yield description


@contextlib.asynccontextmanager
async def _supervised() -> AsyncIterator[Supervise]:
    """What is started within ends with the block, and the block with the first of it that fails."""
    started: list[asyncio.Task[None]] = []

    def start(name: str, work: Coroutine[Any, Any, None]) -> None:
        started.append(tasks.create_task(_patient(work), name=name))

    async with asyncio.TaskGroup() as tasks:
        yield start
        for task in started:
            task.cancel()


async def _patient(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except RpcUnavailable:
        # If an anvil has died, whoever watches its process tells that in a moment, and it is the better sentence.
        await asyncio.sleep(_BLAME_SECONDS)
        raise


@contextlib.contextmanager
def _file(path: Path, description: Description) -> Iterator[None]:
    devnet_file.write(path, description)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    faults = [fault for fault in _leaves(group) if isinstance(fault, Xl2Error)]
    return faults[0] if faults else next(_leaves(group))


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for fault in group.exceptions:
        if isinstance(fault, BaseExceptionGroup):
            yield from _leaves(fault)
        else:
            yield fault

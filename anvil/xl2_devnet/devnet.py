"""
Devnet: one L1 and its L2s, from nothing to ready, supervised until the end.

Options come in; a running devnet goes out. `up` is an async context manager for one event loop; `running` is the same
for code that has none, or several. Promise: what is yielded answers; while it runs nothing in it fails unseen (the
first fault ends it, as that fault's error); and whatever ends it, no process is left.
"""

import asyncio
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from xl2.errors import RpcRejected, RpcUnavailable, Xl2Error
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_devnet import devnet_file, snapshot
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER, account
from xl2_devnet.anvil import Anvil, anvil
from xl2_devnet.deploy import deploy
from xl2_devnet.devnet_file import ChainEntry, Description
from xl2_devnet.gate import Gate
from xl2_devnet.l1_account import L1Account
from xl2_devnet.op_genesis import PREDEPLOYS
from xl2_devnet.op_node import OpNode
from xl2_devnet.op_proposer import OpProposer
from xl2_devnet.options import L1_NAME, Options
from xl2_devnet.processes import started_at
from xl2_devnet.proxy import door
from xl2_devnet.sites import Deployed, Site
from xl2_devnet.toolchain import ANVIL, find

log = logging.getLogger(__name__)

_BLAME_SECONDS = 1.0

#: Calls of ours may take long while a machine is busy compiling.
_LIMITS = RpcLimits(read_timeout_seconds=60, total_timeout_seconds=90)
#: For what must not be sent twice.
_ONCE = evolve(_LIMITS, max_attempts=1)

#: Starts work under a name.
_Supervise = Callable[[str, Coroutine[Any, Any, None]], None]
#: Told one plain sentence about each thing that takes time.
Say = Callable[[str], object]


@contextlib.asynccontextmanager
async def up(
    options: Options | None = None, *, environ: Mapping[str, str] | None = None, say: Say = lambda _sentence: None
) -> AsyncIterator[Description]:
    """Start a devnet; it ends with the block.

    Raises:
        Xl2Error: it cannot be started, or something in it failed while it ran.
    """
    began = time.monotonic()
    options = options or Options()
    env = os.environ if environ is None else environ
    binary = await asyncio.to_thread(find, ANVIL, env, explicit=options.anvil, say=say)
    try:
        async with contextlib.AsyncExitStack() as stack:
            chains, deployed, from_snapshot = await _deployed(binary, options, stack, env, say)
            supervise = await stack.enter_async_context(_supervised())
            for chain in chains.values():
                supervise(f"anvil {chain.site.name}", chain.node.wait())
            description = await _start(options, chains, deployed, stack, supervise)
            description = evolve(description, from_snapshot=from_snapshot, ready_seconds=time.monotonic() - began)
            if options.file is not None:
                stack.enter_context(_file(options.file, description))
            yield description
    except BaseExceptionGroup as group:
        # The first fault is the cause; what fell with it is not worth a tree of errors.
        raise _first(group) from None


@contextlib.contextmanager
def running(options: Options | None = None, *, say: Say = lambda _sentence: None) -> Iterator[Description]:
    """`up`, in a thread with an event loop of its own.

    Raises:
        Xl2Error: it cannot be started, or something in it failed while it ran.
    """
    ready: queue.SimpleQueue[Description | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    async def supervise() -> None:
        async with up(options, say=say) as description:
            ready.put(description)
            await asyncio.to_thread(stop.wait)

    fault: list[BaseException] = []

    def thread() -> None:
        try:
            asyncio.run(supervise())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            fault.append(error)
            ready.put(error)

    # The kernel ties an anvil's life to the thread that started it, so this thread lives as long as they do.
    supervisor = threading.Thread(target=thread, name="xl2 devnet")
    supervisor.start()
    try:
        first = ready.get()
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        stop.set()
        supervisor.join()
    if fault:
        raise fault[0]


@frozen(kw_only=True)
class _Chain:
    site: Site
    node: Anvil
    rpc: RpcClient


@contextlib.asynccontextmanager
async def _chain(binary: Path, site: Site, options: Options) -> AsyncIterator[_Chain]:
    clocks = options.clocks
    states = clocks.l1_states_kept if site.family == "l1" else clocks.states_kept
    arguments = [
        "--chain-id", str(site.chain_id), "--accounts", str(len(ACCOUNTS)), "--balance", str(FUNDED_ETHER),
        "--slots-in-an-epoch", str(clocks.slots_in_an_epoch), "--prune-history", str(states),
        "--gas-limit", str(clocks.gas_limit), "--no-mining",
    ]  # fmt: skip
    if site.family != "l1":
        # A deposit whose value the sender lacks must be mined (as failed, with its mint kept), not refused.
        arguments += ["--network", "optimism", "--order", "fifo", "--disable-pool-balance-checks"]
    # An L2's own port belongs to its door.
    port = options.ports.get(site.name, 0) if site.family == "l1" else 0
    async with (
        anvil(binary, site.name, port=port, arguments=arguments) as node,
        RpcClient(node.url, limits=_ONCE) as rpc,
    ):
        await rpc.require_chain(site.chain_id)
        # It would log each call into a file that nobody reads.
        await rpc.call("anvil_setLoggingEnabled", False)
        yield _Chain(site=site, node=node, rpc=rpc)


async def _deployed(
    binary: Path, options: Options, stack: contextlib.AsyncExitStack, environ: Mapping[str, str], say: Say
) -> tuple[Mapping[str, _Chain], Deployed, bool]:
    """Chains with all contracts in place, from a snapshot if there is one; whether there was."""
    folder = snapshot.cache_folder(environ)
    key = await asyncio.to_thread(snapshot.key_of, anvil=binary, parameters=(options.l2, options.clocks))
    chains = await _chains(binary, options, stack)
    found = snapshot.load(folder, key) if options.cache else None
    if found is not None:
        try:
            for name, state in found.states.items():
                await chains[name].rpc.call("anvil_loadState", state)
            return chains, Deployed.from_tree(found.deployed), True
        except RpcRejected:
            # Some chains may hold it by now, so all begin anew.
            snapshot.forget(folder, key)
            await stack.aclose()
            chains = await _chains(binary, options, stack)
    say("deploying the rollups and xl2")
    rpcs = {name: chain.rpc for name, chain in chains.items()}
    deployed = await deploy(options.sites, rpcs, options.clocks)
    if options.cache:
        states = {name: str(await rpc.call("anvil_dumpState")) for name, rpc in rpcs.items()}
        kept = snapshot.Snapshot(states=states, deployed=deployed.to_tree())
        try:
            await asyncio.to_thread(snapshot.keep, folder, key, kept)
        except OSError as error:
            # A full disk or a cache that is not ours: the next start is slower, that is all.
            log.warning("snapshot not kept", extra={"fields": {"folder": str(folder), "error": error.strerror}})
    return chains, deployed, False


async def _chains(binary: Path, options: Options, stack: contextlib.AsyncExitStack) -> Mapping[str, _Chain]:
    return {
        name: await stack.enter_async_context(_chain(binary, site, options)) for name, site in options.sites.items()
    }


async def _start(
    options: Options,
    chains: Mapping[str, _Chain],
    deployed: Deployed,
    stack: contextlib.AsyncExitStack,
    supervise: _Supervise,
) -> Description:
    """Set the clocks going: L1 blocks, sequencers, doors, proposers."""
    clocks, l1 = options.clocks, chains[L1_NAME]
    head = int(str(await l1.rpc.call("eth_blockNumber")), 16)
    proposer, challenger = (L1Account(l1.rpc, account(role).address) for role in ("proposer", "challenger"))
    entries = {L1_NAME: _entry(l1, deployed, rpc_url=l1.node.url, block_seconds=clocks.l1_block_seconds)}
    supervise("L1 blocks", _seal_l1(l1.rpc, clocks.l1_block_seconds))
    for name, chain in chains.items():
        if name == L1_NAME:
            continue
        gate = Gate(chain.rpc, gas_limit=clocks.gas_limit)
        rollup = deployed.rollups[name]
        sequencer = OpNode(
            name=name,
            l1=l1.rpc,
            l2=chain.rpc,
            portal=rollup["portal"],
            gate=gate,
            block_seconds=clocks.l2_block_seconds,
            clock=time.monotonic,
        )
        await sequencer.start(head)
        # A snapshot's head is as old as the snapshot: nobody is let in before a clock that stands at now.
        await sequencer.seal()
        roots = OpProposer(
            name=name,
            l1=l1.rpc,
            l2=chain.rpc,
            factory=rollup["dispute_game_factory"],
            proposer=proposer,
            challenger=challenger,
            clocks=clocks,
            clock=time.monotonic,
            busy_block=sequencer.busy_block,
        )
        await roots.start()
        supervise(f"sequencer {name}", sequencer.run())
        supervise(f"proposer {name}", roots.run())
        url = await stack.enter_async_context(door(chain.node.url, gate, port=options.ports.get(name, 0)))
        entries[name] = _entry(chain, deployed, rpc_url=url, block_seconds=clocks.l2_block_seconds)
    return Description(
        chains=entries, clocks=clocks, pid=os.getpid(), pid_started=started_at(os.getpid()) or 0, tokens=deployed.tokens
    )


async def _seal_l1(l1: RpcClient, block_seconds: float) -> None:
    """A block of L1 whenever its time is up. Not by anvil's own timer, which knows only whole seconds."""
    due = time.monotonic()
    while True:
        due = max(due + block_seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        await l1.call("evm_mine")


def _entry(chain: _Chain, deployed: Deployed, *, rpc_url: str, block_seconds: float) -> ChainEntry:
    site = chain.site
    return ChainEntry(
        name=site.name,
        chain_id=site.chain_id,
        family=site.family,
        rpc_url=rpc_url,
        node_url=chain.node.url,
        block_seconds=block_seconds,
        anchor="" if site.family == "l1" else L1_NAME,
        contracts=deployed.contracts.get(site.name, {}),
        rollup=deployed.rollups.get(site.name, {}),
        predeploys={} if site.family == "l1" else PREDEPLOYS,
        verifiers=deployed.verifiers.get(site.name, ()),
    )


@contextlib.asynccontextmanager
async def _supervised() -> AsyncIterator[_Supervise]:
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

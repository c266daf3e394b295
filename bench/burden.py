"""
Burden: how the daemon bears many chains, many pending messages and a restart amid them; and a peer beside it.

Promise: each figure is of the daemon as a process of its own, on chains whose storage says what its store says. What a
run is, is `carried`'s.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from attrs import frozen

from bench.carried import POLL_SECONDS, Bench, Say, bench, opened
from bench.daemons import Daemon, attesters, daemon, relayer_configuration
from bench.figures import Figure, figure
from bench.ground import RECIPIENT, ground
from bench.interop import autorelayed
from bench.supersim import is_for_this_machine
from bench.traffic import hand_over, signed, until_called
from xl2.core.evidence import Finality
from xl2.core.lane import Lane, extend
from xl2.core.message import Message
from xl2.core.storage import LaneWord, following, lane_slot
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, Hash32, Nonce, Wei, address, checksum, hex_text
from xl2.ports import Cursor, Log, Sent
from xl2.ports import Place as Stands
from xl2.store import open_store
from xl2_adapters.attester_http import HttpAttester
from xl2_adapters.op_stack.chain import OpChain
from xl2_devnet.accounts import account
from xl2_devnet.node import NodeMissing
from xl2_devnet.packages import FetchFailed

#: Large enough that the rate is measured, and not how long the last block is waited for; 250 for each of 56 lanes.
_SPREAD: Final = 14_000
#: Carried first, so that connections stand and lanes have learned what a message takes.
_FIRST: Final = 2_800
_RUNS: Final = 3
_WARM_UP_SECONDS: Final = 30.0
_IDLE_SECONDS: Final = 10.0
_BACKLOG: Final = 10_000
_PENDING: Final = 1_000_000
_PIECE: Final = 10_000
_LOOK_SECONDS: Final = 0.05
_PEER_MESSAGES: Final = 1_000


async def measure_chains(say: Say) -> dict[str, Figure]:
    """Two chains against eight, all to all; and eight that are idle."""
    rates = {}
    async with bench(one_way=False) as one:
        rates[2] = await _rate(one, say)
    say(f"2 chains: {rates[2]:.0f}/s")
    async with bench(chains=8, one_way=False) as one:
        await asyncio.sleep(_WARM_UP_SECONDS)
        cpu = -one.relayer.cpu_seconds()
        await asyncio.sleep(_IDLE_SECONDS)
        idle = 100 * (cpu + one.relayer.cpu_seconds()) / _IDLE_SECONDS
        say(f"8 chains: {idle:.1f} % of a core while idle")
        rates[8] = await _rate(one, say)
    say(f"8 chains: {rates[8]:.0f}/s")
    how = (
        f"{_SPREAD:,} messages over the attested lanes of eight chains, all to all, after {_FIRST:,} to warm up, "
        f"median of {_RUNS} runs of one daemon"
    )
    return {
        "eight_chains_ratio": figure(
            rates[8] / rates[2], "x", f"messages/s: {how}, over the same on the two lanes of two"
        ),
        "two_chains_messages_per_s": figure(rates[2], "messages/s", "the same on the two lanes between two chains"),
        "eight_chains_messages_per_s": figure(rates[8], "messages/s", how),
        "idle_8_chains_percent": figure(
            idle, "%", f"of a core, 8 chains with a block a second, 56 lanes, looked at each {POLL_SECONDS} s"
        ),
    }


async def _rate(one: Bench, say: Say) -> float:
    """Messages a second of a daemon that is warm."""
    await one.run(_FIRST)
    rates = []
    for _ in range(_RUNS):
        run = await one.run(_SPREAD)
        say(f"{len(one.chains)} chains: {run.rate:.0f}/s, {run.cpu_ms:.3f} ms each, {run.transactions} deliveries")
        rates.append(run.rate)
    return median(rates)


async def measure_restart(say: Say) -> dict[str, Figure]:
    """From the start of the process, with 10,000 messages observed and none delivered, to the first delivery."""
    async with _road() as road:
        async with open_store("relayer.sqlite", road.file.parent) as store:
            await store.pause(road.lane, "the bench wants a backlog", "bench", time.time())
        async with daemon(road.file, "relayer", "run") as first:
            await hand_over(await signed(road.origin, road.lane, _BACKLOG, account("alice")))
            await _until_observed(first, _BACKLOG)
            await _warm(road.urls, road.lane, (await road.origin.head(Finality.FINALIZED)).number)
            await first.stop()
        async with open_store("relayer.sqlite", road.file.parent) as store:
            await store.resume(road.lane)
        since = time.perf_counter()
        async with daemon(road.file, "relayer", "run"):
            ready = time.perf_counter()
            came = await until_called({road.destination.chain: (road.destination, 1)})
            last = await until_called({road.destination.chain: (road.destination, _BACKLOG)})
    say(f"ready after {ready - since:.2f} s, first delivery {came - ready:.2f} s later, all {last - ready:.2f} s later")
    how = f"with {_BACKLOG:,} messages observed and none delivered"
    return {
        "restart_10k_first_delivery_s": figure(
            came - ready,
            "s",
            f"{how}, attesters knowing them: from when the new process says that it runs to a delivery's block",
        ),
        "restart_10k_start_s": figure(ready - since, "s", f"{how}: from the start of the process to when it says so"),
        "restart_10k_all_s": figure(last - ready, "s", f"{how}: to the block of the last delivery"),
    }


async def measure_pending(say: Say) -> dict[str, Figure]:
    """A daemon whose store has a million messages that wait."""
    async with _road() as road:
        head = await _fill(road.origin, road.lane, road.file.parent)
        await _write_head(road.origin, road.lane, head)
        since = time.perf_counter()
        async with daemon(road.file, "relayer", "run") as running:
            ready = time.perf_counter() - since
            await asyncio.sleep(_IDLE_SECONDS)
            rss = running.rss_bytes() / 2**20
    say(f"{_PENDING:,} pending: ready after {ready:.1f} s, {rss:.0f} MB")
    how = f"{_PENDING:,} observed messages in the store and in the outbox's head"
    return {
        "pending_1m_ready_s": figure(ready, "s", f"{how}: from the start of the process to when it says that it runs"),
        "pending_1m_rss_mb": figure(rss, "MB", f"{how}: memory of the daemon {_IDLE_SECONDS:.0f} s later"),
    }


async def measure_peer(say: Say) -> dict[str, Figure]:
    """Supersim's own relayer and ours, one after the other; no attester signs for supersim's."""
    if not is_for_this_machine():
        say("ratio to supersim not measured: it has no binary for this machine")
        return {}
    try:
        theirs = await autorelayed(_PEER_MESSAGES, say)
    except (FetchFailed, NodeMissing) as missing:
        say(f"ratio to supersim not measured: {missing.what}")
        return {}
    async with bench() as one:
        ours = await one.run(_PEER_MESSAGES)
    say(
        f"supersim: {theirs.rate:.1f}/s, {theirs.cpu_ms:.1f} ms each; xl2: {ours.rate:.0f}/s, {ours.cpu_ms:.2f} ms each"
    )
    how = f"{_PEER_MESSAGES:,} messages, supersim's autorelay (2 s blocks) and the daemon (1 s blocks) in the same run"
    return {
        "supersim_messages_per_s": figure(theirs.rate, "messages/s", f"supersim's; {how}"),
        "rate_over_supersim": figure(ours.rate / theirs.rate, "x", f"messages/s; {how}"),
        "cpu_of_supersim_over_ours": figure(theirs.cpu_ms / ours.cpu_ms, "x", f"CPU for a message; {how}"),
    }


@frozen(kw_only=True)
class _Road:
    """A lane between two chains, attesters beside it, and a relayer's configuration on the disk."""

    file: Path
    #: Of attesters, by their address.
    urls: Mapping[str, str]
    origin: OpChain
    destination: OpChain
    lane: Lane


@asynccontextmanager
async def _road() -> AsyncIterator[_Road]:
    with TemporaryDirectory(prefix="xl2-bench-") as name:
        folder = Path(name)
        async with ground() as places, attesters(places, folder) as urls:
            file = relayer_configuration(places, urls, folder, poll_seconds=POLL_SECONDS)
            async with opened(file, places) as known:
                origin, destination = known.values()
                lane = await origin.lane_to(destination.chain, Assurance.ATTESTED)
                yield _Road(file=file, urls=urls, origin=origin, destination=destination, lane=lane)


async def _warm(urls: Mapping[str, str], lane: Lane, block: BlockNumber) -> None:
    """Let the attesters recompute the lane's log: they run on while a relayer is restarted."""
    for signer, url in urls.items():
        async with HttpAttester(url, address(signer)) as attester:
            await attester.attest(Log(lane=lane, kind=LogKind.LANE), block)


async def _until_observed(running: Daemon, wanted: int) -> None:
    """Wait until the daemon's log says that so many messages were observed."""
    while _observed(running.log) < wanted:  # noqa: ASYNC110 - of a file that another process writes
        await asyncio.sleep(_LOOK_SECONDS)


def _observed(log: Path) -> int:
    lines = [orjson.loads(line) for line in log.read_bytes().splitlines() if line.startswith(b"{")]
    return sum(line["entries"] for line in lines if line.get("event") == "observed" and line.get("log") == "lane")


async def _fill(origin: OpChain, lane: Lane, folder: Path) -> Hash32:
    """Write observed messages into a store; the head that they lead to."""
    tip = await origin.head(Finality.LATEST)
    place = Stands(block=tip.number, block_hash=tip.hash, tx_hash=Hash32(b"\x01" * 32), log_index=0)
    cursor = Cursor(log=Log(lane=lane, kind=LogKind.LANE), block=tip.number, block_hash=tip.hash)
    head = lane.log
    async with open_store("relayer.sqlite", folder) as store:
        for first in range(0, _PENDING, _PIECE):
            sent = [Sent(message=_message(lane, nonce), place=place) for nonce in range(first, first + _PIECE)]
            await store.observe(cursor, sent, time.time())
            for one in sent:
                head = extend(head, one.message.id)
    return head


async def _write_head(origin: OpChain, lane: Lane, head: Hash32) -> None:
    """Let the outbox say that it has sent them."""
    slot = lane_slot(lane)
    word = LaneWord(inbox=lane.inbox, count=_PENDING, escrow=Wei(0)).pack()
    for where, value in ((slot, head), (following(slot), word)):
        await origin.ask("anvil_setStorageAt", checksum(origin.outbox), hex_text(where), hex_text(value))


def _message(lane: Lane, nonce: int) -> Message:
    return Message(
        assurance=lane.assurance,
        origin=lane.origin,
        destination=lane.destination,
        nonce=Nonce(nonce),
        outbox=lane.outbox,
        inbox=lane.inbox,
        sender=Address(b"\x03" * 20),
        recipient=RECIPIENT,
        gas_limit=100_000,
        payload=b"pending",
    )

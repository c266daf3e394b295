"""
Interop: our relayer beside supersim's own, on the same chains, in one run.

Nothing comes in, figures go out. Promise: both carry the same messages between chains of the same supersim, one after
the other; a run in which one is missing or failed counts for nothing. Messages per second: from the first send to when
the block of the last delivery shows. CPU: user and system time of the process that relays; supersim also serves the
chains, so its own is told less what it takes idle, and what it takes to check our relays is told beside it.

`python -m bench.interop [MESSAGES [ROUNDS]]` measures and keeps the figures in `results/rollups.json`.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from statistics import mean, quantiles
from typing import Final

from attrs import frozen

from bench.daemons import cpu_seconds
from bench.figures import Figure, load, save
from bench.supersim import Supersim, supersim
from xl2.core.types import BlockNumber, ChainId, Wei, hex_text
from xl2.errors import Xl2Error
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop.contracts import MESSENGER, RELAYED, SEND, SENT
from xl2_adapters.op_stack.interop.transaction import Unsigned
from xl2_adapters.rpc import Call, RpcLimits
from xl2_adapters.web3_edge import signer
from xl2_devnet.accounts import account

ORIGIN: Final = ChainId(901)
DESTINATION: Final = ChainId(902)
#: `slot0 += 1`, as in every comparison of relays.
_RECIPIENT: Final = "0x00000000000000000000000000000000000c0ffe"
_RECIPIENT_CODE: Final = "0x60005460010160005500"
_BODY: Final = bytes.fromhex("11" * 32)
_SEND_GAS: Final = 90_000
_BATCH: Final = 100
_POLL_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 6.0
_PATIENCE_SECONDS: Final = 240.0


class Incomplete(Xl2Error):
    """Not every message came through, so that nothing was measured."""

    default_remedy = "Read what the relayer said; run the bench again on a quiet machine."


@frozen(kw_only=True)
class Run:
    """What one relayer did with all messages."""

    messages: int
    seconds: float
    #: Seconds from the block of the send to the block of the delivery, by their timestamps.
    latencies: Sequence[int]
    #: Of the relaying process alone, in seconds.
    relayer_cpu: float
    #: Of supersim's process, less what it takes idle, in seconds.
    supersim_cpu: float

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU of the relayer, for a message."""
        return 1e3 * self.relayer_cpu / self.messages

    def latency(self, percent: int) -> float:
        """Percentile of the latencies."""
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def measure_interop(say: Callable[[str], object], messages: int = 1_000, rounds: int = 3) -> dict[str, Figure]:
    """Both relayers in turn, `rounds` times each; their means."""
    theirs: list[Run] = []
    ours: list[Run] = []
    before = os.getloadavg()[0]
    for number in range(1, rounds + 1):
        theirs.append(await autorelayed(messages, say))
        say(f"round {number}, supersim: {_told(theirs[-1])}")
        ours.append(await _our_relay(messages, say))
        say(f"round {number}, xl2: {_told(ours[-1])}")
    return _figures(messages, theirs, ours, f"load {before:.1f} before the run")


async def autorelayed(messages: int, say: Callable[[str], object]) -> Run:
    """One run of supersim's own relayer."""
    async with supersim(autorelay=True, say=say) as chains:
        return await _carried(chains, messages, None)


async def _our_relay(messages: int, say: Callable[[str], object]) -> Run:
    async with supersim(say=say) as chains, _relayer(chains) as pid:
        return await _carried(chains, messages, pid)


@contextlib.asynccontextmanager
async def _relayer(chains: Supersim) -> AsyncIterator[int]:
    """`xl2 interop relay` as a user runs it, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as folder:
        config = Path(folder) / "xl2.toml"
        tables = [
            f'[chains.c{chain}]\nchain_id = {chain}\nfamily = "op"\nrpc_url = "{url}"\n'
            for chain, url in chains.urls.items()
        ]
        keys = f'[keys]\nrelayer = "{account("challenger").private_key}"\n'
        config.write_text("\n".join([*tables, keys]), encoding="utf-8")
        words = ("-m", "xl2.cli", "interop", "relay", "--config", str(config), "--json")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            yield process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _carried(chains: Supersim, messages: int, relayer: int | None) -> Run:
    limits = RpcLimits(total_timeout_seconds=120, read_timeout_seconds=120)
    # Sends go through supersim, as its users' do; who only looks asks the anvil behind it, and costs it nothing.
    origin = Evm(ORIGIN, chains.urls[ORIGIN], limits=limits)
    destination = Evm(DESTINATION, chains.behind[DESTINATION], limits=limits)
    try:
        await destination.rpc.call("anvil_setCode", _RECIPIENT, _RECIPIENT_CODE)
        # One message first: both are then up, and what costs more the first time is paid.
        await _until_delivered(origin, destination, 1, await _send(origin, 1))
        idle = -cpu_seconds(chains.pid)
        await asyncio.sleep(_IDLE_SECONDS)
        idle = (idle + cpu_seconds(chains.pid)) / _IDLE_SECONDS
        cpu, supersim_cpu = -cpu_seconds(relayer or chains.pid), -cpu_seconds(chains.pid)
        signed = await _signed(origin, messages)
        began = time.perf_counter()
        first = await _send(origin, messages, signed)
        latencies = await _until_delivered(origin, destination, messages, first)
        seconds = time.perf_counter() - began
        supersim_cpu += cpu_seconds(chains.pid) - idle * seconds
        cpu = supersim_cpu if relayer is None else cpu + cpu_seconds(relayer)
        return Run(messages=messages, seconds=seconds, latencies=latencies, relayer_cpu=cpu, supersim_cpu=supersim_cpu)
    finally:
        await origin.close()
        await destination.close()


async def _signed(origin: Evm, messages: int) -> list[str]:
    sender = signer(account("proposer").private_key)
    data = SEND.encode(DESTINATION, _RECIPIENT, _BODY)
    first = await origin.tx_nonce(sender.address)
    raws = []
    for nonce in range(first, first + messages):
        unsigned = Unsigned(
            chain=ORIGIN, tx_nonce=nonce, to=MESSENGER, data=data, gas_limit=_SEND_GAS,
            max_fee=Wei(10**11), priority_fee=Wei(10**6),
        )  # fmt: skip
        raws.append(hex_text(unsigned.raw(await sender.sign_hash_of(unsigned.preimage()))))
    return raws


async def _send(origin: Evm, messages: int, signed: Sequence[str] = ()) -> BlockNumber:
    """Hand out the sends, as fast as the node takes them; the block before them."""
    before = BlockNumber(int(str(await origin.ask("eth_blockNumber")), 16))
    raws = signed or await _signed(origin, messages)
    for start in range(0, messages, _BATCH):
        await origin.ask_many([Call("eth_sendRawTransaction", (raw,)) for raw in raws[start : start + _BATCH]])
    return before


async def _until_delivered(origin: Evm, destination: Evm, messages: int, before: BlockNumber) -> list[int]:
    """Wait for every delivery; each one's latency. The chains are of one age, so `before` serves for both."""
    delivered: dict[int, BlockNumber] = {}
    began = time.monotonic()
    at = BlockNumber(before - 1)
    wanted: range | None = None
    while wanted is None or not delivered.keys() >= set(wanted):
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise Incomplete(f"{len(delivered)} of {messages} messages were delivered in {_PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)
        tip = BlockNumber(int(str(await destination.ask("eth_blockNumber")), 16))
        if tip > at:
            for log in await destination.logs(MESSENGER, [[RELAYED.topic]], BlockNumber(at + 1), tip):
                delivered[int.from_bytes(log.topics[2])] = log.place.block
            at = tip
        if wanted is None and len(delivered) >= messages:
            sent = await _sent_blocks(origin, before)
            wanted = range(min(sent), max(sent) + 1)
            if len(wanted) != messages:
                raise Incomplete(f"{len(wanted)} messages were sent, not {messages}")
    sent = await _sent_blocks(origin, before)
    times = {number: (await origin.block(number)).timestamp for number in set(sent.values())}
    arrivals = {number: (await destination.block(number)).timestamp for number in set(delivered.values())}
    return [arrivals[delivered[nonce]] - times[block] for nonce, block in sent.items()]


async def _sent_blocks(origin: Evm, before: BlockNumber) -> dict[int, BlockNumber]:
    tip = BlockNumber(int(str(await origin.ask("eth_blockNumber")), 16))
    logs = await origin.logs(MESSENGER, [[SENT.topic]], BlockNumber(before + 1), tip)
    return {int.from_bytes(log.topics[3]): log.place.block for log in logs}


def _told(run: Run) -> str:
    return (
        f"{run.messages} messages in {run.seconds:.1f} s, {run.rate:.1f}/s, {run.cpu_ms:.2f} ms of CPU each, "
        f"latency p50 {run.latency(50):.0f} s, p95 {run.latency(95):.0f} s"
    )


def _figures(messages: int, theirs: Sequence[Run], ours: Sequence[Run], when: str) -> dict[str, Figure]:
    what = f"{messages} messages of 32 bytes, 2 s blocks, mean of {len(ours)} runs each, {when}"

    def figure(value: float, unit: str, how: str) -> Figure:
        return Figure(value=round(value, 2), unit=unit, how=f"{how}; {what}")

    rate, their_rate = (mean(run.rate for run in runs) for runs in (ours, theirs))
    cpu, their_cpu = (mean(run.cpu_ms for run in runs) for runs in (ours, theirs))
    checks = mean(1e3 * run.supersim_cpu / messages for run in ours)
    p50, their_p50 = (mean(run.latency(50) for run in runs) for runs in (ours, theirs))
    p95, their_p95 = (mean(run.latency(95) for run in runs) for runs in (ours, theirs))
    process = "user and system time of the relaying process"
    return {
        "interop_vs_supersim": figure(rate / their_rate, "x", "messages/s of xl2's relayer over supersim's autorelay"),
        "interop_cpu_vs_supersim": figure(their_cpu / cpu, "x", "CPU per message of supersim's autorelay over xl2's"),
        "interop_cpu_vs_supersim_less_checks": figure(
            (their_cpu - checks) / cpu, "x", "the same, less what supersim's node takes to check a relay of ours"
        ),
        "interop_p95_vs_supersim": figure(p95 / their_p95, "x", "p95 of the latency of xl2's relayer over supersim's"),
        "interop_messages_s": figure(rate, "messages/s", "xl2: first send to block of the last delivery"),
        "supersim_messages_s": figure(their_rate, "messages/s", "supersim: first send to block of the last delivery"),
        "interop_cpu_ms": figure(cpu, "ms", f"xl2: {process}, for a message"),
        "supersim_cpu_ms": figure(their_cpu, "ms", f"supersim: {process} less its idle, for a message"),
        "supersim_check_cpu_ms": figure(
            checks, "ms", "supersim's process less its idle while xl2 relays, for a message"
        ),
        "interop_latency_p50_s": figure(p50, "s", "xl2: block of the send to block of the delivery"),
        "interop_latency_p95_s": figure(p95, "s", "xl2: block of the send to block of the delivery"),
        "supersim_latency_p50_s": figure(their_p50, "s", "supersim: block of the send to block of the delivery"),
        "supersim_latency_p95_s": figure(their_p95, "s", "supersim: block of the send to block of the delivery"),
    }


def main() -> int:
    """Measure and keep the figures beside those of others; 2 where it could not be measured."""
    words = [int(word) for word in sys.argv[1:]]
    try:
        figures = asyncio.run(measure_interop(lambda sentence: print(sentence, file=sys.stderr), *words))
    except Xl2Error as error:
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 2
    save("rollups", load("rollups") | figures)
    for key, figure in figures.items():
        print(f"{key:36} {figure.value:>10,.2f} {figure.unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

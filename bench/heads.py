"""
Heads: what it costs to prove a head of a chain with 100,000 slots in its outbox, on the devnet's own rollup contracts.

Nothing comes in, figures go out. Promise: each figure is `gasUsed` of a transaction that was included and succeeded;
proofs are the prover's, from chains whose outbox was filled before the root was proposed.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from attrs import frozen

import xl2
from bench.figures import Figure
from xl2.app.families import family
from xl2.clock import CLOCK
from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId, checksum
from xl2.errors import NotYet, RpcUnavailable
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Blocks, Call, Log, Needed, Sent, Shown
from xl2.store.sqlite import SqliteStore
from xl2_adapters.proven import ProvenProver
from xl2_adapters.rpc import Call as RpcCall
from xl2_adapters.rpc import RpcClient
from xl2_adapters.web3_edge import signer
from xl2_devnet.abi import xl2 as artifact
from xl2_devnet.accounts import account
from xl2_devnet.clocks import BRISK
from xl2_devnet.devnet import up
from xl2_devnet.options import Options

T = TypeVar("T")

SLOTS: Final = 100_000
#: The homes, by what their figures are called, and the chain that reads both.
_HOMES: Final = {"op": "op-a", "arbitrum": "arbitrum-b"}
_READER: Final = "op-c"
_KINDS: Final = ("op", "arbitrum", "op")
_BATCH: Final = 1_000
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 300.0


async def measure_heads(say: Callable[[str], object]) -> dict[str, Figure]:
    """`proven_head_<home>`, `amortised_100_each`, and what they are made of."""
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as folder:
        file = Path(folder) / "devnet.json"
        async with up(Options(l2=_KINDS, clocks=BRISK, file=file), say=say) as devnet:
            for word, home in _HOMES.items():
                bench = _Bench(config=xl2.load(file), home=home)
                await bench.fill(devnet.chain(home).node_url)
                say(f"{SLOTS:,} slots stand in the outbox of {home}")
                figures |= _figures(word, await bench.measure())
                await bench.close()
    amortised = figures["proven_head_op"].value / 100
    how = "proven_head_op shared by a delivery of 100 messages"
    return figures | {"amortised_100_each": Figure(value=round(amortised), unit="gas", how=how)}


@frozen(kw_only=True)
class _Gas:
    """Gas of whole transactions."""

    #: A storage root, from an L1 block hash down: what every head of that outbox at that block follows from.
    root: int
    #: A head under a root that is kept.
    head: int
    #: Both in one.
    inline: int


def _figures(word: str, gas: _Gas) -> dict[str, Figure]:
    state = f"state of {SLOTS:,} slots, devnet's L1"
    return {
        f"proven_head_{word}": Figure(
            value=gas.root, unit="gas", how=f"`ProvenHeads.prove`: L1 block hash to storage root, once a root; {state}"
        ),
        f"proven_head_{word}_under_root": Figure(
            value=gas.head, unit="gas", how=f"`Heads.show` of a head under that root; {state}"
        ),
        f"proven_head_{word}_inline": Figure(
            value=gas.inline, unit="gas", how=f"`Heads.show` with everything in one transaction; {state}"
        ),
    }


class _Bench:
    """One home, read on the reader."""

    def __init__(self, *, config: xl2.Config, home: str) -> None:
        families = {one.family: family(one) for one in config.settings() if one.anchor}
        settings = config.chain(home)
        anchor = config.chain(settings.anchor)
        self._client = xl2.connect_async(config, key="alice")
        self._home = families[settings.family].chain(settings)
        self._reader = families["op"].chain(config.chain(_READER))
        self._anchor = families[settings.family].anchor(anchor)
        found = families[settings.family].provers(settings, self._reader, anchor, ())
        self._prover = next(one for one in found if isinstance(one, ProvenProver))
        self._heads = config.chain(_READER).contracts["heads"]
        self._names = home, _READER
        self._store = SqliteStore(":memory:")
        self._key = signer(account("frank").private_key)

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()
        for chain in (self._home, self._reader, self._anchor):
            await chain.close()
        await self._store.close()

    async def fill(self, node_url: str) -> None:
        """Put slots into the outbox, as so many pages and lanes would."""
        outbox = checksum(self._home.outbox)
        async with RpcClient(node_url) as node:
            for first in range(0, SLOTS, _BATCH):
                slots = range(first, first + _BATCH)
                await node.batch([RpcCall("anvil_setStorageAt", (outbox, _word(slot), _word(~slot))) for slot in slots])

    async def measure(self) -> _Gas:
        """Inline for a first message; then a root is kept, and a second one shown under it."""
        inline = await self._shown(await self._sent(b"inline"))
        second = await self._sent(b"under a root")
        log, count = _log(second), second.message.nonce + 1
        kept = await self._until(lambda: self._made(self._prover.keep(log, count, self._upto(second))))
        root = await self._submitted(kept)
        return _Gas(root=root, head=await self._shown(second), inline=inline)

    async def _sent(self, payload: bytes) -> Sent:
        origin, destination = self._names
        notebook = self._client.contract(destination, "notebook")
        sent = await self._client.send(origin, destination, notebook, payload, fee_wei=0)
        found = await self._home.find_sent(sent.id)
        assert found is not None  # noqa: S101 - it was just sent
        return found

    async def _shown(self, sent: Sent) -> int:
        """Gas of showing the message's head."""
        log, count = _log(sent), sent.message.nonce + 1
        shown: Shown = await self._until(lambda: self._made(self._prover.show(log, count, self._upto(sent))))
        head = shown.head
        data = artifact("Heads").call("show", head.log, head.head, head.count, shown.evidence)
        return await self._submitted(Call(chain=self._reader.chain, to=self._heads, data=data, what="show a head"))

    def _upto(self, sent: Sent) -> BlockNumber:
        """Known is the home as far as anybody could ask."""
        return BlockNumber(sent.place.block + 100_000)

    async def _made(self, asked: Awaitable[T | Needed]) -> T:
        found = await asked
        if not isinstance(found, Needed):
            return found
        for call in found.calls:
            await self._submitted(call)
        raise NotYet(found.why)

    async def _submitted(self, call: Call) -> int:
        chains: dict[ChainId, Blocks] = {one.chain: one for one in (self._home, self._reader, self._anchor)}
        submitter = JournalledSubmitter(chains[call.chain], self._key, self._store, CLOCK)
        return (await submitter.submit(call)).gas_used

    async def _until(self, look: Callable[[], Awaitable[T]]) -> T:
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await look()
            except (NotYet, RpcUnavailable):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)


def _log(sent: Sent) -> Log:
    return Log(lane=Lane.of(sent.message), kind=LogKind.LANE)


def _word(number: int) -> str:
    return "0x" + keccak(number.to_bytes(32, signed=True)).hex()

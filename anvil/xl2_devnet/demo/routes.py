"""
Demo routes: the six ways that `xl2 demo` shows, each as a function from a scene to a report.

Promise: each acts through the front door with a key of its own, waits on the chains, and checks what it claims from the
chains: balances, supply, what recipients wrote down. Rows and checks are `report`'s, printing is `tables`'.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import evolve, frozen

import xl2
from xl2.core.types import Address, MessageId
from xl2_adapters.chain import EvmChain
from xl2_devnet.demo.report import Check, Report, act_rows, at_least, equal, rows_of
from xl2_devnet.demo.scene import Scene, person

#: Messages of the batch, in one delivery.
BATCH: Final = 100
#: Gas for a notebook to write a short note down; a hundred of them fit one transaction.
NOTE_GAS: Final = 90_000
#: Longest wait for anything; far above what a devnet takes.
PATIENCE_SECONDS: Final = 120.0
#: Whole tokens that move in each transfer.
AMOUNT: Final = 25

#: Takes a message that was sent as far as is said.
Carry = Callable[[xl2.AsyncClient, MessageId, str], Awaitable[object]]
#: One way to show, from a scene to its report.
Route = Callable[[Scene], Awaitable[Report]]


@frozen(kw_only=True)
class Way:
    """A way to carry messages: evidence, token, who carries."""

    letter: str
    title: str
    assurance: str
    symbol: str
    carry: Carry


async def attested(scene: Scene) -> Report:
    """(a) A message and an ERC-20, there and back, over attested heads, carried by the relayer."""

    async def carry(client: xl2.AsyncClient, message: MessageId, until: str) -> object:
        return await client.wait(message, until, PATIENCE_SECONDS)

    title = "direct, attested: k of n signers, carried by the relayer"
    way = Way(letter="a", title=title, assurance="attested", symbol="USDD", carry=carry)
    async with xl2.relayer(_attested_only(scene), key="relayer"):
        return await _there_and_back(scene, "alice", way)


async def proven(scene: Scene) -> Report:
    """(b) The same over proven heads: storage proofs through an L1 block hash that the destination knows."""
    title = "direct, proven: storage proofs through L1, relayed by oneself"
    way = Way(letter="b", title=title, assurance="settled", symbol="GOLD", carry=_by_oneself("proven"))
    return await _there_and_back(scene, "carol", way)


async def routed(scene: Scene) -> Report:
    """(c) The same routed through L1: the Router proves on L1, the canonical bridge brings the head."""
    title = "routed through L1: Router and canonical deposit, relayed by oneself"
    way = Way(letter="c", title=title, assurance="settled", symbol="GOLD", carry=_by_oneself("routed"))
    return await _there_and_back(scene, "dave", way)


def _by_oneself(via: str) -> Carry:
    async def carry(client: xl2.AsyncClient, message: MessageId, until: str) -> object:
        return await client.relay(message, until, PATIENCE_SECONDS, via=via)

    return carry


async def expired(scene: Scene) -> Report:
    """(d) A transfer that nobody delivers in time: value and fee come back by proof."""
    client, owner, payee = scene.client("erin"), person("erin"), person("grace")
    here, there = scene.bridge(scene.a, "GOLD"), scene.bridge(scene.b, "GOLD")
    units = await _units(scene, "GOLD")
    tokens, arrived = await here.balance(owner), await there.balance(payee)
    names = scene.name(scene.a), scene.name(scene.b)
    sent = await client.transfer(*names, "GOLD", units, payee, expires_in=8)
    locked = await here.balance(owner)
    relayed = await client.relay(sent.id, "refunded", PATIENCE_SECONDS, via="proven")
    return Report(
        letter="d",
        title="expired undelivered, refunded at the origin by proof",
        rows=(*await rows_of(scene, client, "GOLD A→B", sent.id), *act_rows(scene, "GOLD A→B", relayed)),
        checks=(
            equal("its last state", relayed.status.state, "refunded"),
            equal("GOLD of the sender while it was under way", locked, tokens - units),
            equal("GOLD of the sender after the refund", await here.balance(owner), tokens),
            equal("GOLD that arrived on B", await there.balance(payee) - arrived, 0),
            equal("wei of the fee that the sender got back", await scene.fees_returned(here, owner), sent.fee_wei),
            await _backing(scene, "GOLD"),
        ),
    )


async def batch(scene: Scene) -> Report:
    """(e) A hundred messages in one delivery."""
    client = scene.client("frank")
    notes = [f"note {number}".encode() for number in range(BATCH)]
    pen = Pen(scene=scene, client=client, origin=scene.a, destination=scene.b, assurance="attested")
    sent = await asyncio.gather(*(pen.write(note) for note in notes))
    for one in sent:
        await client.wait(one.id, "observed", PATIENCE_SECONDS)
    async with xl2.relayer(_attested_only(scene), key="relayer"):
        done = [await client.wait(one.id, "settled", PATIENCE_SECONDS) for one in sent]
    deliveries = {step.tx_hash for status in done for step in status.steps if step.state is xl2.State.DELIVERED}
    noted = await scene.noted(scene.b, [one.id for one in sent])
    rows = await rows_of(scene, client, f"1 of {BATCH}", sent[0].id)
    gas = next((row.gas for row in rows if row.room == "delivered" and row.gas), 0)
    return Report(
        letter="e",
        title=f"a batch of {BATCH} messages in one delivery: {gas // BATCH:,} gas each",
        rows=tuple(rows),
        checks=(
            equal("transactions that delivered them", len(deliveries), 1),
            equal("notes written on B", len(noted), BATCH),
            equal("each note as it was sent", [noted.get(one.id) for one in sent] == notes, wanted=True),
            equal("messages settled", sum(status.state is xl2.State.SETTLED for status in done), BATCH),
        ),
    )


async def retried(scene: Scene) -> Report:
    """(f) A recipient that reverts, then a retry by somebody else."""
    sender, stranger, note = scene.client("grace"), scene.client("bob"), b"knock knock"
    notebook = scene.a.settings.contracts["closable_notebook"]
    await scene.close_notebook(scene.a, notebook, closed=True)
    # Without a fee: relayers leave it alone, so that it is a stranger who helps.
    pen = Pen(scene=scene, client=sender, origin=scene.b, destination=scene.a, assurance="attested", to=notebook)
    sent = await pen.write(note, fee_wei=0)
    tried = await stranger.relay(sent.id, "tried", PATIENCE_SECONDS)
    written = await scene.noted(scene.a, [sent.id], notebook)
    await scene.close_notebook(scene.a, notebook, closed=False)
    relayed = await stranger.relay(sent.id, "delivered", PATIENCE_SECONDS)
    noted = await scene.noted(scene.a, [sent.id], notebook)
    return Report(
        letter="f",
        title="a recipient that reverts, then a retry by a stranger",
        rows=tuple(await rows_of(scene, sender, "message B→A", sent.id)),
        checks=(
            equal("after the first delivery it is", tried.status.state, "failed"),
            equal("notes written on A then", len(written), 0),
            equal("after the retry it is delivered", relayed.status.is_delivered, wanted=True),
            equal("the note on A", noted.get(sent.id), note),
        ),
    )


async def _there_and_back(scene: Scene, who: str, way: Way) -> Report:
    client, owner, symbol = scene.client(who), person(who), way.symbol
    home, away = scene.bridge(scene.a, symbol), scene.bridge(scene.b, symbol)
    units, start = await _units(scene, symbol), await home.balance(owner)
    sent: dict[str, MessageId] = {}
    checks: list[Check] = []
    for origin, destination, words in ((scene.a, scene.b, "A→B"), (scene.b, scene.a, "B→A")):
        note = f"{way.letter} {words} {secrets.token_hex(4)}".encode()
        pen = Pen(scene=scene, client=client, origin=origin, destination=destination, assurance=way.assurance)
        message = await pen.write(note)
        moved = await client.transfer(scene.name(origin), scene.name(destination), symbol, units, owner)
        sent |= {f"message {words}": message.id, f"{symbol} {words}": moved.id}
        await asyncio.gather(*(way.carry(client, one.id, "delivered") for one in (message, moved)))
        noted = await scene.noted(destination, [message.id])
        checks.append(equal(f"the note of {words}", noted.get(message.id), note))
        there = units if origin is scene.a else 0
        checks.append(equal(f"{symbol} on B after {words}", await away.balance(owner), there))
        checks.append(await _backing(scene, symbol))
    checks.append(equal(f"{symbol} of the sender at the end", await home.balance(owner), start))
    for message_id in sent.values():
        await way.carry(client, message_id, "settled")
    states = {(await client.status(message_id)).state for message_id in sent.values()}
    checks.append(equal("all are settled: fees earned at the origin by proof", states, {xl2.State.SETTLED}))
    rows = [row for label, message_id in sent.items() for row in await rows_of(scene, client, label, message_id)]
    return Report(letter=way.letter, title=way.title, rows=tuple(rows), checks=tuple(checks))


@frozen(kw_only=True)
class Pen:
    """Writes notes from one chain's client to another chain's notebook."""

    scene: Scene
    client: xl2.AsyncClient
    origin: EvmChain
    destination: EvmChain
    assurance: str
    #: The notebook to write to; None: the devnet's own.
    to: Address | None = None

    async def write(self, note: bytes, *, fee_wei: int | None = None) -> xl2.Sent:
        """Send one note."""
        return await self.client.send(
            self.scene.name(self.origin),
            self.scene.name(self.destination),
            self.to or self.scene.notebook(self.destination),
            note,
            assurance=self.assurance,
            gas_limit=NOTE_GAS,
            fee_wei=fee_wei,
        )


async def _backing(scene: Scene, symbol: str) -> Check:
    """Every token on B has its token locked on A."""
    home, away = scene.bridge(scene.a, symbol), scene.bridge(scene.b, symbol)
    # Minted is read first: what is burned in between only makes the promise easier to keep, what is locked too.
    minted = await away.supply()
    return at_least(f"{symbol} locked on A, against minted on B", await home.balance(home.address), minted)


async def _units(scene: Scene, symbol: str) -> int:
    return AMOUNT * int(10 ** scene.config.token(symbol).decimals)


def _attested_only(scene: Scene) -> xl2.Config:
    """The relayer's configuration: attested lanes, nothing for nothing, and batches as large as gas allows."""
    # It looks at so many messages at once; those that were delivered before count, though nothing is done for them.
    relayer = evolve(scene.config.relayer, classes=(xl2.Assurance.ATTESTED,), min_fee_wei=1, batch=2 * BATCH)
    return evolve(scene.config, relayer=relayer)


#: What a route is called.
LETTERS: Final[dict[Route, str]] = {
    attested: "a",
    proven: "b",
    routed: "c",
    expired: "d",
    batch: "e",
    retried: "f",
}
#: Those that run side by side, and those that use the relayer or the notebook's door one after the other.
SIDE_BY_SIDE: Final[Sequence[Sequence[Route]]] = (
    (attested, batch),
    (proven,),
    (routed,),
    (expired,),
    (retried,),
)

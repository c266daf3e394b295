"""Bridges of two rollups in memory, what they have in common, and journeys over them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from attrs import define, evolve, field

from tests.unit.sdk.scene import A, B, Scene
from xl2.core.evidence import Finality
from xl2.core.onward import Onward
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, Wei
from xl2.errors import InvalidInput, RpcUnavailable
from xl2.ports import (
    Block,
    Call,
    Cargo,
    Crossing,
    CrossingState,
    CrossingStep,
    Direction,
    Move,
    Place,
    TxReceipt,
)
from xl2.sdk.canonical import Crossings
from xl2.sdk.journey import Journeys
from xl2.sdk.parts import Parts
from xl2.testing import MemorySigner

L1 = ChainId(900)
OWNER = MemorySigner.named("user").address
THERE = Address(b"\x42" * 20)
ONWARD = Onward(destination=B, recipient=THERE)


@define
class Ground:
    """What the bridges of both rollups and their anchor have in common: transactions, in order."""

    sent: list[tuple[ChainId, Cargo]] = field(factory=list)
    moved: list[Move] = field(factory=list)
    #: The next submission is in a block, and nobody learns of it.
    crashes: bool = False

    async def submit(self, call: Call) -> TxReceipt:
        await asyncio.sleep(0)
        self.sent.append((call.chain, _CARGO[call.data]))
        if self.crashes:
            raise RuntimeError("the machine went down")
        return receipt(self.last)

    @property
    def last(self) -> Hash32:
        return hash_of(len(self.sent) - 1)


_CARGO: dict[bytes, Cargo] = {}


def hash_of(place: int) -> Hash32:
    return Hash32(bytes([place + 1]) * 32)


def receipt(tx_hash: Hash32) -> TxReceipt:
    return TxReceipt(tx_hash=tx_hash, block=BlockNumber(1), block_hash=tx_hash, succeeded=True, gas_used=1, cost=Wei(1))


@define
class MemoryBridge:
    """A bridge whose withdrawals wait for one move and whose deposits arrive at once."""

    ground: Ground
    rollup: ChainId
    anchor: ChainId = L1
    takes_notes: bool = True
    down: bool = False

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        del sender
        return [self._call(L1, cargo)]

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        del sender
        return [self._call(self.rollup, cargo)]

    def _call(self, chain: ChainId, cargo: Cargo) -> Call:
        if cargo.data and not self.takes_notes:
            raise InvalidInput("no note", field="data")
        key = b"%d %d %s" % (self.rollup, chain, cargo.data)
        _CARGO[key] = cargo
        return Call(chain=chain, to=THERE, data=key, what="cross")

    async def duration(self, direction: Direction) -> int | None:
        return 60 if direction is Direction.DEPOSIT else 600

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        if self.down:
            raise RpcUnavailable("no answer", endpoint="memory")
        place = tx_hash[0] - 1
        if not 0 <= place < len(self.ground.sent):
            return []
        chain, cargo = self.ground.sent[place]
        if chain not in (self.rollup, L1) or (chain == L1 and self.rollup != B):
            return []
        return [self._crossing(tx_hash, chain, cargo)]

    def _crossing(self, tx_hash: Hash32, chain: ChainId, cargo: Cargo) -> Crossing:
        place = Place(block=BlockNumber(1), block_hash=tx_hash, tx_hash=tx_hash, log_index=0)
        is_up = chain == self.rollup
        has_arrived = not is_up or Move.FINALIZE in self.ground.moved
        state = CrossingState.ARRIVED if has_arrived else CrossingState.READY_TO_FINALIZE
        return Crossing(
            direction=Direction.WITHDRAWAL if is_up else Direction.DEPOSIT,
            rollup=self.rollup,
            anchor=L1,
            index=0,
            sent=place,
            key=tx_hash,
            sender=OWNER,
            cargo=cargo,
            state=state,
            steps=(CrossingStep(state=state, chain=L1, at=Timestamp(1), place=place),),
            arrival_seconds=None if has_arrived else 0,
            moves=() if has_arrived else (Move.FINALIZE,),
        )

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        assert (sender, since) == (OWNER, BlockNumber(1))
        noted = [place for place, (chain, cargo) in enumerate(self.ground.sent) if chain == L1 and cargo.data == note]
        return hash_of(noted[-1]) if noted else None

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
        del crossing, actor
        self.ground.moved.append(move)
        return [self._call(L1, Cargo(recipient=THERE))]


class Placeless(MemoryBridge):
    """One that knows a withdrawal to be paid out, and not where."""

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        sent = CrossingStep(state=CrossingState.SENT, chain=self.rollup, at=Timestamp(5_000))
        return [
            evolve(found, steps=(sent, evolve(found.steps[-1], place=None)))
            for found in await super().crossings(tx_hash)
        ]


class Anchor:
    """An anchor of which only these are asked."""

    def __init__(self, code: bytes = b"") -> None:
        self._code = code

    async def code(self, account: Address) -> bytes:
        del account
        return self._code

    async def tx_receipt(self, tx_hash: Hash32) -> TxReceipt:
        return receipt(tx_hash)

    async def head(self, finality: Finality) -> Block:
        assert finality is Finality.LATEST
        return await self.block(BlockNumber(2))

    async def block(self, number: BlockNumber) -> Block:
        """Block 1 is the first that is young enough for what was sent at 5,000."""
        times = (0, 5_000, 9_000)
        return Block(
            number=number,
            hash=hash_of(number),
            parent_hash=hash_of(number),
            timestamp=Timestamp(times[number]),
            gas_limit=1,
        )


class Trip:
    """Journeys from A to B, and what they are made of."""

    def __init__(self, *, code: bytes = b"", takes_notes: bool = True) -> None:
        self.ground = Ground()
        scene = Scene()
        anchors: Any = {L1: Anchor(code)}

        def submitter(chain: ChainId) -> Any:
            del chain
            return MemorySigner.named("user")

        scene.bridges = {
            chain: MemoryBridge(ground=self.ground, rollup=chain, takes_notes=takes_notes) for chain in (A, B)
        }
        self.bridges = scene.bridges
        self.parts: Parts = evolve(scene.parts, anchors=anchors, submitter=submitter)
        crossings = Crossings(self.parts, self.ground.submit)
        self.crossings, self.journeys = crossings, Journeys(self.parts, crossings)

    async def begin(self) -> Hash32:
        cargo = Cargo(recipient=OWNER, amount=5, data=ONWARD.encode())
        return (await self.journeys.begin("a", cargo, ONWARD)).first.sent.tx_hash

    @property
    def deposits(self) -> list[Cargo]:
        return [cargo for chain, cargo in self.ground.sent if chain == L1 and cargo.amount]

"""
Matrix: every L2 of a devnet to every other, by every route: a message, a transfer, an expired transfer refunded.

A devnet's configuration comes in, cells go out. Promise: each cell was carried through the front door and checked on
the chains, or says by the families' own words why it cannot be; one that failed says with what. Printing is
`tables`'.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

from attrs import frozen

import xl2
from xl2.core.types import Address, MessageId, address
from xl2.errors import Xl2Error
from xl2_devnet.demo.routes import NOTE_GAS
from xl2_devnet.demo.scene import Scene

#: Longest wait for one cell; far above what a devnet takes on a busy machine.
PATIENCE_SECONDS: Final = 300.0
#: Until an expiring transfer has expired.
EXPIRES_IN_SECONDS: Final = 8
#: Evidence, and the class that it is good for; and whose key sends and carries by it, so that no two share nonces.
ROUTES: Final = {
    "attested": ("attested", "alice"),
    "proven": ("settled", "carol"),
    "routed": ("settled", "dave"),
}


class Kind(StrEnum):
    """What is carried."""

    MESSAGE = "message"
    TRANSFER = "transfer"
    REFUND = "refund"


class Outcome(StrEnum):
    """What became of it."""

    WORKS = "works"
    #: The families' chains cannot do it, and say so.
    CANNOT = "cannot"
    FAILED = "failed"


@frozen(kw_only=True)
class Cell:
    """One kind, from one L2 to another, by one route."""

    origin: str
    destination: str
    route: str
    kind: Kind
    outcome: Outcome
    #: Why it cannot be, or what it failed with.
    why: str = ""
    seconds: float = 0.0


@frozen(kw_only=True)
class _Walk:
    """One pair by one route."""

    scene: Scene
    origin: str
    destination: str
    route: str

    @property
    def client(self) -> xl2.AsyncClient:
        """The route's own client."""
        return self.scene.client(ROUTES[self.route][1])

    @property
    def assurance(self) -> str:
        """Class of the lane."""
        return ROUTES[self.route][0]

    async def message(self) -> None:
        """A note that is written down at the other end."""
        note = f"{self.origin} to {self.destination}, {self.route}, {secrets.token_hex(4)}".encode()
        there = self.scene.chains[self.destination]
        sent = await self.client.send(
            self.origin,
            self.destination,
            self.scene.notebook(there),
            note,
            assurance=self.assurance,
            gas_limit=NOTE_GAS,
        )
        await self._relay(sent.id, "delivered")
        _require((await self.scene.noted(there, [sent.id])).get(sent.id) == note, "the note was not written down")

    async def transfer(self) -> None:
        """A token that is at home on the origin arrives, and as much is locked behind it."""
        symbol, payee = self._token(), address(secrets.token_bytes(20))
        sent = await self._send_token(symbol, payee, expires_in=None)
        await self._relay(sent, "delivered")
        arrived = await self.scene.bridge(self.scene.chains[self.destination], symbol).balance(payee)
        _require(arrived == self._units(symbol), f"{arrived} units of {symbol} arrived")

    async def refund(self) -> None:
        """The same, delivered by nobody: it goes back to who sent it."""
        symbol, payee = self._token(), address(secrets.token_bytes(20))
        sent = await self._send_token(symbol, payee, expires_in=EXPIRES_IN_SECONDS)
        await self._relay(sent, "refunded")
        here, there = (self.scene.bridge(self.scene.chains[name], symbol) for name in (self.origin, self.destination))
        _require(await here.is_refunded(sent), "the bridge says that it was not refunded")
        _require(await there.balance(payee) == 0, "it arrived as well")

    async def _send_token(self, symbol: str, payee: Address, *, expires_in: int | None) -> MessageId:
        sent = await self.client.transfer(
            self.origin, self.destination, symbol, self._units(symbol), payee, expires_in=expires_in
        )
        return sent.id

    async def _relay(self, message: MessageId, until: str) -> None:
        await self.client.relay(message, until, PATIENCE_SECONDS, via=self.route)

    def _token(self) -> str:
        """A token of the route's class that is at home on the origin."""
        return next(
            token.symbol
            for token in self.scene.config.tokens
            if token.assurance.name.lower() == self.assurance and next(iter(token.on)) == self.origin
        )

    def _units(self, symbol: str) -> int:
        return int(10 ** self.scene.config.token(symbol).decimals)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise xl2.Fatal(what)


async def fill(scene: Scene, say: Callable[[str], object]) -> list[Cell]:
    """Every cell, all side by side."""
    names = [name for name, chain in scene.config.chains.items() if chain.anchor]
    pairs = list(itertools.permutations(names, 2))
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_cell(scene, pair, route, kind, say))
            for pair in pairs
            for route in ROUTES
            for kind in Kind
        ]
    return [task.result() for task in running]


async def _cell(scene: Scene, pair: tuple[str, str], route: str, kind: Kind, say: Callable[[str], object]) -> Cell:
    origin, destination = pair
    # A refund rests on receipts, which stand on the destination.
    home = destination if kind is Kind.REFUND else origin
    why = scene.client(ROUTES[route][1]).why_not(home, route)
    began = time.monotonic()
    if why is not None:
        return Cell(origin=origin, destination=destination, route=route, kind=kind, outcome=Outcome.CANNOT, why=why)
    walk = _Walk(scene=scene, origin=origin, destination=destination, route=route)
    carried: dict[Kind, Callable[[], Awaitable[None]]] = {
        Kind.MESSAGE: walk.message,
        Kind.TRANSFER: walk.transfer,
        Kind.REFUND: walk.refund,
    }
    outcome, what = Outcome.WORKS, ""
    try:
        await carried[kind]()
    except Xl2Error as error:
        outcome, what = Outcome.FAILED, f"{error.what} ({error.remedy})"
    seconds = time.monotonic() - began
    say(f"{kind} {origin} to {destination}, {route}: {outcome}, {seconds:.0f} s")
    return Cell(
        origin=origin, destination=destination, route=route, kind=kind, outcome=outcome, why=what, seconds=seconds
    )

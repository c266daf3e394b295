"""A world in memory with one token, endpoints that may lie, and a watcher over them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.factories import some_address, some_hash
from tests.heard import Heard
from xl2.core.evidence import VerifierNumber
from xl2.core.interop import InteropAddress
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, MessageId, Wei
from xl2.errors import RpcUnavailable
from xl2.ports import Call, HeadShown, Log, Motion, Moved, TxReceipt
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, World
from xl2.testing.watched import MemoryBridge
from xl2.watcher import Asset, Brake, Cabinet, Eye, Levers, Watcher, WatchSettings

HOME, REMOTE = ChainId(901), ChainId(902)
VAULT, MINT = some_address("vault"), some_address("mint")
#: Final blocks of in-memory chains are two behind.
FINAL = 2
MARGIN_SECONDS = 10
ATTESTED = 0
FALSE = some_hash("a head that nobody has")
SUSPENDED = [(REMOTE, "pause verifier 0")]


@define
class Guardian:
    """Makes calls of a guardian on one chain. Implements `Submitter`."""

    chain: MemoryChain
    address: Address = field(factory=lambda: some_address("guardian"))
    calls: list[Call] = field(factory=list)
    errors: list[Exception] = field(factory=list)
    #: So many of the next calls are told as included, and are on no chain.
    lost: int = 0

    async def submit(self, call: Call) -> TxReceipt:
        if self.errors:
            raise self.errors.pop()
        if self.lost:
            self.lost -= 1
        else:
            self.calls.append(call)
            self.chain.watched().pull(call)
        self.chain.mine()
        here = self.chain.here()
        return TxReceipt(
            tx_hash=some_hash(f"pause {len(self.calls)}"),
            block=here.block,
            block_hash=here.block_hash,
            succeeded=True,
            gas_used=1,
            cost=Wei(1),
        )


class Liar:
    """An endpoint that says more, or less, than its chain. What is not named here it passes on."""

    def __init__(self, chain: MemoryChain) -> None:
        self._chain = chain
        self.shown: list[HeadShown] = []
        self.hidden: set[MessageId] = set()
        self.withheld = 0
        self.is_down = False
        self.is_blind = False
        self.hangs = False
        self.says_paused = False

    def __getattr__(self, name: str) -> Any:
        if self.hangs and name in ("head", "block"):
            return self._hang
        if self.is_down and name in ("head", "block"):
            raise RpcUnavailable("it is down", endpoint="liar")
        return getattr(self._chain, name)

    async def _hang(self, *_: object) -> None:
        await asyncio.Event().wait()

    def watched(self) -> "Liar":
        return self

    async def heads_shown(self, first: BlockNumber, last: BlockNumber) -> Sequence[HeadShown]:
        told = () if self.is_blind else await self._chain.watched().heads_shown(first, last)
        return [*told, *(one for one in self.shown if first <= one.place.block <= last)]

    async def moves(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[Moved]:
        told = await self._chain.watched().moves(bridge, first, last)
        return [one for one in told if one.id not in self.hidden]

    async def links(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[InteropAddress]:
        return await self._chain.watched().links(bridge, first, last)

    async def holding(self, bridge: Address, at: BlockNumber) -> int:
        return await self._chain.watched().holding(bridge, at) - self.withheld

    async def is_home(self, bridge: Address) -> bool:
        return await self._chain.watched().is_home(bridge)

    async def suspended(self) -> int:
        return (1 << 256) - 1 if self.says_paused else await self._chain.watched().suspended()

    async def pause_verifier_call(self, number: VerifierNumber) -> Call:
        return await self._chain.watched().pause_verifier_call(number)

    async def is_paused(self, bridge: Address) -> bool:
        return self.says_paused or await self._chain.watched().is_paused(bridge)


class Scene:
    """Two chains, the lanes between them, one token, and watchers over them."""

    def __init__(self, folder: Path) -> None:
        self.world = World((HOME, REMOTE))
        self.home, self.remote = self.world.chain(HOME), self.world.chain(REMOTE)
        self.home.watched().bridges[VAULT] = MemoryBridge(is_home=True)
        self.remote.watched().bridges[MINT] = MemoryBridge(is_home=False)
        self.folder = folder
        self.observer = Heard()
        self.journal = SqliteStore(":memory:")
        self.guardians = {HOME: Guardian(self.home), REMOTE: Guardian(self.remote)}
        self._ids = 0

    # --- what happens

    def log(self, kind: LogKind = LogKind.LANE) -> Log:
        return Log(lane=self.world.lane(HOME, REMOTE, Assurance.ATTESTED), kind=kind)

    async def send(self, count: int = 1) -> None:
        for number in range(count):
            await self.home.put(self.log().lane, f"message {number}".encode())

    def show(self, head: Hash32, count: int) -> None:
        """Somebody shows a head of the lane's log to the remote chain, vouched for by the attesters."""
        self.remote.watched().show(self.log(), head, count, ATTESTED, self.remote.here())

    def new_id(self) -> MessageId:
        self._ids += 1
        return MessageId(some_hash(f"transfer {self._ids}"))

    def moves(self, chain: ChainId, motion: Motion, message_id: MessageId, amount: int = 100) -> None:
        """In a block of its own."""
        there, bridge = (self.home, VAULT) if chain == HOME else (self.remote, MINT)
        there.mine()
        there.watched().move(bridge, motion, message_id, amount, there.here())

    def changes(self, chain: ChainId, by: int) -> None:
        there, bridge = (self.home, VAULT) if chain == HOME else (self.remote, MINT)
        there.mine()
        there.watched().change(bridge, by, there.here())

    def finalize(self) -> None:
        for chain in (self.home, self.remote):
            chain.mine(FINAL)

    def pass_margin(self) -> None:
        """The chains' clocks go on, and so far that all is final."""
        for chain in (self.home, self.remote):
            chain.mine(FINAL + 1, seconds=MARGIN_SECONDS + 1)

    # --- who watches

    def eyes(self, home: Sequence[object] = (), remote: Sequence[object] = ()) -> dict[ChainId, tuple[Eye, ...]]:
        """`home`, `remote`: chains as endpoints show them, the true ones unless given."""
        shown = {HOME: home or (self.home,), REMOTE: remote or (self.remote,)}
        return {
            chain: tuple(Eye(name=f"{chain} by {place}", chain=one) for place, one in enumerate(found))  # type: ignore[arg-type]
            for chain, found in shown.items()
        }

    def brake(self, eyes: dict[ChainId, tuple[Eye, ...]], why_not: str = "") -> Brake:
        levers = {
            chain: Levers(eyes=found, submitters=[self.guardians[chain]] * len(found), why_not=why_not)
            for chain, found in eyes.items()
        }
        return Brake(levers=levers, journal=self.journal)

    def watcher(
        self, *, home: Sequence[object] = (), remote: Sequence[object] = (), agree: int = 0, why_not: str = ""
    ) -> Watcher:
        """A new watcher; `home`, `remote`: chains as its endpoints show them, the true ones unless given."""
        eyes = self.eyes(home, remote)
        lanes = [
            self.world.lane(origin, destination, assurance)
            for origin, destination in ((HOME, REMOTE), (REMOTE, HOME))
            for assurance in Assurance
        ]
        return Watcher(
            eyes=eyes,
            logs=[Log(lane=lane, kind=kind) for lane in lanes for kind in LogKind],
            assets=[Asset(name="GOLD", ends={HOME: VAULT, REMOTE: MINT})],
            brake=self.brake(eyes, why_not),
            cabinet=Cabinet(self.folder),
            observer=self.observer,
            clock=ManualClock(),
            settings=WatchSettings(margin_seconds=MARGIN_SECONDS, agree=agree),
        )

    async def deceived(self, *, remote: Sequence[object] = (), why_not: str = "") -> Watcher:
        """A watcher of a log of two final messages; the remote chain was just shown a head that it never had."""
        await self.send(2)
        self.finalize()
        watcher = self.watcher(remote=remote, why_not=why_not)
        self.show(FALSE, 1)
        return watcher

    @property
    def alarms(self) -> list[str]:
        return [one.kind.value for one in self.observer.alarms]

    @property
    def paused(self) -> list[tuple[ChainId, str]]:
        return [(chain, call.what.partition(" for ")[0]) for chain, one in self.guardians.items() for call in one.calls]

"""Two chains of a devnet as a subject of the conformance suite, the first behind a door that can be shut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import define, field

from tests.faults.proxy import Fault, FaultProxy
from tests.scenario.route import BRISKLY, Opened
from xl2.app.attesters import Attesters
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Address, BlockNumber, ChainId
from xl2.flow import send
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Blocks, Call, CanonicalBridge, Chain, Prover, Sent, Signer, TxReceipt
from xl2.store import SqliteStore
from xl2.testing.conformance import Subject
from xl2_adapters.rpc import RpcClient
from xl2_adapters.web3_edge import signer
from xl2_devnet.controls import BATCHES, Controls

#: Blocks that may still be posted after posting was told to stop, and that `take_back` takes more than it was told.
_ABOUT_TO_BE_POSTED = 6
_NOBODY = Address(b"\x99" * 20)


@define(kw_only=True)
class DevnetSubject(Subject):
    """A home and a reader of a running devnet."""

    config: Config
    opened: Opened
    home_name: str
    reader_name: str
    door: FaultProxy
    #: Endpoint of the home's node itself, past its door for users.
    node_url: str
    role: str
    controls: Controls
    store: SqliteStore = field(factory=lambda: SqliteStore(":memory:"))

    patience = 600

    @property
    def home(self) -> Chain:
        return self.opened.chain(self.home_name)

    @property
    def reader(self) -> Chain:
        return self.opened.chain(self.reader_name)

    @property
    def provers(self) -> Sequence[Prover]:
        chains = {one.chain: one for one in (self.home, self.reader)}
        attesters = Attesters(self.config, chains).of(self.config.chain(self.reader_name))
        return self.opened.provers(self.home_name, self.reader_name, attesters)

    @property
    def kinds(self) -> Sequence[str]:
        home = self.home.chain
        verifiers = self.config.chain(self.reader_name).verifiers
        return sorted({"attested", "proven", "routed"} | {one.kind for one in verifiers if one.remote in (0, home)})

    def why_not(self, kind: str) -> str | None:
        return self.opened.families[self.config.chain(self.home_name).family].why_not(kind)

    @property
    def payer(self) -> Address:
        return self._signer.address

    async def send(self, lane: Lane, payload: bytes) -> Sent:
        outgoing = send.Outgoing(
            destination=lane.destination,
            recipient=_NOBODY,
            payload=payload,
            assurance=lane.assurance,
            allow_no_code=True,
        )
        prepared = await send.prepare(outgoing, self.payer, self.home, self.reader)
        return await send.send(prepared, self.home, self._submitter(self.home))

    async def make(self, call: Call) -> TxReceipt:
        chains: dict[ChainId, Blocks] = {
            one.chain: one for one in (self.opened.anchor(self.home_name), self.home, self.reader)
        }
        return await self._submitter(chains[call.chain]).submit(call)

    async def wait(self) -> None:
        await asyncio.sleep(0.2)

    async def take_back(self, block: BlockNumber) -> None:
        async with RpcClient(self.node_url) as node, self.controls.turn(self.home_name):
            tip = int(str(await node.call("eth_blockNumber")), 16)
            await node.call("anvil_rollback", tip - block + 1)
        # What was signed for the chain that is gone is of no use on the one that comes.
        await self.store.close()
        self.store = SqliteStore(":memory:")

    @asynccontextmanager
    async def unsafe(self) -> AsyncIterator[None]:
        self.controls.withhold(BATCHES, self.home_name)
        try:
            # What was about to be posted is; only blocks above it are unsafe for good.
            known = (await self.home.head(Finality.LATEST)).number + _ABOUT_TO_BE_POSTED
            await self.until(lambda: self.home.block(BlockNumber(known)), "blocks that are not posted")
            yield
        finally:
            self.controls.give(BATCHES, self.home_name)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        self.door.fault(Fault.SERVER_ERROR)
        try:
            yield
        finally:
            self.door.heal()

    def bridge(self) -> CanonicalBridge:
        settings = self.config.chain(self.home_name)
        family = self.opened.families[settings.family]
        return family.bridge_to_anchor(settings, self.config.chain(settings.anchor))

    @property
    def _signer(self) -> Signer:
        return signer(self.config.secret(self.role).reveal())

    def _submitter(self, chain: Blocks) -> JournalledSubmitter:
        return JournalledSubmitter(chain, self._signer, self.store, CLOCK, BRISKLY)

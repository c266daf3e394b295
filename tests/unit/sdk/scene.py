"""A client over in-memory chains: no socket, no clock of the machine."""

from collections.abc import Sequence
from functools import cache

from attrs import evolve

from xl2.config import Chain, Config, Secret
from xl2.core.types import Address, ChainId
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import CanonicalBridge, Log, Prover
from xl2.sdk import AsyncClient, Parts
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemoryProver, MemorySigner, World
from xl2.wallet import Unattended, WalletHooks

A, B = ChainId(901), ChainId(902)
RECIPIENT = Address(b"\x42" * 20)


class MiningClock(ManualClock):
    """While somebody sleeps, the chains go on."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._chains = [world.chain(A), world.chain(B)]

    async def sleep(self, seconds: float) -> None:
        for chain in self._chains:
            chain.mine()
        await super().sleep(seconds)


class Scene:
    """Two linked chains, and what a client is made of."""

    def __init__(self, hooks: WalletHooks | None = None) -> None:
        self.world = World()
        self.a, self.b = self.world.chain(A), self.world.chain(B)
        self.provers = {chain: MemoryProver(home=self.world.chain(chain), name="memory") for chain in (A, B)}
        self.bridges: dict[ChainId, CanonicalBridge] = {}
        self.clock = MiningClock(self.world)
        self.store = SqliteStore(":memory:")
        self.parts = self._parts(hooks or Unattended())
        self.client = AsyncClient(self.parts)

    def mine(self, blocks: int = 3) -> None:
        """Let both chains go on, so that what there was is final."""
        self.a.mine(blocks)
        self.b.mine(blocks)

    def _parts(self, hooks: WalletHooks) -> Parts:
        chains: dict[ChainId, MemoryChain] = {A: self.a, B: self.b}
        signer = MemorySigner.named("user")
        entry = Chain(chain_id=A, family="memory", rpc_url=Secret("http://a"), anchor="")
        config = Config(chains={"a": entry, "b": evolve(entry, chain_id=B, rpc_url=Secret("http://b"))})

        @cache
        def submitter(chain: ChainId) -> JournalledSubmitter:
            # In memory a transaction is in a block as soon as somebody waits for it.
            return JournalledSubmitter(chains[chain], signer, self.store, self.clock, SubmitPolicy())

        def provers(log: Log) -> Sequence[Prover]:
            return [self.provers[log.home]]

        def bridges(chain: ChainId) -> CanonicalBridge:
            return self.bridges[chain]

        def why_not(home: ChainId, kind: str) -> str | None:
            del home
            return "the chain has no state" if kind == "unheard of" else None

        async def close() -> None:
            await self.store.close()

        return Parts(
            config=config,
            chains=chains,
            anchors={},
            provers=provers,
            bridges=bridges,
            why_not=why_not,
            submitter=submitter,
            journalled=submitter,
            store=self.store,
            clock=self.clock,
            hooks=hooks,
            close=close,
        )

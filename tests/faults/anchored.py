"""
Anchored: L2s on an L1 with real proposers, and relayers between them behind men in the middle.

Comes in: a running devnet and a folder. Goes out: messages on lanes of any class, configurations of relayers, and what
a test does to L1. Promise: as with `scene`, what a test is told of a message comes from the chains alone; `oracle`
judges a lane of this as it judges one of bare chains. Whoever makes L1 faulty makes it so for relayers: the L2s have
their own way to it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from operator import gt
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import orjson
from attrs import evolve, field, frozen

from tests.devnet_clocks import DELAYS_SECONDS
from tests.devnet_user import User
from tests.faults.proxy import FaultProxy
from tests.faults.recipients import RECIPIENTS
from tests.faults.scene import Parcel, sent_by
from tests.waiting import until
from xl2.app.families import family
from xl2.config import load
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Address, Assurance, address, checksum
from xl2.errors import RpcRejected
from xl2.ports import Sent
from xl2_adapters.chain import EvmChain
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls
from xl2_devnet.op_stack.derive import told as told_origin

T = TypeVar("T")

L1 = "l1"
#: Those who show heads of settled lanes.
SETTLED_KINDS = ("proven", "routed")
FACTORY, GAME, PORTAL = op_stack("DisputeGameFactory"), op_stack("FaultDisputeGame"), op_stack("OptimismPortal2")
IN_PROGRESS, CHALLENGER_WINS, DEFENDER_WINS = 0, 1, 2
_SEND_GAS = 2_000_000
_POLL_SECONDS = 0.1
#: Between two looks whether all have followed; an L2 is a block or two behind at times.
_HURRY_SECONDS, _SLACK_BLOCKS = 0.2, 2


@frozen(kw_only=True)
class Anchored:
    """A lane between two L2s of a devnet, as a test uses it; `on` names another lane between the same."""

    devnet: Description
    folder: Path
    origin: EvmChain
    destination: EvmChain
    lane: Lane
    #: Sends on the origin; looks at the destination; looks at L1, and acts there as nobody in particular.
    sender: User
    there: User
    l1: User
    recipient: Address
    controls: Controls = field(repr=False)
    #: Before each chain, for relayers alone.
    proxies: Mapping[str, FaultProxy] = field(repr=False)

    async def on(self, assurance: Assurance) -> "Anchored":
        """The same for the lane of another class."""
        return evolve(self, lane=await self.origin.lane_to(self.lane.destination, assurance))

    async def send(self, *parcels: Parcel) -> list[Sent]:
        """Send each in a transaction of its own; what the outbox made of them, in nonce order."""
        now = (await self.destination.head(Finality.LATEST)).timestamp
        calls = [parcel.call(self.origin, self.lane, self.recipient, now) for parcel in parcels]
        transactions = [(checksum(call.to), call.data, call.value) for call in calls]
        hashes = await self.sender.submit(*transactions, gas=_SEND_GAS)
        receipts = [await self.sender.receipt(tx_hash) for tx_hash in hashes]
        return await sent_by(receipts, self.origin, self.lane)

    async def until_blocks(self, count: int) -> None:
        """Return when the destination has so many blocks more."""
        wanted = (await self.destination.head(Finality.LATEST)).number + count
        while (await self.destination.head(Finality.LATEST)).number < wanted:  # noqa: ASYNC110 - the chain makes them
            await asyncio.sleep(0.05)

    def configuration(
        self,
        name: str,
        *,
        kinds: Collection[str] = ("attested", *SETTLED_KINDS),
        relayer: Mapping[str, Any] | None = None,
        each: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Path:
        """
        A relayer's configuration in a folder of its own; it reaches every chain through this test's proxies.

        `kinds`: of verifiers that it uses; `relayer`: settings beside the usual ones; `each`: further keys by chain.
        """
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        tree = orjson.loads(self.devnet.to_json())
        for chain, proxy in self.proxies.items():
            verifiers = [one for one in tree["chains"][chain]["verifiers"] if one["kind"] in kinds]
            tree["chains"][chain] |= {"rpc_url": proxy.url, "rpc_timeout_seconds": 2, "verifiers": verifiers}
            tree["chains"][chain] |= (each or {}).get(chain, {})
        tree["journal"] = "journal.sqlite"
        tree["relayer"] |= {"store": "relayer.sqlite", "poll_seconds": _POLL_SECONDS, "listen": "127.0.0.1:0"}
        tree["relayer"] |= relayer or {}
        tree["log"] = {"level": "INFO", "form": "json"}
        file = folder / "xl2.json"
        file.write_bytes(orjson.dumps(tree))
        file.chmod(0o600)
        return file

    # --- what a test does to L1, and sees there

    async def number(self, tag: str = "latest") -> int:
        """Height of L1."""
        return int((await self.l1.block(tag))["number"], 16)

    async def mine(self, blocks: int) -> None:
        """So many blocks of L1 at once; the L2s follow."""
        if blocks:
            await self.l1.rpc.call("anvil_mine", hex(blocks))

    async def hurry_until(self, told: Awaitable[T]) -> T:
        """
        What somebody waits for, while L1 and with it the L2s make blocks faster than they do by themselves.

        L1's time passes faster as well, by a game's clock at each look, as games and the portal wait for it. Not faster
        than all can follow: an L2 that falls behind hears of L1 too late, and a relayer that is held up finds states
        gone that it needs.
        """
        over = asyncio.Event()

        async def hurry() -> None:
            behind, asked = await self._l2s_behind(), self._asked()
            # What is final is near, or ten looks away: each block costs all chains work.
            blocks = max(2, 2 * self.devnet.clocks.slots_in_an_epoch // 10)
            while not over.is_set():
                if await self._l2s_behind() <= behind + _SLACK_BLOCKS and all(map(gt, self._asked(), asked)):
                    asked = self._asked()
                    await self.pass_time(self.devnet.clocks.max_clock_seconds)
                    await self.mine(blocks)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), _HURRY_SECONDS)

        hurrying = asyncio.ensure_future(hurry())
        try:
            return await told
        finally:
            # A block that is being made is waited for: nothing may be made while L1 goes back.
            over.set()
            await hurrying

    async def until_deployment_is_final(self) -> None:
        """Return when final blocks of both L2s have the contracts: before, relayers find none and rest over that."""
        for chain in (self.origin, self.destination):
            outbox = self.devnet.chain(chain.settings.name).contracts["outbox"]

            async def is_final(chain: EvmChain = chain, outbox: str = outbox) -> bool | None:
                with contextlib.suppress(RpcRejected):
                    return await chain.ask("eth_getCode", outbox, "finalized") != "0x" or None
                # A chain that began from a snapshot knows nothing of the blocks before.
                return None

            if not await is_final():
                await self.mine(2 * self.devnet.clocks.slots_in_an_epoch)
            await until(is_final, f"what was deployed on {chain.settings.name} to be final")

    async def pass_time(self, seconds: int) -> None:
        """Let so much time be over on L1 with its next block; L2s follow."""
        await self.l1.rpc.call("evm_increaseTime", seconds)

    async def take_back_from(self, block: int, *, depth: int = 1) -> int:
        """This block of L1 and all after it are replaced by as many empty ones: at least `depth`, and how many."""
        async with self.controls.turn(L1):
            await self.mine(max(0, depth - 1 - (await self.number() - block)))
            taken = await self.number() - block + 1
            await self.l1.rpc.call("anvil_reorg", taken, [])
        await self._followed()
        return taken

    async def take_back(self, depth: int) -> None:
        """The newest blocks of L1 are replaced by as many empty ones."""
        async with self.controls.turn(L1):
            await self.l1.rpc.call("anvil_reorg", depth, [])
        await self._followed()

    async def _followed(self) -> None:
        """Return when the L2s (OP Stack) hold nothing that L1 took back: until then they tell of what is undone."""
        for user in (self.sender, self.there):

            async def stands(user: User = user) -> bool | None:
                newest: Any = await user.rpc.call("eth_getBlockByNumber", "latest", True)
                origin = told_origin(newest["transactions"][0])
                assert origin is not None, newest
                found: Any = await self.l1.rpc.call("eth_getBlockByNumber", hex(origin.number), False)
                return (found is not None and found["hash"] == origin.hash) or None

            await until(stands, f"{user.chain.name} to follow L1")

    async def games(self) -> int:
        """How many dispute games the origin has on L1."""
        count: int = await self.l1.read(self._factory, FACTORY, "gameCount")
        return count

    async def game(self, index: int) -> tuple[str, int]:
        """Address of a game, and the origin's block that it is about."""
        _, _, game = await self.l1.read(self._factory, FACTORY, "gameAtIndex", index)
        return game, await self.l1.read(game, GAME, "l2BlockNumber")

    async def covering(self, sent: Sent, since: int = 0) -> tuple[int, str]:
        """Index and address of the first game at `since` or later that covers a message, once there is one."""

        async def look() -> tuple[int, str] | None:
            for index in range(since, await self.games()):
                game, block = await self.game(index)
                if block >= sent.place.block:
                    return index, game
            return None

        return await until(look, f"a game about block {sent.place.block}")

    async def held_at_root(self, sent: Sent, since: int) -> int:
        """Hold L1 once a root of a message is settled, so that it grows no older; the block of L1 that made it."""
        _, game = await self.hurry_until(self.covering(sent, since))

        async def resolved() -> bool | None:
            return (await self.l1.read(game, GAME, "status")) == DEFENDER_WINS or None

        await self.hurry_until(until(resolved, f"the outcome of {game}"))
        await self.pass_time(DELAYS_SECONDS)
        await self.mine(1)
        self.controls.hold_l1()
        return await self.created_at(game)

    async def created_at(self, game: str) -> int:
        """Block of L1 that made a game."""
        topic = FACTORY.topic("DisputeGameCreated")
        query: Any = {"fromBlock": "0x0", "toBlock": "latest", "address": self._factory, "topics": [topic]}
        logs: Any = await self.l1.rpc.call("eth_getLogs", query)
        (found,) = [one for one in logs if int(one["topics"][1], 16) == int(game, 16)]
        return int(found["blockNumber"], 16)

    async def _l2s_behind(self) -> int:
        """L1's blocks less those of the L2 that has fewer: grows while an L2 falls behind, as it leaves none out."""
        heights = [(await chain.head(Finality.LATEST)).number for chain in (self.origin, self.destination)]
        return await self.number() - min(heights)

    def _asked(self) -> list[int]:
        """How much relayers have asked of each L2."""
        return [proxy.asked.total() for name, proxy in self.proxies.items() if name != L1]

    @property
    def _factory(self) -> str:
        return self.devnet.chain(self.origin.settings.name).rollup["dispute_game_factory"]


@asynccontextmanager
async def anchored_on(
    devnet: Description, controls: Controls, folder: Path, *, origin: str = "op-a", destination: str = "op-b"
) -> AsyncIterator[Anchored]:
    """The settled lane between two L2s of a devnet for one test; what it opened is closed with it."""
    reader = folder / "reader.json"
    reader.write_bytes(devnet.to_json())
    config = load(reader)
    async with AsyncExitStack() as stack:
        chains = []
        for name in (origin, destination):
            settings = config.chain(name)
            chain = family(settings).chain(settings)
            assert isinstance(chain, EvmChain)
            stack.push_async_callback(chain.close)
            chains.append(chain)
        owners = {origin: "carol", destination: "dave", L1: "frank"}
        users = {name: User(devnet.chain(name), account(role).private_key) for name, role in owners.items()}
        for user in users.values():
            stack.push_async_callback(user.close)
        proxies = {
            name: await stack.enter_async_context(FaultProxy(chain.rpc_url)) for name, chain in devnet.chains.items()
        }
        found = Anchored(
            devnet=devnet,
            folder=folder,
            origin=chains[0],
            destination=chains[1],
            lane=await chains[0].lane_to(chains[1].chain, Assurance.SETTLED),
            sender=users[origin],
            there=users[destination],
            l1=users[L1],
            recipient=address(await users[destination].create(RECIPIENTS["counts"])),
            controls=controls,
            proxies=proxies,
        )
        await found.until_deployment_is_final()
        yield found


async def unready(configuration: Path) -> list[str] | None:
    """Which checks of a running relayer do not hold; None where all do, or it does not answer."""
    told = await _readiness(configuration)
    return [str(one["what"]) for one in told.get("checks", ()) if not one["ok"]] or None


async def ready(configuration: Path) -> bool | None:
    """True where a running relayer says that it can work."""
    return (await _readiness(configuration)).get("ready") or None


@contextmanager
def stopped(chain_id: int) -> Iterator[None]:
    """The process of a chain of ours stands still while the block lasts."""
    pid = _anvil_of(chain_id)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _anvil_of(chain_id: int) -> int:
    """Its process: a child of ours."""
    children = [int(pid) for task in Path("/proc/self/task").iterdir() for pid in _children(task)]
    wanted = f"--chain-id\0{chain_id}\0".encode()
    # Of several the one that was started last: the devnet of all modules may have such a chain as well.
    return max((pid for pid in children if wanted in Path(f"/proc/{pid}/cmdline").read_bytes()), key=_started)


def _started(pid: int) -> int:
    """When a process was, in ticks of the machine: field 22 of what proc(5) says of it, behind its name."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])


def _children(task: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return (task / "children").read_text().split()
    return []


async def _readiness(configuration: Path) -> Mapping[str, Any]:
    """What a running relayer answers to `GET /readyz`; empty while it does not listen."""
    file = configuration.parent / "relayer.sqlite.view"
    if not file.exists():
        return {}
    url = orjson.loads(file.read_bytes())["url"]
    with contextlib.suppress(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
            told: Mapping[str, Any] = await response.json()
            return told
    return {}

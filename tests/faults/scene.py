"""
Scene: senders on two bare chains, relayers as processes between them, and what the chains say in the end.

Comes in: the `grounds` and a folder. Goes out: messages of every kind, and configurations of relayers. Promise: what a
test is told of a message here comes from the chains alone, never from a relayer's store. What became of messages is
`oracle`'s to say, processes are `daemon`'s.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson
from attrs import evolve, field, frozen
from eth_account import Account

from tests.faults.ground import ACCOUNTS, ATTESTER, CHAIN_IDS, A, B, Ground, Grounds
from tests.faults.recipients import VALVE
from tests.integration.node import Node
from tests.waiting import until
from xl2.config import Config, load
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Timestamp, Wei, checksum, hex_text
from xl2.errors import RpcRejected
from xl2.flow.send import NEVER
from xl2.ports import Call, Entry, Sent
from xl2_adapters.chain import EvmChain
from xl2_adapters.op_stack import OpStack
from xl2_adapters.op_stack.chain import OpChain
from xl2_devnet.accounts import account

T = TypeVar("T")

FEE = Wei(10**15)
GAS = 100_000
NOBODY = Address(b"\x99" * 20)
#: anvil's own accounts beyond the seventeen that others use.
SENDERS = range(20, ACCOUNTS)
_SEND_GAS = 2_000_000
#: EIP-7623's floor for a byte of calldata, and what logging and hashing it takes.
_GAS_A_BYTE = 60


@frozen(kw_only=True)
class Parcel:
    """What a sender sends: by default a paid message to a recipient that counts."""

    habit: str = "counts"
    payload: bytes = b"hello"
    fee: Wei = FEE
    gas_limit: int = GAS
    #: Seconds from the destination's tip; None: never.
    expires_in: int | None = None

    def call(self, origin: EvmChain, lane: Lane, recipient: Address, now: Timestamp) -> Call:
        """What sends it on a lane; `now`: of the destination's tip."""
        return origin.send_call(
            lane,
            recipient=recipient,
            payload=self.payload,
            gas_limit=self.gas_limit,
            expiry=NEVER if self.expires_in is None else Timestamp(now + self.expires_in),
            allow_no_code=False,
            fee=self.fee,
        )


async def sent_by(receipts: Sequence[Mapping[str, Any]], origin: EvmChain, lane: Lane) -> list[Sent]:
    """What the outbox made of parcels, each sent in a transaction of its own, in nonce order."""
    assert all(receipt["status"] == "0x1" for receipt in receipts), receipts
    placed = [int(receipt["blockNumber"], 16) for receipt in receipts]
    found = await origin.sent(lane, BlockNumber(min(placed)), BlockNumber(max(placed)))
    mine = [one for one in found if hex_text(one.place.tx_hash) in {one["transactionHash"] for one in receipts}]
    assert len(mine) == len(receipts), (found, receipts)
    return mine


@frozen(kw_only=True)
class Scene:
    """The two chains as a test uses them; messages go from `origin` to `destination`."""

    grounds: Grounds
    #: Where configurations, stores and logs go.
    folder: Path
    origin: OpChain
    destination: OpChain
    lane: Lane
    #: Their names.
    here: str = A
    there: str = B
    #: Messages that the tests of this scene have sent, by sender and nonce, so that senders take turns.
    _turns: list[int] = field(factory=lambda: [0], repr=False)

    async def send(self, *parcels: Parcel, blocks: bool = True) -> list[Sent]:
        """
        Send each in a transaction of its own, many a block; what the outbox made of them, in nonce order.

        `blocks`: whether blocks come by themselves; else one is made here by whoever holds the chain already.
        """
        tip = await self.destination.head(Finality.LATEST)
        calls = [self._call(parcel, tip.timestamp) for parcel in parcels]
        node = Node(self.grounds[self.here].url)
        try:
            senders = node.ask("eth_accounts")
            hashes = []
            for call in calls:
                self._turns[0] += 1
                sender = senders[SENDERS[self._turns[0] % len(SENDERS)]]
                hashes.append(node.ask("eth_sendTransaction", {"from": sender, **call}))
            if not blocks:
                node.ask("evm_mine")
        finally:
            node.close()
        receipts = [await self._receipt(self.origin, tx_hash) for tx_hash in hashes]
        return await sent_by(receipts, self.origin, self.lane)

    async def back(self) -> "Scene":
        """The same chains, for messages the other way."""
        lane = await self.destination.lane_to(self.lane.origin, self.lane.assurance)
        return evolve(
            self, origin=self.destination, destination=self.origin, lane=lane, here=self.there, there=self.here
        )

    async def turn_valve(self, *, is_open: bool) -> None:
        """Let the recipient that reverts while it is closed be open, or closed."""
        valve = checksum(self.grounds[B].recipients[VALVE])
        if (await self.destination.ask("eth_getStorageAt", valve, "0x0", "latest") != "0x" + "0" * 64) is is_open:
            return
        turned = await self.destination.ask("eth_sendTransaction", {"from": account("guardian").address, "to": valve})
        await self._receipt(self.destination, str(turned))

    async def use_key(self, role: str) -> None:
        """A transaction on the destination by an account of the devnet, as its owner would make it with a wallet."""
        own = account(role).address

        async def taken() -> str | None:
            try:
                return str(await self.destination.ask("eth_sendTransaction", {"from": own, "to": own}))
            except RpcRejected:
                # Whoever else has the key was faster with its nonce.
                return None

        sent = await until(taken, "a foreign transaction to be taken")
        placed: Any = await self.destination.ask("eth_getTransactionByHash", sent)

        async def used() -> bool | None:
            # By it, or by what whoever else has the key put in its place meanwhile.
            count = int(str(await self.destination.ask("eth_getTransactionCount", own, "latest")), 16)
            return placed is None or count > int(placed["nonce"], 16) or None

        await until(used, "the nonce of a foreign transaction to be used")

    @staticmethod
    def key_of(name: str) -> str:
        """The private key of an account that is this name's alone."""
        return hex_text(keccak(name.encode()))

    def fund(self, *names: str) -> list[str]:
        """Ether on both chains for the accounts of these names; their addresses."""
        accounts = [str(Account.from_key(self.key_of(name)).address) for name in names]
        for chain in (A, B):
            with self.grounds[chain].held() as node:
                for one in accounts:
                    node.ask("anvil_setBalance", one, hex(10**20))
        return accounts

    async def until_blocks(self, count: int) -> None:
        """Return when the destination has so many blocks more."""
        wanted = (await self.destination.head(Finality.LATEST)).number + count
        while (await self.destination.head(Finality.LATEST)).number < wanted:  # noqa: ASYNC110 - the chain makes them
            await asyncio.sleep(0.01)

    def finalize(self, *chains: str, blocks: int = 70) -> None:
        """Let so many blocks pass at once on these chains, or on both."""
        for chain in chains or (A, B):
            with self.grounds[chain].held() as node:
                node.ask("anvil_mine", hex(blocks))

    async def advance_until(self, told: Awaitable[T]) -> T:
        """What somebody waits for, while blocks pass faster than they come by themselves."""

        async def advance() -> None:
            while True:
                self.finalize(blocks=8)
                await asyncio.sleep(0.05)

        advancing = asyncio.ensure_future(advance())
        try:
            return await told
        finally:
            advancing.cancel()

    async def receipts_of(self, sent: Sequence[Sent]) -> list[Entry]:
        """Deliveries of these messages that stand at the destination's tip."""
        tip = (await self.destination.head(Finality.LATEST)).number
        nonces = {one.message.nonce for one in sent}
        entries = await self.destination.receipts(self.lane, BlockNumber(0), tip)
        parsed = [(entry, parse_receipt(entry.data)) for entry in entries]
        return [entry for entry, one in parsed if isinstance(one, Delivered) and nonces & set(one.nonces)]

    def take_back_from(self, chain: str, block: int) -> None:
        """This block of a chain and all after it are replaced by as many empty ones, and two more follow."""
        with self.grounds[chain].held() as node:
            node.ask("anvil_reorg", int(node.ask("eth_blockNumber"), 16) - block + 1, [])
            node.ask("anvil_mine", "0x2")

    def pass_time(self, seconds: int) -> None:
        """Turn the destination's clock on, for good; its next block has the later time."""
        with self.grounds[B].held() as node:
            node.ask("evm_increaseTime", seconds)
            node.ask("evm_mine")

    def clock(self, rate: float) -> Path:
        """For relayers: a clock that runs so many times as fast as the machine's, so that what rests is soon over."""
        file = self.folder / "clock"
        file.write_text(f"0 {rate}", encoding="ascii")
        return file

    def configuration(
        self,
        name: str,
        *,
        relayer: Mapping[str, Any] | None = None,
        key: str | None = None,
        urls: Mapping[str, str] | None = None,
        **tables: Any,
    ) -> Path:
        """
        A configuration's file in a folder of its own below the scene's.

        `relayer`: settings beside the usual ones; `key`: who pays, else the devnet's relayer; `urls`: by chain, where
        it is reached otherwise; `tables`: further ones, or others than the usual.
        """
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        tree = {
            "chains": {one.name: _chain(one, (urls or {}).get(one.name, one.url)) for one in self.grounds.values()},
            "keys": {"relayer": key or account("relayer").private_key, "attester": ATTESTER.private_key},
            "journal": "journal.sqlite",
            "relayer": {
                "store": "relayer.sqlite",
                "poll_seconds": 0.05,
                "listen": "127.0.0.1:0",
                # Most faults are about what is carried, not about what it pays.
                "policy": {"carry": "always"},
                **(relayer or {}),
            },
            "log": {"level": "INFO", "form": "json"},
            **tables,
        }
        file = folder / "xl2.json"
        file.write_bytes(orjson.dumps(tree))
        # Keys of nothing, but a relayer does not know that, and would say so at each start.
        file.chmod(0o600)
        return file

    def _call(self, parcel: Parcel, now: Timestamp) -> dict[str, str]:
        call = parcel.call(self.origin, self.lane, self.grounds[self.there].recipients[parcel.habit], now)
        gas = _SEND_GAS + _GAS_A_BYTE * len(parcel.payload)
        return {"to": checksum(call.to), "data": hex_text(call.data), "value": hex(call.value), "gas": hex(gas)}

    @staticmethod
    async def _receipt(chain: OpChain, tx_hash: str) -> Mapping[str, Any]:
        found = await until(partial(chain.ask, "eth_getTransactionReceipt", tx_hash), f"the receipt of {tx_hash}")
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def scene_on(grounds: Grounds, folder: Path) -> AsyncIterator[Scene]:
    """A scene for one test; its connections are closed with it."""
    config, family = _readers_config(grounds, folder), OpStack()
    origin, destination = family.chain(config.chain(A)), family.chain(config.chain(B))
    try:
        lane = await origin.lane_to(ChainId(CHAIN_IDS[B]), Assurance.ATTESTED)
        yield Scene(grounds=grounds, folder=folder, origin=origin, destination=destination, lane=lane)
    finally:
        await origin.close()
        await destination.close()


def _readers_config(grounds: Grounds, folder: Path) -> Config:
    file = folder / "reader.json"
    file.write_bytes(orjson.dumps({"chains": {one.name: _chain(one, one.url) for one in grounds.values()}}))
    return load(file)


def _chain(ground: Ground, url: str) -> dict[str, Any]:
    if ground.name == "l1":
        return {"chain_id": ground.chain_id, "family": "l1", "rpc_url": url}
    return {
        "chain_id": ground.chain_id,
        "family": "op",
        "rpc_url": url,
        "anchor": "l1",
        "contracts": ground.contracts,
        "verifiers": list(ground.verifiers),
    }

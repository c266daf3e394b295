"""Chains of a supersim with who sends, who relays, and targets that behave as a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve, frozen
from eth_abi import decode

from bench.supersim import Supersim
from tests.integration.beat import Beat
from tests.waiting import until
from xl2.clock import CLOCK
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, hex_text
from xl2.errors import Xl2Error
from xl2.ports import Signer
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm, Log
from xl2_adapters.op_stack.interop import BatchPolicy, CarrierPolicy, Journal, Relay, RelayPolicy, Sent, by_hand
from xl2_adapters.op_stack.interop.account import account as on_chain
from xl2_adapters.op_stack.interop.contracts import AGGREGATE, MESSENGER, RELAYED, SEND
from xl2_adapters.op_stack.interop.transaction import Unsigned
from xl2_adapters.web3_edge import signer
from xl2_devnet.accounts import account

T = TypeVar("T")

A, B, C = ChainId(901), ChainId(902), ChainId(903)
#: `slot0 += 1`
COUNTS = "0x60005460010160005500"
REVERTS = "0x60006000fd"
#: Burns whatever gas it gets.
BURNS = "0x5b600056"


@frozen
class Scene:
    supersim: Supersim
    chains: dict[ChainId, Evm]
    beat: Beat

    def user(self, role: str = "proposer") -> Signer:
        return signer(account(role).private_key)

    async def target(self, chain: ChainId, number: int, code: str = COUNTS) -> Address:
        """A fresh target on a chain; `number` tells one test's from another's."""
        address = Address(number.to_bytes(20))
        await self.chains[chain].rpc.call("anvil_setCode", hex_text(address), code)
        return address

    async def calls(self, chain: ChainId, target: Address) -> int:
        """How often a target that counts was called."""
        word = await self.chains[chain].rpc.call("eth_getStorageAt", hex_text(target), "0x0", "latest")
        return int(str(word), 16)

    async def send(self, origin: ChainId, destination: ChainId, target: Address, body: bytes = b"") -> Sent:
        return await by_hand.send(self.chains[origin], self.user(), destination=destination, target=target, body=body)

    async def send_many(self, origin: ChainId, destination: ChainId, targets: Sequence[Address]) -> None:
        """Messages in a few blocks, one transaction each."""
        evm, user = self.chains[origin], self.user()
        mine = await on_chain(evm, user.address)
        raws = []
        for nonce, target in enumerate(targets, mine.pending):
            unsigned = Unsigned(
                chain=origin, tx_nonce=nonce, to=MESSENGER, data=SEND.encode(destination, hex_text(target), b"body"),
                gas_limit=200_000, max_fee=mine.price.max_fee, priority_fee=mine.price.priority_fee,
            )  # fmt: skip
            raws.append(unsigned.raw(await user.sign_hash_of(unsigned.preimage())))
        for raw in raws:
            await evm.broadcast(raw)

    async def height(self, chain: ChainId) -> BlockNumber:
        return BlockNumber(int(str(await self.chains[chain].ask("eth_blockNumber")), 16))

    async def deliveries(self, chain: ChainId, after: BlockNumber) -> list[Log]:
        """What the messenger of a chain says it delivered since a block."""
        tip = await self.height(chain)
        if tip <= after:
            return []
        return await self.chains[chain].logs(MESSENGER, [[RELAYED.topic]], BlockNumber(after + 1), tip)

    async def delivered(self, chain: ChainId, after: BlockNumber, count: int) -> list[Log]:
        """The same, once there are so many."""

        async def look() -> list[Log] | None:
            found = await self.deliveries(chain, after)
            return found if len(found) >= count else None

        return await until(look, f"{count} deliveries on chain {chain}")

    async def relays_paid(self, chain: ChainId, payer: Address, after: BlockNumber) -> int:
        """Relays in all transactions of an account since a block, whatever became of them."""
        evm, paid = self.chains[chain], 0
        for number in range(after + 1, await self.height(chain) + 1):
            block = rpc_wire.mapping(await evm.ask("eth_getBlockByNumber", hex(number), True), evm.endpoint)
            for entry in rpc_wire.sequence(block["transactions"], evm.endpoint):
                transaction: Any = entry
                if transaction["from"] == hex_text(payer):
                    paid += _relays(bytes.fromhex(transaction["input"][2:]))
        return paid

    @contextlib.asynccontextmanager
    async def relaying(
        self, journal: Journal, role: str = "challenger", *, most: int = 16, chains: Sequence[ChainId] = (A, B)
    ) -> AsyncIterator[None]:
        """A relayer of ours, for as long as the block runs."""
        policy = RelayPolicy(
            carrier=CarrierPolicy(batch=BatchPolicy(max_messages=most)), poll_seconds=0.1, blocks_back=0
        )
        # Connections of its own, as a process would have.
        opened = [Evm(chain, self.supersim.urls[chain]) for chain in chains]
        relay = Relay(opened, self.user(role), journal, CLOCK, policy)
        running = asyncio.ensure_future(relay.run())
        try:
            await _begun(journal, chains, running)
            yield
            if running.done():
                running.result()
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Xl2Error):
                await running
            for evm in opened:
                await evm.close()


async def _begun(journal: Journal, chains: Sequence[ChainId], running: "asyncio.Future[None]") -> None:
    """Once it watches every chain: what is sent from now on is seen."""

    async def look() -> bool | None:
        if running.done():
            running.result()
        return all([await journal.trail(chain) for chain in chains]) or None

    await until(look, "a relayer that watches")


def _relays(data: bytes) -> int:
    if data[:4] != AGGREGATE.selector:
        return 1 if data else 0
    (calls,) = decode(["(address,bool,bytes)[]"], data[4:])
    return len(calls)


@contextlib.asynccontextmanager
async def journal_in(folder: Path, name: str = "journal") -> AsyncIterator[Journal]:
    opened = Journal(folder / f"{name}.sqlite")
    try:
        yield opened
    finally:
        await opened.close()


async def once(look: Callable[[], Awaitable[bool]], what: str) -> None:
    async def seen() -> bool | None:
        return await look() or None

    await until(seen, what)


def elsewhere(sent: Sent, **fields: Any) -> Any:
    """The message's identifier with other fields."""
    return evolve(sent.identifier, **fields)


def nonces(logs: Sequence[Log]) -> list[Hash32]:
    """Hashes of the messages that these logs tell of."""
    return [Hash32(log.topics[3]) for log in logs]

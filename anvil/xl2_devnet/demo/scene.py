"""
Demo scene: what a demo has at hand: a devnet's configuration, clients for its people, and eyes for its chains.

The devnet's file comes in; clients (xl2's front door) and plain reads of contracts go out. Promise: whatever acts goes
through the front door with a key of its own; whatever is checked is read from the chains, not from what acted.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen
from eth_abi.abi import decode

import xl2
from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, Hash32, MessageId, Wei, address
from xl2.ports import Transaction
from xl2_adapters.chain import EvmChain
from xl2_adapters.contracts.bridge import TokenBridge
from xl2_adapters.rpc_wire import data, mapping, quantity
from xl2_adapters.web3_edge import signer
from xl2_devnet.abi import xl2 as artifact
from xl2_devnet.accounts import account
from xl2_devnet.plan import CALL_GAS

#: The demo looks often: it runs on a devnet, which bears it.
POLL_SECONDS = 0.25


@frozen(kw_only=True)
class Scene:
    """The L2s of a running devnet."""

    config: xl2.Config
    #: By name, in the devnet's order.
    chains: Mapping[str, EvmChain]
    #: By role; made when first asked for.
    clients: dict[str, xl2.AsyncClient] = field(factory=dict, init=False)

    @property
    def a(self) -> EvmChain:
        """The first L2, where the devnet's first tokens are at home."""
        return next(iter(self.chains.values()))

    @property
    def b(self) -> EvmChain:
        """The second."""
        return list(self.chains.values())[1]

    def client(self, role: str) -> xl2.AsyncClient:
        """The client of one of the devnet's people; each has a key of its own."""
        if role not in self.clients:
            self.clients[role] = xl2.connect_async(self.config, key=role)
        return self.clients[role]

    def name(self, chain: EvmChain) -> str:
        """What the configuration calls a chain."""
        return chain.settings.name

    def notebook(self, chain: EvmChain) -> Address:
        """The recipient that the devnet deployed there."""
        return chain.settings.contracts["notebook"]

    def bridge(self, chain: EvmChain, symbol: str) -> TokenBridge:
        """A token's bridge on a chain."""
        return TokenBridge(chain, self.config.token(symbol).on[self.name(chain)].bridge)

    async def noted(
        self, chain: EvmChain, messages: Sequence[MessageId], notebook: Address | None = None
    ) -> Mapping[MessageId, bytes]:
        """What a notebook of a chain wrote down of these messages, by its own events."""
        tip = (await chain.head(Finality.LATEST)).number
        topics: list[list[bytes] | None] = [
            [bytes.fromhex(artifact("Notebook").topic("Noted")[2:])],
            list(messages),
        ]
        logs = await chain.logs(notebook or self.notebook(chain), topics, BlockNumber(0), tip)
        return {MessageId(Hash32(log.topics[1])): bytes(decode(["bytes", "bytes"], log.data)[1]) for log in logs}

    async def fees_returned(self, bridge: TokenBridge, account: Address) -> int:
        """Wei of refunded fees that a bridge paid out to an account, by its own events."""
        tip = (await bridge.evm.head(Finality.LATEST)).number
        topics: list[list[bytes] | None] = [
            [bytes.fromhex(artifact("LockBridge").topic("FeesClaimed")[2:])],
            [account.rjust(32, b"\0")],
        ]
        logs = await bridge.evm.logs(bridge.address, topics, BlockNumber(0), tip)
        return sum(int.from_bytes(log.data) for log in logs)

    async def close_notebook(self, chain: EvmChain, notebook: Address, *, closed: bool) -> None:
        """Have its owner, who set the devnet up, make a notebook refuse messages, or accept them again."""
        owner, fees = signer(account("deployer").private_key), await chain.fees()
        transaction = Transaction(
            chain=chain.chain,
            tx_nonce=await chain.tx_nonce(owner.address, pending=True),
            to=notebook,
            data=artifact("Notebook").call("close", closed),
            value=Wei(0),
            gas_limit=CALL_GAS,
            max_fee=fees.max_fee,
            priority_fee=fees.priority_fee,
        )
        signed = await owner.sign_transaction(transaction, "close a notebook")
        await chain.broadcast(signed.raw)
        while await chain.tx_receipt(signed.hash) is None:  # noqa: ASYNC110 - a chain wakes nobody
            await asyncio.sleep(POLL_SECONDS)

    async def gas_of(self, chain: EvmChain, tx_hash: bytes) -> int:
        """Gas that a transaction used, by its receipt."""
        receipt = mapping(await chain.ask("eth_getTransactionReceipt", "0x" + tx_hash.hex()), chain.endpoint)
        return quantity(receipt["gasUsed"], chain.endpoint)

    async def calldata_of(self, chain: EvmChain, tx_hash: bytes) -> bytes:
        """What a transaction called with."""
        found = mapping(await chain.ask("eth_getTransactionByHash", "0x" + tx_hash.hex()), chain.endpoint)
        return data(found["input"], chain.endpoint)


@contextlib.asynccontextmanager
async def scene(file: Path) -> AsyncIterator[Scene]:
    """Set the scene on a running devnet. Raises `ConfigInvalid` for a file that is none."""
    loaded = xl2.load(file)
    config = evolve(loaded, relayer=evolve(loaded.relayer, poll_seconds=POLL_SECONDS))
    chains = {name: EvmChain(config.chain(name)) for name, chain in config.chains.items() if chain.anchor}
    async with contextlib.AsyncExitStack() as stack:
        for chain in chains.values():
            stack.push_async_callback(chain.close)
        set_up = Scene(config=config, chains=chains)
        try:
            yield set_up
        finally:
            for client in set_up.clients.values():
                await client.close()


def person(role: str) -> Address:
    """Account of one of the devnet's people."""
    return address(account(role).address)

"""
Payer: one funded account on one bare anvil, its submitter, and the levers that break what it relies on.

Comes in: nothing. Goes out: an account whose transactions a test makes, holds, drops and takes back. Promise: blocks
are made when a test says so; the anvil ends with the test, also when it fails.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from eth_account import Account

from tests.heard import Heard
from xl2.clock import CLOCK
from xl2.core.types import Address, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import RpcRejected
from xl2.flow.fees import FeeCaps
from xl2.flow.inclusion import Patience
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Call, Journalled, Transaction
from xl2.store import SqliteStore
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Json, RpcClient
from xl2_adapters.web3_edge import AccountSigner, signer
from xl2_devnet.anvil import anvil
from xl2_devnet.toolchain import ANVIL, find

CHAIN = ChainId(901)
RICH = 10**20
#: Nothing is replaced because a busy machine makes its block late.
_PATIENCE = Patience(poll_seconds=0.03, stuck_seconds=3_600, resend_seconds=0.2, gap_seconds=0.3, looks_before_lost=3)
_IMPATIENT = evolve(_PATIENCE, stuck_seconds=0.3)


class Moody(Evm):
    """A node that refuses transactions in words of a test: anvil's pool is never full."""

    def __init__(self, url: str) -> None:
        super().__init__(CHAIN, url)
        self.refusal: str | None = None
        self.sent: list[str] = []

    async def ask(self, method: str, *params: Json) -> Json:
        if method == "eth_sendRawTransaction":
            self.sent.append(str(params[0]))
            if self.refusal is not None:
                raise RpcRejected(self.refusal, endpoint="node", rpc_code=-32000)
        return await super().ask(method, *params)


@define(kw_only=True)
class Payer:
    """An account, and the node that it pays by."""

    evm: Moody
    control: RpcClient
    signer: AccountSigner
    store: SqliteStore
    heard: Heard = field(factory=Heard)

    @property
    def address(self) -> Address:
        return self.signer.address

    def submitter(self, caps: FeeCaps | None = None, *, replaces: bool = False) -> JournalledSubmitter:
        """`replaces`: what waits at the front for long is replaced by what pays more."""
        policy = SubmitPolicy(patience=_IMPATIENT if replaces else _PATIENCE, caps=caps or FeeCaps())
        return JournalledSubmitter(self.evm, self.signer, self.store, CLOCK, policy, observer=self.heard)

    def call(self, value: int = 1) -> Call:
        what = f"pay {value} wei"
        return Call(chain=CHAIN, to=Address(b"\x42" * 20), data=b"", value=Wei(value), what=what)

    async def ask(self, method: str, *params: Json) -> Any:
        return await self.control.call(method, *params)

    async def mine(self, blocks: int = 1) -> None:
        await self.ask("anvil_mine", hex(blocks))

    async def mining(self, under_way: "asyncio.Future[Any]") -> Any:
        """The result of what is under way, while blocks are made."""
        while not under_way.done():
            await self.mine()
            await asyncio.wait((under_way,), timeout=0.05)
        return under_way.result()

    async def nonce(self) -> int:
        return await self.evm.tx_nonce(self.address)

    async def has(self, wei: int) -> None:
        await self.ask("anvil_setBalance", checksum(self.address), hex(wei))

    async def next_base_fee(self, wei: int) -> None:
        await self.ask("anvil_setNextBlockBaseFeePerGas", hex(wei))

    async def drop(self, tx_hash: Hash32) -> None:
        await self.ask("anvil_dropTransaction", hex_text(tx_hash))

    async def pending(self) -> Sequence[Journalled]:
        return await self.store.pending(CHAIN, self.address)

    async def pool(self) -> int:
        """How many transactions wait in the node's pool."""
        status = await self.ask("txpool_status")
        return int(status["pending"], 16) + int(status["queued"], 16)

    async def elsewhere(self, tx_nonce: int, value: int = 7) -> Hash32:
        """The same key, used by somebody who knows nothing of our journal."""
        transaction = Transaction(
            chain=CHAIN, tx_nonce=tx_nonce, to=Address(b"\x66" * 20), data=b"", value=Wei(value), gas_limit=21_000,
            max_fee=Wei(10**11), priority_fee=Wei(10**10),
        )  # fmt: skip
        signed = await self.signer.sign_transaction(transaction, "")
        await self.ask("eth_sendRawTransaction", hex_text(signed.raw))
        return signed.hash


@contextlib.asynccontextmanager
async def payer(path: Path) -> AsyncIterator[Payer]:
    """A funded account on a node of its own that makes no block by itself."""
    binary = find(ANVIL, os.environ)
    arguments = ["--chain-id", str(CHAIN), "--no-mining", "--slots-in-an-epoch", "1", "--order", "fees"]
    async with (
        anvil(binary, "payer", port=0, arguments=arguments) as node,
        RpcClient(node.url) as control,
        SqliteStore(path / "payer.sqlite") as store,
    ):
        evm = Moody(node.url)
        found = Payer(evm=evm, control=control, signer=signer(Account.create()), store=store)
        await found.has(RICH)
        await found.mine(3)
        try:
            yield found
        finally:
            await evm.close()


async def until_pool(of: Payer, count: int) -> None:
    """Wait until so many transactions wait in the node's pool."""
    while await of.pool() != count:  # noqa: ASYNC110 - the node tells nobody
        await asyncio.sleep(0.01)

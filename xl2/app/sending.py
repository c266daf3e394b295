"""
Sending: a configuration, its chains and a key in, who sends transactions on each chain out.

Promise: one nonce owner a chain, whoever asks for it; a key is opened when something is first signed, so that reading
needs none, and every transaction passes the wallet's gate.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from attrs import define, field, frozen

from xl2.app.naming import book_of
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.core.types import Address, ChainId, hex_text
from xl2.flow.alarms import Alarms
from xl2.flow.fees import FeeCaps
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Blocks, Call, Journal, Observer, Signer, Submitter, TxReceipt
from xl2.store import SqlStore
from xl2.wallet import Gate, WalletHooks

logger = logging.getLogger(__name__)

#: Between a quote and the review of what it is for, at most: the endpoint told its chain with the quote.
_STATED_SECONDS: Final = 2.0


@frozen(kw_only=True)
class Senders:
    """Who sends on the chains of one configuration."""

    config: Config
    chains: Mapping[ChainId, Blocks]
    store: SqlStore
    signer: Callable[[], Signer]
    hooks: WalletHooks
    observer: Observer
    #: Shared with others who may meet the same causes.
    alarms: Alarms | None
    _journalled: dict[ChainId, JournalledSubmitter] = field(factory=dict, init=False)
    _recovering: dict[ChainId, "RecoveringSubmitter"] = field(factory=dict, init=False)

    @cached_property
    def gate(self) -> Gate:
        """What every transaction is reviewed and signed by."""
        return Gate(signer=self.signer(), hooks=self.hooks, book=book_of(self.config), chain_id_of=self._chain_id_of)

    def journalled(self, chain: ChainId) -> JournalledSubmitter:
        """The nonce owner of a chain, for who recovers by itself."""
        if chain not in self._journalled:
            policy = SubmitPolicy(caps=FeeCaps(absolute=self.config.max_fee_on(chain)))
            self._journalled[chain] = JournalledSubmitter(
                self.chains[chain], self.gate, self.store, CLOCK, policy, observer=self.observer, alarms=self.alarms
            )
        return self._journalled[chain]

    def submitter(self, chain: ChainId) -> Submitter:
        """The same, with what an earlier run left seen to first."""
        if chain not in self._recovering:
            self._recovering[chain] = RecoveringSubmitter(self.journalled(chain), chain, self.store)
        return self._recovering[chain]

    async def _chain_id_of(self, chain: ChainId) -> int:
        # Beside the quote of what is signed it was just told.
        return await self.chains[chain].answers_for(within_seconds=_STATED_SECONDS)


@define
class RecoveringSubmitter:
    """A submitter that first finishes what an earlier run of this program left in the journal, and tells of it."""

    inner: JournalledSubmitter
    chain: ChainId
    journal: Journal
    _recovered: bool = field(default=False, init=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        return self.inner.address

    async def submit(self, call: Call) -> TxReceipt:
        """Make a call; see `xl2.ports.Submitter`."""
        async with self._turn:
            if not self._recovered:
                await self._recover()
                self._recovered = True
        return await self.inner.submit(call)

    async def _recover(self) -> None:
        """Who repeats a command after a crash must learn that the earlier one went through."""
        left = await self.journal.pending(self.chain, self.address)
        words = {one.signed.hash: one.what for one in left}
        for receipt in await self.inner.recover():
            # One that was replaced just now has another hash: then it is one of all that were left.
            what = words.get(receipt.tx_hash) or "; ".join(sorted(set(words.values())))
            how = "went through" if receipt.succeeded else "reverted"
            tx_hash = hex_text(receipt.tx_hash)
            fields = {"what": what, "chain": self.chain, "tx_hash": tx_hash, "succeeded": receipt.succeeded}
            # In words too: a command that renders no fields prints this line as it is.
            logger.warning("a transaction of an earlier run %s: %s (%s)", how, what, tx_hash, extra={"fields": fields})

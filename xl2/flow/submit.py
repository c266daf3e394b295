"""
Submit: a call in, an included transaction out; the only place that spends transaction nonces.

Promise: the signed bytes are in the journal before anybody else sees them, and after a crash the same bytes are sent
again; one nonce is used for one call, whatever it takes in replacements; nothing is signed that a simulation refuses or
the balance does not cover. Calls are simulated side by side, and handed over one after the other, in the order of their
nonces. There must be one submitter a chain and signer. What a revert means is left to the caller; what happens to a
transaction until a block holds it is `inclusion`'s.
"""

import asyncio
import logging
from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.amounts import wei_and_ether, wei_and_gwei
from xl2.core.message import MAX_TX_GAS
from xl2.core.types import Address, ChainId, Wei, checksum, hex_text
from xl2.errors import Refused, Retryable, Reverted, TooExpensive, Unaffordable
from xl2.flow import fees
from xl2.flow.alarms import Alarms, Cause, cause_of
from xl2.flow.handover import Handover
from xl2.flow.held import Held, Open
from xl2.flow.inclusion import Inclusion, Patience
from xl2.flow.nonces import Told, foreign, free, gap
from xl2.ports import (
    Alarm,
    AlarmKind,
    AlarmLines,
    Blocks,
    Call,
    Clock,
    Journal,
    Observer,
    Signer,
    Transaction,
    TxQuote,
    TxReceipt,
)

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class SubmitPolicy:
    """How patient and how generous a submitter is."""

    patience: Patience = field(factory=Patience)
    caps: fees.FeeCaps = field(factory=fees.FeeCaps)


class JournalledSubmitter:
    """One nonce owner. Implements `xl2.ports.Submitter`."""

    def __init__(
        self,
        chain: Blocks,
        signer: Signer,
        journal: Journal,
        clock: Clock,
        policy: SubmitPolicy | None = None,
        *,
        observer: Observer | None = None,
        alarms: Alarms | None = None,
    ) -> None:
        """
        Nothing is read or sent before the first `submit` or `recover`.

        `alarms`: shared with others who may meet the same causes; else its own, told to the observer.
        """
        policy = policy or SubmitPolicy()
        self._chain = chain
        self._journal = journal
        self._clock = clock
        self._caps = policy.caps
        self._poll_seconds = policy.patience.poll_seconds
        self._observer = observer or AlarmLines()
        self._alarms = alarms or Alarms(self._observer)
        self._handover = Handover(chain, signer, journal)
        self._held = Held()
        self._inclusion = Inclusion(
            chain=chain,
            held=self._held,
            handover=self._handover,
            journal=journal,
            clock=clock,
            patience=policy.patience,
            caps=policy.caps,
            alarms=self._alarms,
            observer=self._observer,
            fill=self._fill,
        )
        self._adopted = False
        #: Held from the choice of a nonce until its bytes are in the journal and out.
        self._turn = asyncio.Lock()

    @property
    def chain(self) -> ChainId:
        """EIP-155 id of the chain that it submits to."""
        return self._chain.chain

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        return self._handover.address

    async def submit(self, call: Call) -> TxReceipt:
        """Make a call: see `xl2.ports.Submitter.submit`."""
        while True:
            entry = await self._open(call)
            receipt = await self._inclusion.of(entry)
            if receipt is None:
                fields = {"chain": call.chain, "what": call.what, "tx_nonce": entry.tx_nonce}
                log.info("nonce lost, and its call made again", extra={"fields": fields})
                continue
            self._observer.submitted(call, receipt)
            if not receipt.succeeded:
                raise await self._why(call, receipt)
            return receipt

    async def recover(self) -> Sequence[TxReceipt]:
        """
        After a start: send what the journal still holds open once more, and wait until every nonce is used.

        A journal that does not answer is asked again: what it holds must be known before anything more is signed.
        """
        while not self._adopted:
            try:
                async with self._turn:
                    await self._adopt()
            except Retryable as silent:
                # The store tells it, once.
                log.debug("journal unread", extra={"fields": {"chain": self._chain.chain, "cause": silent.what}})
                await self._clock.sleep(self._poll_seconds)
        receipts = await asyncio.gather(*(self._inclusion.of(entry) for entry in self._held.in_order()))
        return [receipt for receipt in receipts if receipt is not None]

    async def _open(self, call: Call) -> Open:
        """Quote, price, sign, journal, broadcast."""
        while True:
            inclusions = self._held.inclusions
            quote = await self._chain.quote(call, self.address)
            gas_limit = _gas_limit(call, quote)
            price = self._price(call, quote)
            async with self._turn:
                await self._adopt()
                told = Told(used=quote.tx_nonce, pooled=quote.pending_nonce)
                if self._held.inclusions == inclusions:
                    await self._inclusion.check(told)
                # What the chain said is older than what was included meanwhile.
                told = Told(used=max(told.used, self._held.floor), pooled=told.pooled)
                await self._mind_foreign(told)
                await self._inclusion.send_held()
                transaction = _transaction(call, free(self._held.open, told), gas_limit, price)
                if self._covers(transaction, quote, call.what):
                    return await self._hand_over(transaction, call.what)
            # What is out holds the rest of the balance at worst; its end says how much of it there is.
            await self._inclusion.of(self._held.in_order()[0])

    async def _hand_over(self, transaction: Transaction, what: str) -> Open:
        """Sign, journal, broadcast. The nonce is held before the bytes are written, and free again if they are not."""
        signed = await self._handover.sign(transaction, what)
        entry = self._held.begin(signed, what, self._clock.steady())
        is_written = False
        try:
            await self._handover.keep(signed, what)
            is_written = True
            entry.outcome = await self._handover.send(signed)
        except asyncio.CancelledError:
            # The bytes are written and may be out: whoever looks next sends them.
            raise
        except BaseException as refused:
            if is_written and isinstance(refused, Refused):
                # The node does not take these bytes, so the nonce is free again.
                await self._handover.void(signed)
            self._held.give_up(entry)
            if isinstance(refused, Unaffordable):
                self._alarm_poor(refused)
            raise
        finally:
            entry.is_in_hand = False
        return entry

    async def _fill(self, nonce: int) -> None:
        """Transfer nothing to ourselves at a nonce that nothing holds, so that what waits behind it goes on."""
        if self._turn.locked():
            # A call is being handed over, and takes the lowest free nonce.
            return
        async with self._turn:
            what = f"fill transaction nonce {nonce}, which nothing holds while later ones wait for it"
            call = Call(chain=self._chain.chain, to=self.address, data=b"", what=what)
            quote = await self._chain.quote(call, self.address)
            if nonce != gap(self._held.open, Told(used=quote.tx_nonce, pooled=quote.pending_nonce)):
                return
            transaction = _transaction(call, nonce, _gas_limit(call, quote), self._price(call, quote))
            log.info("nonce gap filled", extra={"fields": {"chain": call.chain, "tx_nonce": nonce}})
            await self._hand_over(transaction, what)

    async def _adopt(self) -> None:
        """Hold what an earlier process left open in the journal."""
        if self._adopted:
            return
        for one in await self._journal.pending(self._chain.chain, self.address):
            self._held.adopt(one.signed, one.what, self._clock.steady())
        self._adopted = True

    def _price(self, call: Call, quote: TxQuote) -> fees.Price:
        """Raises `TooExpensive` above the cap."""
        price = fees.opening(quote.fees, self._caps)
        if price is not None:
            self._alarms.well(self._cause(AlarmKind.FEE_CAP), "opening")
            return price
        asked, cap = quote.fees.base_fee + quote.fees.priority_fee, self._caps.absolute or 0
        what = f"{call.what}: chain {call.chain} asks {wei_and_gwei(asked)} a gas, the cap is {wei_and_gwei(cap)}"
        expensive = TooExpensive(what)
        alarm = Alarm(
            kind=AlarmKind.FEE_CAP, what=f"{what}; {expensive.remedy}", chain=call.chain, value=self._caps.absolute
        )
        self._alarms.tell(self._cause(AlarmKind.FEE_CAP), alarm, "opening")
        raise expensive

    def _covers(self, transaction: Transaction, quote: TxQuote, what: str) -> bool:
        """Whether the balance covers it beside all that is open. Raises `Unaffordable` where it does not even alone."""
        needed = fees.most_cost(transaction, quote.data_fee)
        if quote.balance < needed:
            poor = Unaffordable(
                f"{what}: {checksum(self.address)} has {wei_and_ether(quote.balance)} on chain {transaction.chain}, "
                f"it takes up to {wei_and_ether(needed)}",
                needed=needed,
                available=quote.balance,
                remedy=f"Send it {wei_and_ether(needed - quote.balance)} more.",
            )
            self._alarm_poor(poor)
            raise poor
        self._alarms.well(self._cause(AlarmKind.LOW_BALANCE), "transactions")
        held = sum(fees.most_cost(entry.newest.transaction) for entry in self._held.in_order())
        return quote.balance >= held + needed or not self._held.open

    def _alarm_poor(self, poor: Unaffordable) -> None:
        what = f"{poor.what}; {poor.remedy}"
        alarm = Alarm(kind=AlarmKind.LOW_BALANCE, what=what, chain=self._chain.chain, value=Wei(poor.available))
        self._alarms.tell(self._cause(AlarmKind.LOW_BALANCE), alarm, "transactions")

    def _cause(self, kind: AlarmKind) -> Cause:
        return cause_of(kind, self._chain.chain, self.address)

    async def _mind_foreign(self, told: Told) -> None:
        """What the chain counts and we never knew of, somebody else has signed; we go on from there."""
        following = max(told.used, told.pooled)
        if self._held.expected is not None:
            theirs = foreign(self._held.expected, self._held.open, told)
            if theirs:
                await self._inclusion.alarm_foreign(theirs.start, "which we never signed")
        self._held.expect(following)

    async def _why(self, call: Call, receipt: TxReceipt) -> Reverted:
        """What an included transaction reverted with: asked again of the tip."""
        try:
            await self._chain.simulate(call, self.address)
        except Reverted as reverted:
            reverted.spent_gas = receipt.gas_used
            return reverted
        what = f"{call.what} reverted in block {receipt.block}, transaction {hex_text(receipt.tx_hash)}"
        remedy = "The state has moved on; look, then try again."
        return Reverted(what, endpoint=f"chain {call.chain}", remedy=remedy, spent_gas=receipt.gas_used)


def _gas_limit(call: Call, quote: TxQuote) -> int:
    """Gas to give a call: what it takes now, and its margin. Raises `Unaffordable` above what one transaction has."""
    if quote.gas > MAX_TX_GAS:
        raise Unaffordable(
            f"{call.what} takes {quote.gas} gas; one transaction has at most {MAX_TX_GAS}",
            needed=quote.gas,
            available=MAX_TX_GAS,
            remedy="Deliver fewer messages at once.",
        )
    margin = 0 if call.gas_limit is not None else quote.gas * call.margin_percent // 100
    return min(quote.gas + margin, MAX_TX_GAS)


def _transaction(call: Call, nonce: int, gas_limit: int, price: fees.Price) -> Transaction:
    return Transaction(
        chain=call.chain,
        tx_nonce=nonce,
        to=call.to,
        data=call.data,
        value=call.value,
        gas_limit=gas_limit,
        max_fee=price.max_fee,
        priority_fee=price.priority_fee,
    )

"""
Submit: a call in, an included transaction out; the only place that spends transaction nonces.

Promise: the signed bytes are in the journal before anybody else sees them, and after a crash the same bytes are sent
again; one nonce is used for one call, whatever it takes in replacements; nothing is signed that a simulation refuses or
the balance does not cover. There must be one submitter a chain and signer. What a revert means is left to the caller.
"""

import asyncio
import logging
from collections.abc import Sequence

from attrs import evolve, field, frozen, validators

from xl2.core.evidence import Finality
from xl2.core.message import MAX_TX_GAS
from xl2.core.types import Address, BlockNumber, ChainId, Wei, checksum, hex_text
from xl2.errors import NotAccepted, Refused, Retryable, Reverted, Unaffordable
from xl2.ports import Blocks, Broadcast, Call, Clock, Fees, Journal, SignedTransaction, Signer, Transaction, TxReceipt

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class SubmitPolicy:
    """How patient and how generous a submitter is."""

    poll_seconds: float = field(default=0.5, validator=validators.gt(0))
    #: After this time without inclusion the transaction is replaced by one that pays more.
    stuck_seconds: float = field(default=20.0, validator=validators.gt(0))
    #: A replacement never pays more than this multiple of the fees that the chain asks for now.
    max_fee_multiple: int = field(default=5, validator=validators.ge(1))
    #: So many looks in a row must find the nonce used in a final block, and none of ours included, before it counts as
    #: lost to another: one endpoint behind a name may know of our transaction later than the next.
    looks_before_lost: int = field(default=5, validator=validators.ge(1))


class JournalledSubmitter:
    """One nonce owner. Implements `xl2.ports.Submitter`."""

    def __init__(
        self,
        chain: Blocks,
        signer: Signer,
        journal: Journal,
        clock: Clock,
        policy: SubmitPolicy | None = None,
    ) -> None:
        """Nothing is read or sent before the first `submit` or `recover`."""
        self._chain = chain
        self._signer = signer
        self._journal = journal
        self._clock = clock
        self._policy = policy or SubmitPolicy()
        #: Held from the choice of a nonce until its bytes are in the journal and out.
        self._turn = asyncio.Lock()

    @property
    def address(self) -> Address:
        """Account that pays and signs."""
        return self._signer.address

    async def submit(self, call: Call) -> TxReceipt:
        """Make a call: see `xl2.ports.Submitter.submit`."""
        while True:
            async with self._turn:
                signed, outcome = await self._open(call)
            receipt = await self._until_included([signed], call.what, outcome)
            if receipt is None:
                log.warning("nonce lost", extra={"fields": {"what": call.what, "tx_hash": hex_text(signed.hash)}})
                continue
            if not receipt.succeeded:
                raise await self._why(call, receipt)
            return receipt

    async def recover(self) -> Sequence[TxReceipt]:
        """After a start: send what the journal still holds open once more, and wait until every nonce is used."""
        held: dict[int, list[SignedTransaction]] = {}
        words: dict[int, str] = {}
        for one in await self._journal.pending(self._chain.chain, self.address):
            held.setdefault(one.signed.transaction.tx_nonce, []).append(one.signed)
            words[one.signed.transaction.tx_nonce] = one.what
        waits = [self._until_included(attempts, words[nonce], None) for nonce, attempts in sorted(held.items())]
        return [receipt for receipt in await asyncio.gather(*waits) if receipt is not None]

    async def _open(self, call: Call) -> tuple[SignedTransaction, Broadcast | None]:
        """Simulate, price, sign, journal, broadcast."""
        estimate = await self._chain.simulate(call, self.address)
        if estimate > MAX_TX_GAS:
            raise Unaffordable(
                f"{call.what} takes {estimate} gas; one transaction has at most {MAX_TX_GAS}",
                needed=estimate,
                available=MAX_TX_GAS,
                remedy="Deliver fewer messages at once.",
            )
        margin = 0 if call.gas_limit is not None else estimate * call.margin_percent // 100
        fees = await self._chain.fees()
        transaction = Transaction(
            chain=call.chain,
            tx_nonce=await self._free_nonce(),
            to=call.to,
            data=call.data,
            value=call.value,
            gas_limit=min(estimate + margin, MAX_TX_GAS),
            max_fee=fees.max_fee,
            priority_fee=fees.priority_fee,
        )
        await self._check_balance(transaction, call.what)
        signed = await self._sign(transaction, call.what)
        try:
            return signed, await self._broadcast(signed)
        except Refused:
            # The node does not take these bytes, so the nonce is free again.
            await self._journal.void(*_place(signed))
            raise

    async def _sign(self, transaction: Transaction, what: str) -> SignedTransaction:
        signed = await self._signer.sign_transaction(transaction, what)
        if signed.transaction != transaction or signed.sender != self.address:
            raise Refused(f"the signer signed something else than: {what}", remedy="Do not use this signer.")
        await self._journal.keep(signed, what)
        return signed

    async def _broadcast(self, signed: SignedTransaction) -> Broadcast | None:
        """Send bytes that the journal holds. None: nobody knows whether they arrived."""
        try:
            return await self._chain.broadcast(signed.raw)
        except Retryable as unknown:
            fields = {"tx_hash": hex_text(signed.hash), "cause": unknown.what}
            log.info("broadcast unanswered", extra={"fields": fields})
            return None

    async def _free_nonce(self) -> int:
        """
        Lowest nonce that neither the chain's pool nor our journal holds: forgotten gaps are filled first.

        What the journal holds below it and the pool does not is sent once more: whoever waited for it may have been
        cancelled, and all that follows would wait for it.
        """
        nonce = await self._chain.tx_nonce(self.address, pending=True)
        pending = await self._journal.pending(self._chain.chain, self.address)
        held = {one.signed.transaction.tx_nonce: one.signed for one in pending}
        while nonce in held:
            await self._send_again(held[nonce])
            nonce += 1
        return nonce

    async def _send_again(self, signed: SignedTransaction) -> None:
        try:
            await self._broadcast(signed)
        except Refused as refused:
            # It may be in the pool for all that: neither its nonce nor the call that follows is given up for this.
            fields = {"tx_hash": hex_text(signed.hash), "cause": refused.what}
            log.warning("held transaction refused", extra={"fields": fields})

    async def _check_balance(self, transaction: Transaction, what: str) -> None:
        needed = transaction.value + transaction.gas_limit * transaction.max_fee
        available = await self._chain.balance(self.address)
        if available < needed:
            raise Unaffordable(
                f"{what}: {checksum(self.address)} has {available} wei on chain {transaction.chain}, "
                f"it takes up to {needed} wei",
                needed=needed,
                available=available,
                remedy=f"Send it {needed - available} wei more.",
            )

    async def _until_included(
        self, attempts: list[SignedTransaction], what: str, outcome: Broadcast | None
    ) -> TxReceipt | None:
        """Wait for one of the attempts at a nonce, replacing when stuck. None: another transaction used the nonce."""
        since = self._clock.now()
        lost, used_by = 0, None
        while True:
            try:
                receipt = await self._look(attempts)
                if receipt is not None:
                    return receipt
                used_by = await self._used_by(attempts[0], used_by)
                lost = lost + 1 if await self._is_final(used_by) else 0
                if lost >= self._policy.looks_before_lost:
                    await self._journal.void(*_place(attempts[0]))
                    return None
                if outcome is Broadcast.UNDERPRICED or self._clock.now() - since >= self._policy.stuck_seconds:
                    since = self._clock.now()
                    await self._replace(attempts, what)
                    outcome = None
                if outcome is None:
                    # Also where nothing was replaced: a pool may have forgotten the bytes.
                    outcome = await self._broadcast(attempts[-1])
            except (NotAccepted, Unaffordable) as refused:
                # What is out may yet be included: whoever were told that this failed would pay for the call twice.
                log.warning("replacement refused", extra={"fields": {"what": what, "cause": refused.what}})
                outcome = Broadcast.ACCEPTED
            except (Retryable, Refused) as cause:
                log.info("inclusion unknown", extra={"fields": {"what": what, "cause": cause.what}})
            await self._clock.sleep(self._policy.poll_seconds)

    async def _look(self, attempts: Sequence[SignedTransaction]) -> TxReceipt | None:
        """Receipt of whichever attempt is in a block, newest first."""
        for attempt in reversed(attempts):
            receipt = await self._chain.tx_receipt(attempt.hash)
            if receipt is not None:
                await self._journal.included(receipt, attempt)
                return receipt
        return None

    async def _used_by(self, signed: SignedTransaction, known: BlockNumber | None) -> BlockNumber | None:
        """A block by which the nonce was used, the one found before where there is one; None while it is not."""
        if await self._chain.tx_nonce(self.address) <= signed.transaction.tx_nonce:
            return None
        return (await self._chain.head(Finality.LATEST)).number if known is None else known

    async def _is_final(self, block: BlockNumber | None) -> bool:
        return block is not None and (await self._chain.head(Finality.FINALIZED)).number >= block

    async def _replace(self, attempts: list[SignedTransaction], what: str) -> None:
        """Sign the newest attempt again at a better price, unless that is over the cap."""
        old = attempts[-1].transaction
        asked = await self._chain.fees()
        bumped = replacement(old, asked)
        cap = asked.max_fee * self._policy.max_fee_multiple
        fields = {"what": what, "tx_nonce": old.tx_nonce, "max_fee_wei": bumped.max_fee, "cap_wei": cap}
        if bumped.max_fee > cap:
            log.warning("transaction stuck at the fee cap", extra={"fields": fields})
            return
        attempts.append(await self._sign(bumped, what))
        log.info("transaction replaced", extra={"fields": fields})

    async def _why(self, call: Call, receipt: TxReceipt) -> Reverted:
        """What an included transaction reverted with: asked again of the tip."""
        try:
            await self._chain.simulate(call, self.address)
        except Reverted as reverted:
            return reverted
        what = f"{call.what} reverted in block {receipt.block}, transaction {hex_text(receipt.tx_hash)}"
        return Reverted(what, endpoint=f"chain {call.chain}", remedy="The state has moved on; look, then try again.")


def replacement(old: Transaction, asked: Fees) -> Transaction:
    """The same transaction with both caps raised by an eighth or to what is asked now: pools want more than 10 %."""
    return evolve(
        old,
        max_fee=Wei(max(_bumped(old.max_fee), asked.max_fee)),
        priority_fee=Wei(max(_bumped(old.priority_fee), asked.priority_fee)),
    )


def _bumped(fee: int) -> int:
    """max(old + 1, ceil(old * 1.125)): a rounded-down bump leaves a small tip as it was, and the pool refuses it."""
    return max(fee + 1, -(-fee * 9 // 8))


def _place(signed: SignedTransaction) -> tuple[ChainId, Address, int]:
    return signed.transaction.chain, signed.sender, signed.transaction.tx_nonce

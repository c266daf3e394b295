"""
Carrier: the one owner of our account's nonces on one destination; waiting messages in, relays in its blocks out.

Promise: the signed bytes are in the journal before anybody else sees them; a message is in one transaction of ours at
a time; a nonce that a refusal left free is filled before anything behind it waits for ever; after a restart the same
bytes go out again. That a delivery happened is believed when `watch` sees it, never because a transaction went out.

`step` decides and signs, `hand_out` broadcasts, side by side: a node that takes long to check one transaction keeps the
next from nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice
from typing import Final

from attrs import evolve, field, frozen, validators

from xl2.core.amounts import wei_and_ether
from xl2.core.hashing import keccak
from xl2.core.types import BlockNumber, ChainId, Timestamp, checksum, hex_text
from xl2.errors import Refused, Retryable, Unaffordable
from xl2.ports import Broadcast, Clock, Signer
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop import entry as rules
from xl2_adapters.op_stack.interop.account import Account, Price, account
from xl2_adapters.op_stack.interop.backlog import Backlog
from xl2_adapters.op_stack.interop.batch import Batch, BatchPolicy, pack
from xl2_adapters.op_stack.interop.entry import Entry
from xl2_adapters.op_stack.interop.journal import Attempt, Journal
from xl2_adapters.op_stack.interop.simulate import simulated
from xl2_adapters.op_stack.interop.transaction import Unsigned

log = logging.getLogger(__name__)

_TRANSFER_GAS: Final = 21_000


@frozen(kw_only=True)
class CarrierPolicy:
    """How much is under way at once, and how long it may be."""

    batch: BatchPolicy = field(factory=BatchPolicy)
    #: Messages that are simulated and signed together.
    stride: int = field(default=128, validator=validators.ge(1))
    #: Messages in transactions that are not known to be in a block.
    max_in_flight: int = field(default=1_024, validator=validators.ge(1))
    #: Transactions that are handed to the node at once: it looks for each message's log before it answers.
    broadcasts: int = field(default=6, validator=validators.ge(1))
    #: After this time in the pool without a block the same bytes go out again, and pay more where more is asked.
    stuck_seconds: float = field(default=12.0, validator=validators.gt(0))


class Carrier:
    """One destination and one account."""

    def __init__(
        self, evm: Evm, signer: Signer, backlog: Backlog, journal: Journal, clock: Clock, *, policy: CarrierPolicy
    ) -> None:
        """`signer`: its account must send on this chain through this carrier only."""
        self._evm = evm
        self._signer = signer
        self._backlog = backlog
        self._journal = journal
        self._clock = clock
        self._policy = policy
        #: Transactions under way, by nonce; the last attempt is the one that goes out.
        self._slots: dict[int, list[Attempt]] = {}
        #: Written down and not handed to the node yet, with what a first attempt carries.
        self._out: asyncio.Queue[tuple[Attempt, Batch | None]] = asyncio.Queue(maxsize=policy.max_in_flight)
        #: Nonces in that queue, or with the node that has not answered.
        self._handing: set[int] = set()

    @property
    def chain(self) -> ChainId:
        """EIP-155 id of the destination."""
        return self._evm.chain

    async def load(self) -> None:
        """Take up what an earlier run left under way; it goes out again at the first step."""
        for attempt in await self._journal.attempts(self.chain):
            self._slots.setdefault(attempt.slot, []).append(evolve(attempt, since=0.0))

    async def step(self, seen_upto: BlockNumber, timestamp: Timestamp) -> bool:
        """
        See to what is under way, and send what waits; False: nothing waited.

        `seen_upto`, `timestamp`: the last block of this chain whose logs were taken up. Raises `Retryable` where an
        endpoint gave no answer, `Unaffordable` where the account is too poor.
        """
        now = self._clock.steady()
        await self._settle(seen_upto, now)
        await self._expire(timestamp, now)
        batches = await self._passing(now)
        if batches or any(self._is_stuck(slot, now) for slot in self._slots):
            await self._send(batches, now)
        return bool(batches)

    async def hand_out(self) -> None:
        """Broadcast what the journal holds, one transaction after the other, until cancelled; several may do so."""
        while True:
            attempt, batch = await self._out.get()
            await self._broadcast(attempt, batch)
            self._handing.discard(attempt.slot)

    async def _settle(self, seen_upto: BlockNumber, now: float) -> None:
        """Close transactions whose nonce is used, and see what of theirs was not delivered."""
        carried = self._backlog.in_slots(self.chain)
        for slot in carried.keys() - self._slots.keys():
            await self._reopen(slot, carried[slot], now)
        if self._slots:
            used = await self._evm.tx_nonce(self._signer.address)
            for slot in sorted(nonce for nonce in self._slots if nonce < used):
                await self._close(slot, seen_upto, now)

    async def _reopen(self, slot: int, entries: Sequence[Entry], now: float) -> None:
        """A reorg took a delivery back: its transaction is under way again."""
        attempts = await self._journal.reopened(self.chain, slot)
        if attempts:
            self._slots[slot] = [evolve(attempt, since=0.0) for attempt in attempts]
        else:
            await self._backlog.change([rules.dropped(entry, now) for entry in entries])

    async def _close(self, slot: int, seen_upto: BlockNumber, now: float) -> None:
        attempts = self._slots[slot]
        changed: list[Entry] = []
        if slot in self._backlog.in_slots(self.chain):
            receipts = [await self._evm.tx_receipt(attempt.hash) for attempt in attempts]
            receipt = next((found for found in receipts if found is not None), None)
            if receipt is not None and receipt.block > seen_upto:
                return  # its logs are not taken up yet
            left = self._backlog.in_slots(self.chain).get(slot, [])
            if receipt is None:
                log.warning("nonce lost", extra={"fields": {"chain": self.chain, "tx_nonce": slot}})
                changed = [rules.dropped(entry, now) for entry in left]
            else:
                why = f"its relay failed in block {receipt.block}, transaction {hex_text(receipt.tx_hash)}"
                changed = [rules.failed(entry, now, why, alone=True) for entry in left]
        await self._backlog.change(changed, closed=attempts)
        del self._slots[slot]

    async def _expire(self, timestamp: Timestamp, now: float) -> None:
        late = [entry for entry in self._backlog.waiting(self.chain, now) if entry.sent.expires_at() < timestamp]
        if late:
            await self._backlog.change(map(rules.expired, late))

    async def _passing(self, now: float) -> Sequence[Batch]:
        """Batches of what waits and would go through."""
        under_way = sum(map(len, self._backlog.in_slots(self.chain).values()))
        room = min(self._policy.stride, self._policy.max_in_flight - under_way)
        due = list(islice(self._backlog.waiting(self.chain, now), max(0, room)))
        if not due:
            return ()
        packed = list(pack(due, self._policy.batch))
        verdict = await simulated(self._evm, self._signer.address, packed, self._policy.batch, now)
        await self._backlog.change(filter(self._is_as_believed, verdict.changed))
        batches = (Batch(entries=tuple(filter(self._is_waiting, batch.entries))) for batch in verdict.good)
        return [batch for batch in batches if batch.entries]

    def _is_waiting(self, entry: Entry) -> bool:
        """Not so where another relayer delivered it, or a reorg took it back, while the simulation ran."""
        return self._backlog.now(entry.sent.hash) == entry

    def _is_as_believed(self, entry: Entry) -> bool:
        known = self._backlog.now(entry.sent.hash)
        return known is not None and known.state is rules.State.WAITING and known.sent == entry.sent

    async def _send(self, batches: Sequence[Batch], now: float) -> None:
        """Sign, write down, and only then hand out."""
        mine = await account(self._evm, self._signer.address)
        again = [
            await self._refreshed(slot, mine.price, now)
            for slot in sorted(self._slots)
            if slot >= mine.used and self._is_stuck(slot, now)
        ]
        nonces = mine.free_nonces(self._slots)
        carrying = {next(nonces): batch for batch in batches}
        unsigned = [self._unsigned(batch, slot, mine.price) for slot, batch in carrying.items()]
        gap = next(nonces)
        if any(slot > gap for slot in self._slots):
            # A refusal left a nonce free, and what is behind it waits for a transaction of ours.
            unsigned.append(self._unsigned(Batch(entries=()), gap, mine.price))
        self._check_balance(unsigned, mine)
        fresh = [await self._signed(one, now) for one in unsigned]
        entries = [rules.carried(entry, slot) for slot, batch in carrying.items() for entry in batch.entries]
        await self._backlog.change(entries, opened=fresh)
        self._slots |= {attempt.slot: [attempt] for attempt in fresh}
        for attempt in (*again, *fresh):
            self._handing.add(attempt.slot)
            await self._out.put((attempt, carrying.get(attempt.slot)))

    def _is_stuck(self, slot: int, now: float) -> bool:
        waits = now - self._slots[slot][-1].since >= self._policy.stuck_seconds
        return waits and slot not in self._handing

    async def _refreshed(self, slot: int, asked: Price, now: float) -> Attempt:
        """What goes out for a stuck nonce: the same bytes, or a replacement where the chain asks for more by now."""
        last = self._slots[slot][-1]
        if asked.max_fee <= last.max_fee and asked.priority_fee <= last.priority_fee:
            self._slots[slot][-1] = evolve(last, since=now)
            return last
        price = asked.replaces(Price(max_fee=last.max_fee, priority_fee=last.priority_fee))
        left = tuple(self._backlog.in_slots(self.chain).get(slot, ()))
        attempt = await self._signed(self._unsigned(Batch(entries=left), slot, price), now)
        await self._backlog.change((), opened=[attempt])
        self._slots[slot].append(attempt)
        return attempt

    def _unsigned(self, batch: Batch, nonce: int, price: Price) -> Unsigned:
        """A batch's transaction; without messages one that only uses its nonce."""
        to, data = batch.call() if batch.entries else (self._signer.address, b"")
        return Unsigned(
            chain=self.chain,
            tx_nonce=nonce,
            to=to,
            data=data,
            gas_limit=batch.gas_limit if batch.entries else _TRANSFER_GAS,
            max_fee=price.max_fee,
            priority_fee=price.priority_fee,
            keys=batch.keys,
        )

    async def _signed(self, unsigned: Unsigned, now: float) -> Attempt:
        raw = unsigned.raw(await self._signer.sign_hash_of(unsigned.preimage()))
        return Attempt(
            hash=keccak(raw),
            chain=self.chain,
            slot=unsigned.tx_nonce,
            raw=raw,
            max_fee=unsigned.max_fee,
            priority_fee=unsigned.priority_fee,
            since=now,
        )

    def _check_balance(self, unsigned: Sequence[Unsigned], mine: Account) -> None:
        needed = sum(one.gas_limit * one.max_fee for one in unsigned)
        if needed > mine.balance:
            raise Unaffordable(
                f"{checksum(self._signer.address)} has {wei_and_ether(mine.balance)} on chain {self.chain}; "
                f"{len(unsigned)} transactions take up to {wei_and_ether(needed)}",
                needed=needed,
                available=mine.balance,
                remedy=f"Send it {wei_and_ether(needed - mine.balance)} more; the relayer goes on by itself.",
            )

    async def _broadcast(self, attempt: Attempt, batch: Batch | None) -> None:
        try:
            outcome = await self._evm.broadcast(attempt.raw)
        except Retryable as unknown:
            # Nobody knows whether it arrived: the same bytes go out again at the next step.
            log.info("broadcast unanswered", extra={"fields": {"chain": self.chain, "cause": unknown.what}})
            self._is_out_since(attempt, 0.0)
        except Refused as refused:
            await self._refused(attempt, batch, refused)
        else:
            self._is_out_since(attempt, 0.0 if outcome is Broadcast.UNDERPRICED else self._clock.steady())

    def _is_out_since(self, attempt: Attempt, moment: float) -> None:
        """When it came into the pool; 0: it did not, so that it counts as stuck."""
        attempts = self._slots.get(attempt.slot)
        if attempts and attempts[-1].hash == attempt.hash:
            attempts[-1] = evolve(attempt, since=moment)

    async def _refused(self, attempt: Attempt, batch: Batch | None, refused: Refused) -> None:
        """The node does not take these bytes. First sending: nonce and messages are free again."""
        now = self._clock.steady()
        fields = {"chain": self.chain, "tx_hash": hex_text(attempt.hash), "cause": refused.what}
        log.warning("relay refused", extra={"fields": fields})
        if batch is None:
            # Sent before: it may be in the pool of another node for all that.
            self._is_out_since(attempt, now)
            return
        companions = len(batch.entries)
        carried = self._backlog.in_slots(self.chain).get(attempt.slot, [])
        if isinstance(refused, Unaffordable):
            freed = [rules.dropped(entry, now + rules.delay(rules.ENDPOINT, companions)) for entry in carried]
        else:
            freed = [rules.refused(entry, companions, now, f"the node refuses it: {refused.what}") for entry in carried]
        await self._backlog.change(freed, closed=[attempt])
        self._slots.pop(attempt.slot, None)

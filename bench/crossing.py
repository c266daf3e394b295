"""
Crossing: two chains with xl2 deployed, and one lane between them, walked message by message.

Calls go out to the contracts, gas comes in. Promise: every byte sent is made by `xl2.core`, every message was truly
sent, every head is truly signed by 3 of 5; what both chains say of their logs is compared with what this holds.
Which steps are measured is left to `gas`.
"""

from collections.abc import Mapping, Sequence
from typing import Self

from attrs import define, field, frozen
from eth_account import Account

from bench.machine import Machine, ours
from xl2.core.attestation import Attestation, AttestedProof, Signature
from xl2.core.evidence import ATTESTED_HEADS, KNOWN_HEAD, Head, inline
from xl2.core.interop import InteropAddress
from xl2.core.lane import PAGE_SIZE, Lane, head_after
from xl2.core.message import Message
from xl2.core.receipt import Delivered
from xl2.core.segment import Segment
from xl2.core.settlement import Settlement
from xl2.core.types import Address, Assurance, BlockNumber, Hash32, MessageId, Nonce, Timestamp, Wei, address
from xl2.errors import Xl2Error
from xl2_adapters.abi import Method
from xl2_devnet.accounts import ATTESTER_THRESHOLD, ATTESTERS, account

DEPLOYER = address(account("deployer").address)
#: Who earns the fees; not the zero address, whose bytes are cheap.
PAYEE = address(account("relayer").address)
#: Final block that the attesters name.
_BLOCK = BlockNumber(20_000_000)
_LANE_LOG, _RECEIPT_LOG = 0, 1

_KEYS: Mapping[Address, str] = {address(known.address): known.private_key for known in ATTESTERS}
_SIGNERS = tuple(sorted(_KEYS))

#: What the measured messages ask for: enough to write a slot.
GAS_LIMIT = 100_000
#: Expiry of a message that has none.
NEVER = Timestamp(0)


class Diverged(Xl2Error):
    """A chain's log is not what was made of its entries here."""


@frozen(kw_only=True)
class Station:
    """One chain and xl2 on it."""

    machine: Machine
    guard: Address
    heads: Address
    outbox: Address
    inbox: Address
    attested: Address

    @classmethod
    async def build(cls, machine: Machine) -> Self:
        """Deploy in the order of protocol.md section 9."""
        guard = await machine.deploy("Guard", DEPLOYER)
        heads = await machine.deploy("Heads", DEPLOYER, guard)
        outbox = await machine.deploy("Outbox", DEPLOYER, heads)
        inbox = await machine.deploy("Inbox", heads)
        attested = await machine.deploy("AttestedHeads", list(_SIGNERS), ATTESTER_THRESHOLD)
        await machine.gas(guard, ours("Guard").call("bind", heads))
        return cls(machine=machine, guard=guard, heads=heads, outbox=outbox, inbox=inbox, attested=attested)

    async def hear(self, lane: Lane, kind: int) -> None:
        """Let the attesters speak for a log of `lane`."""
        fields = (lane.origin, lane.outbox, lane.destination, lane.inbox, int(lane.assurance))
        call = ours("Heads").call("register", ATTESTED_HEADS, self.attested, fields, kind)
        await self.machine.gas(self.heads, call)

    def attest(self, log: Hash32, head: Hash32, count: int) -> bytes:
        """Evidence for this chain: verifier number, and signatures of 3 of 5."""
        attestation = Attestation(
            head=Head(log=log, head=head, count=count), block=_BLOCK, chain=self.machine.chain, contract=self.attested
        )
        signatures = tuple(
            Signature.of(index, bytes(Account.unsafe_sign_hash(attestation.digest, _KEYS[_SIGNERS[index]]).signature))
            for index in range(ATTESTER_THRESHOLD)
        )
        return inline(ATTESTED_HEADS, AttestedProof(block=_BLOCK, signers=_SIGNERS, signatures=signatures).encode())


@define(kw_only=True)
class Crossing:
    """The lanes from one station to another, and what went over the attested one."""

    origin: Station
    destination: Station
    lane: Lane
    messages: list[Message] = field(factory=list, repr=False)
    receipts: list[Delivered] = field(factory=list, repr=False)

    @classmethod
    async def build(cls, a: Machine, b: Machine) -> Self:
        """Deploy xl2 on both, and open the lanes."""
        origin, destination = await Station.build(a), await Station.build(b)
        lane = Lane(
            origin=a.chain,
            outbox=origin.outbox,
            destination=b.chain,
            inbox=destination.inbox,
            assurance=Assurance.ATTESTED,
        )
        await a.gas(origin.outbox, ours("Outbox").call("register", b.chain, destination.inbox))
        await origin.hear(lane, _RECEIPT_LOG)
        await destination.hear(lane, _LANE_LOG)
        return cls(origin=origin, destination=destination, lane=lane)

    def send_call(self, recipient: Address, payload: bytes, attributes: Sequence[bytes] = ()) -> bytes:
        """Calldata of `Outbox.sendMessage`."""
        to = InteropAddress(chain=self.lane.destination, account=recipient).encode()
        return ours("Outbox").call("sendMessage", to, payload, list(attributes))

    async def send(self, recipients: Sequence[Address], payloads: Sequence[bytes]) -> None:
        """Send messages on the attested lane."""
        calls = [
            self.send_call(to, payload, [assurance(Assurance.ATTESTED), gas_limit(GAS_LIMIT)])
            for to, payload in zip(recipients, payloads, strict=True)
        ]
        await self.origin.machine.send_many(self.origin.outbox, calls)
        for to, payload in zip(recipients, payloads, strict=True):
            self.book(sender=DEPLOYER, recipient=to, payload=payload, asked_gas=GAS_LIMIT)

    def book(
        self, *, sender: Address, recipient: Address, payload: bytes, asked_gas: int, ends: Timestamp = NEVER
    ) -> Message:
        """Note what the origin has just sent on the attested lane."""
        message = Message(
            assurance=self.lane.assurance,
            origin=self.lane.origin,
            destination=self.lane.destination,
            nonce=Nonce(len(self.messages)),
            outbox=self.lane.outbox,
            inbox=self.lane.inbox,
            sender=sender,
            recipient=recipient,
            gas_limit=asked_gas,
            expiry=ends,
            payload=payload,
        )
        self.messages.append(message)
        return message

    async def deliver(self, first: int, count: int = 1, *, upto: int | None = None, known: bool = False) -> int:
        """
        Deliver messages; the gas of it.

        `upto`: count of the head they are shown under, if later messages stand before it. `known`: that head is shown
        beforehand; else its signatures come along.
        """
        segment = Segment(
            lane=self.lane,
            first=Nonce(first),
            start=self.head(first),
            messages=tuple(self.messages[first : first + count]),
            suffix=tuple(MessageId(message.id) for message in self.messages[first + count : upto or first + count]),
        )
        evidence = self.destination.attest(self.lane.log, segment.head, segment.end)
        if known:
            show = ours("Heads").call("show", self.lane.log, segment.head, segment.end, evidence)
            await self.destination.machine.gas(self.destination.heads, show)
        call = ours("Inbox").call("deliver", segment.encode(), KNOWN_HEAD if known else evidence, PAYEE)
        used = await self.destination.machine.gas(self.destination.inbox, call)
        await self._book_receipts(range(first, first + count))
        return used

    async def settle(self, first: int, count: int) -> int:
        """Settle receipts, with signatures; the gas of it."""
        settlement = Settlement(
            destination=self.lane.destination,
            assurance=self.lane.assurance,
            first=first,
            start=self.receipt_head(first),
            entries=tuple(self.receipts[first : first + count]),
        )
        evidence = self.origin.attest(self.lane.receipt_log, settlement.head, settlement.end)
        call = ours("Outbox").call("settle", settlement.encode(), evidence)
        return await self.origin.machine.gas(self.origin.outbox, call)

    def head(self, count: int) -> Hash32:
        """Head of the lane log after `count` messages."""
        return head_after(self.lane.log, (message.id for message in self.messages[:count]))

    def receipt_head(self, count: int) -> Hash32:
        """Head of the receipt log after `count` receipts."""
        return head_after(self.lane.receipt_log, (receipt.hash for receipt in self.receipts[:count]))

    async def check(self) -> None:
        """
        Compare both logs with the chains'.

        Raises:
            Diverged: one differs, so that what was measured is not what was meant.
        """
        lane = await self.origin.machine.read(
            self.origin.outbox, ours("Outbox").call("lane", self.lane.destination, int(self.lane.assurance))
        )
        receipts = await self.destination.machine.read(
            self.destination.inbox, ours("Inbox").call("receipts", self.lane.receipt_log)
        )
        if lane[:32] != self.head(len(self.messages)) or receipts[:32] != self.receipt_head(len(self.receipts)):
            raise Diverged(f"after {len(self.messages)} messages and {len(self.receipts)} receipts a log differs")

    async def _book_receipts(self, nonces: range) -> None:
        """Note one receipt for each page of what was delivered, less what had been before."""
        before = {nonce for receipt in self.receipts for nonce in receipt.nonces}
        fresh = [Nonce(nonce) for nonce in nonces if nonce not in before]
        for page in sorted({nonce // PAGE_SIZE for nonce in fresh}):
            on_page = [nonce for nonce in fresh if nonce // PAGE_SIZE == page]
            fees = Wei(sum(self.messages[nonce].fee for nonce in on_page))
            self.receipts.append(Delivered.of(on_page, payee=PAYEE, fees=fees))


def assurance(value: Assurance) -> bytes:
    """Attribute that chooses the lane's class."""
    return _attribute("assurance(uint8)", value)


def gas_limit(value: int) -> bytes:
    """Attribute that asks for gas."""
    return _attribute("gasLimit(uint32)", value)


def expiry(value: int) -> bytes:
    """Attribute that ends a message's time."""
    return _attribute("expiry(uint64)", value)


def _attribute(signature: str, value: int) -> bytes:
    return Method(signature).encode(value)

"""
Canonical deposit: a portal's log becomes the L2 transaction that it must become, and what became of that.

Promise: the L2 transaction's hash is derived from the L1 log alone, as any node of the rollup derives it, so that a
deposit is followed without asking anybody where it went. A deposit whose call failed says where its ether is: the
mint stands even then. Source: optimism specs, "Deposits".
"""

from attrs import field, frozen

from xl2.core import rlp
from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import ZERO_ADDRESS, Address, BlockNumber, Hash32, Timestamp, address, checksum, hex_text
from xl2.errors import NotFound, RpcRejected, RpcUnavailable
from xl2.ports import Block, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.message import L2_MESSENGER, Ends, Relay, cargo_of, relay_in, sender_of
from xl2_adapters.op_stack.canonical.past import LOOK_BACK_SECONDS, first_after
from xl2_adapters.op_stack.canonical.relay import Messenger
from xl2_adapters.pruned import is_pruned
from xl2_adapters.tx_logs import Emitted, Included, included

DEPOSITED = Event("TransactionDeposited(address indexed,address indexed,uint256 indexed,bytes)")
L1_NUMBER = Method("number()", "(uint64)")
L1_TIME = Method("timestamp()", "(uint64)")
L1_BLOCK = address("0x4200000000000000000000000000000000000015")

#: EIP-2718 type of a deposit, and the domain of its source hash.
DEPOSIT_TYPE = 0x7E
_USER_DEPOSIT = bytes(32)
#: Mint, value, gas, is creation: what stands before the data.
_OPAQUE_SIZE = 32 + 32 + 8 + 1


@frozen(kw_only=True)
class Deposit:
    """A deposit as the portal logged it."""

    place: Place
    #: As the rollup sees it: aliased where a contract sent it.
    sender: Address
    to: Address
    mint: int
    value: int
    gas: int
    is_creation: bool
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, emitted: Emitted, endpoint: str) -> "Deposit":
        """From the log: opaque data are mint 32 ‖ value 32 ‖ gas 8 ‖ is creation 1 ‖ data. Raises `RpcUnavailable`."""
        sender, to, _, opaque = DEPOSITED.decode(emitted.log.topics, emitted.log.data, endpoint)
        if len(opaque) < _OPAQUE_SIZE:
            raise RpcUnavailable(
                f"{endpoint} sent a deposit of {len(opaque)} bytes, a portal's has {_OPAQUE_SIZE} or more",
                endpoint=endpoint,
                remedy="Ask another endpoint, or check the portal's address in the configuration.",
            )
        return cls(
            place=emitted.log.place,
            sender=address(sender),
            to=address(to),
            mint=int.from_bytes(opaque[:32]),
            value=int.from_bytes(opaque[32:64]),
            gas=int.from_bytes(opaque[64:72]),
            is_creation=bool(opaque[72]),
            data=opaque[_OPAQUE_SIZE:],
        )

    @property
    def l2_hash(self) -> Hash32:
        """Hash of the transaction that the rollup makes of it."""
        where = self.place.block_hash + self.place.log_index.to_bytes(32)
        source = keccak(_USER_DEPOSIT + keccak(where))
        fields: list[rlp.Item] = [
            source,
            self.sender,
            b"" if self.is_creation else self.to,
            _uint(self.mint),
            _uint(self.value),
            _uint(self.gas),
            b"",
            self.data,
        ]
        return keccak(bytes((DEPOSIT_TYPE,)) + rlp.encode(fields))

    @property
    def cargo(self) -> Cargo:
        """What it brings where no messenger stands between."""
        return Cargo(
            recipient=ZERO_ADDRESS if self.is_creation else self.to,
            amount=self.value,
            data=self.data,
            gas_limit=self.gas,
            is_direct=True,
        )


@frozen(kw_only=True)
class Deposits:
    """Deposits from one anchor to one rollup."""

    anchor: Evm
    rollup: Evm
    portal: Address
    #: As deposits meet them: `there` is the rollup.
    ends: Ends

    def of(self, transaction: Included) -> list[Deposit]:
        """Deposits that a transaction on the anchor made, in their order."""
        return [
            Deposit.of(one, self.anchor.endpoint)
            for one in transaction.logs
            if one.contract == self.portal and one.log.topics[:1] == (DEPOSITED.topic,)
        ]

    async def behind(self, transaction: Included) -> Hash32 | None:
        """Transaction on the anchor whose deposit a transaction of the rollup is, or replayed; None for any other."""
        if transaction.kind != DEPOSIT_TYPE:
            return await self._replayed(transaction)
        try:
            answer = await self.rollup.view(L1_BLOCK, L1_NUMBER.encode(), transaction.block)
        except RpcRejected as rejected:
            tip = (await self.rollup.head(Finality.LATEST)).number
            if not is_pruned(rejected, transaction.block, tip):
                raise
            raise NotFound(
                f"{self.rollup.endpoint} keeps no state of block {transaction.block}, which says where its deposits "
                "come from",
                remedy="Name the transaction on the anchor, or an archive node of the rollup.",
            ) from rejected
        (origin,) = L1_NUMBER.decode(answer, self.rollup.endpoint)
        # A block's deposits are those of its origin; a devnet's may come some blocks later.
        first = BlockNumber(max(0, origin - _LATE_BLOCKS))
        for log in await self.anchor.logs(self.portal, [[DEPOSITED.topic]], first, BlockNumber(origin)):
            deposit = Deposit.of(Emitted(contract=self.portal, log=log), self.anchor.endpoint)
            if deposit.l2_hash == transaction.tx_hash:
                return log.place.tx_hash
        return None

    async def _replayed(self, transaction: Included) -> Hash32 | None:
        """Transaction on the anchor whose message a call of the messenger replays."""
        relay = relay_in(transaction.data, self.rollup.endpoint) if transaction.to == L2_MESSENGER else None
        if relay is None:
            return None
        tip = await self.anchor.head(Finality.LATEST)
        since = await first_after(self.anchor, tip.timestamp - LOOK_BACK_SECONDS, tip)
        topics: list[list[bytes]] = [[DEPOSITED.topic], [speaker(self.ends.messenger).rjust(32, b"\0")]]
        for log in await self.anchor.logs(self.portal, topics, since, tip.number):
            deposit = Deposit.of(Emitted(contract=self.portal, log=log), self.anchor.endpoint)
            if deposit.data == relay.call:
                return log.place.tx_hash
        return None

    async def noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        """Transaction of a deposit of a sender that carries a note."""
        tip = (await self.anchor.head(Finality.LATEST)).number
        if since > tip:
            return None
        for log in await self.anchor.logs(self.portal, [[DEPOSITED.topic]], since, tip):
            deposit = Deposit.of(Emitted(contract=self.portal, log=log), self.anchor.endpoint)
            relay = self.relay_of(deposit)
            cargo = deposit.cargo if relay is None else cargo_of(relay, self.ends, self.anchor.endpoint)
            owner = deposit.sender if relay is None else sender_of(relay, self.ends, self.anchor.endpoint)
            if cargo.data == note and owner == sender:
                return log.place.tx_hash
        return None

    def relay_of(self, deposit: Deposit) -> Relay | None:
        """The messenger's message in a deposit of the messenger's."""
        if (deposit.sender, deposit.to) != (speaker(self.ends.messenger), L2_MESSENGER):
            return None
        return relay_in(deposit.data, self.anchor.endpoint)

    async def crossing(self, deposit: Deposit, index: int) -> Crossing:
        """How far a deposit is."""
        relay = self.relay_of(deposit)
        sent = await self.anchor.block(deposit.place.block)
        steps = [
            CrossingStep(state=CrossingState.SENT, chain=self.anchor.chain, at=sent.timestamp, place=deposit.place)
        ]
        arrived = await included(self.rollup, deposit.l2_hash)
        waits_for, wait = "", None
        if arrived is None:
            steps.append(CrossingStep(state=CrossingState.ON_ITS_WAY, chain=self.rollup.chain))
            waits_for, wait = await self._awaited(sent)
        elif relay is None:
            steps.append(await self._direct(deposit, arrived))
        else:
            steps += await self._relayed(deposit, relay, arrived)
        state = steps[-1].state
        return Crossing(
            direction=Direction.DEPOSIT,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=deposit.place,
            key=deposit.l2_hash,
            sender=deposit.sender if relay is None else sender_of(relay, self.ends, self.anchor.endpoint),
            cargo=deposit.cargo if relay is None else cargo_of(relay, self.ends, self.anchor.endpoint),
            state=state,
            steps=tuple(steps),
            waits_for=waits_for,
            wait_seconds=wait,
            arrival_seconds=wait if state is CrossingState.ON_ITS_WAY else None,
            moves=(Move.REPLAY,) if state is CrossingState.FAILED else (),
            record=b"" if relay is None else relay.call,
        )

    async def lag_seconds(self) -> int:
        """How far the rollup's view of the anchor is behind the anchor's tip: what a deposit takes."""
        tip = await self.anchor.head(Finality.LATEST)
        answer = await self.rollup.view(L1_BLOCK, L1_TIME.encode())
        return max(1, tip.timestamp - int(L1_TIME.decode(answer, self.rollup.endpoint)[0]))

    async def _awaited(self, sent: Block) -> tuple[str, int | None]:
        asked = [(L1_BLOCK, L1_NUMBER.encode()), (L1_BLOCK, L1_TIME.encode())]
        number, time = await self.rollup.views(asked)
        seen = int(L1_NUMBER.decode(number, self.rollup.endpoint)[0])
        seen_at = int(L1_TIME.decode(time, self.rollup.endpoint)[0])
        if seen < sent.number:
            # The rollup follows the anchor at a distance that stays: what it is behind is what it will take.
            what = f"the rollup to read block {sent.number} of the anchor; it has read up to {seen}"
            return what, max(1, sent.timestamp - seen_at)
        return f"the rollup to include it; it has read up to block {seen} of the anchor", None

    async def _direct(self, deposit: Deposit, arrived: Included) -> CrossingStep:
        at = await self._time(arrived.block)
        if arrived.succeeded:
            return CrossingStep(state=CrossingState.ARRIVED, chain=self.rollup.chain, at=at, place=arrived.place)
        kept = (
            f"; its {wei_and_ether(deposit.mint)} are with {checksum(deposit.sender)} on the rollup"
            if deposit.mint
            else ""
        )
        return CrossingStep(
            state=CrossingState.IMPOSSIBLE,
            chain=self.rollup.chain,
            at=at,
            place=arrived.place,
            detail=f"the call failed on the rollup and cannot be tried again{kept}",
        )

    async def _relayed(self, deposit: Deposit, relay: Relay, arrived: Included) -> list[CrossingStep]:
        messenger = Messenger(self.rollup, L2_MESSENGER)
        outcome = await messenger.outcome(relay.hash, arrived.block)
        if outcome.succeeded is None:
            step = await self._direct(deposit, arrived)
            if arrived.succeeded:
                # A transaction of the messenger that succeeded has written what became of its message.
                return [CrossingStep(state=CrossingState.ON_ITS_WAY, chain=self.rollup.chain, place=arrived.place)]
            return [step]
        place = outcome.place or arrived.place
        at = await self._time(place.block)
        if outcome.succeeded:
            return [CrossingStep(state=CrossingState.ARRIVED, chain=self.rollup.chain, at=at, place=place)]
        held = f"; the messenger holds its {wei_and_ether(relay.value)} meanwhile" if relay.value else ""
        return [
            CrossingStep(
                state=CrossingState.FAILED,
                chain=self.rollup.chain,
                at=at,
                place=place,
                detail=f"the recipient {checksum(relay.target)} failed (message {hex_text(relay.hash)}){held}",
            )
        ]

    async def _time(self, block: BlockNumber) -> Timestamp:
        return (await self.rollup.block(block)).timestamp


#: How many blocks after its origin's first block a deposit is looked for.
_LATE_BLOCKS = 32


def _uint(value: int) -> bytes:
    """As RLP has integers: no leading zeros, zero is empty."""
    return value.to_bytes((value.bit_length() + 7) // 8)

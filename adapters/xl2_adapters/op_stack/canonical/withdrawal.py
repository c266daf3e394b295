"""
Canonical withdrawal: a log of the rollup's message passer, how far it is on the anchor, and the calls that move it.

Promise: ready to prove means that the portal takes a root now which our own node has too; a proof whose root fell since
is made anew; a proof leaves here only after it was verified under that root. Anybody may make every call, whoever
proved; where the recipient would fail, finalizing is refused, since of a plain withdrawal the ether would be lost.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.trie import word_at
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, address, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid, Refused
from xl2.ports import Block, Call, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.message import L2_MESSENGER, Ends, Relay, cargo_of, relay_in, sender_of
from xl2_adapters.op_stack.canonical.past import CLOCK_SKEW_SECONDS, LOOK_BACK_SECONDS, first_after
from xl2_adapters.op_stack.canonical.relay import Messenger, with_inner_gas
from xl2_adapters.op_stack.canonical.roots import Root, Roots, Standing
from xl2_adapters.op_stack.output_root import MESSAGE_PASSER
from xl2_adapters.tx_logs import Emitted, Included

_WITHDRAWAL = "(uint256,address,address,uint256,uint256,bytes)"
MESSAGE_PASSED = Event("MessagePassed(uint256 indexed,address indexed,address indexed,uint256,uint256,bytes,bytes32)")
PROVEN = Event("WithdrawalProven(bytes32 indexed,address indexed,address indexed)")
FINALIZED = Event("WithdrawalFinalized(bytes32 indexed,bool)")
IS_FINALIZED = Method("finalizedWithdrawals(bytes32)", "(bool)")
PROVE = Method(f"proveWithdrawalTransaction({_WITHDRAWAL},uint256,(bytes32,bytes32,bytes32,bytes32),bytes[])")
FINALIZE = Method(f"finalizeWithdrawalTransaction({_WITHDRAWAL})")
FINALIZE_FOR = Method(f"finalizeWithdrawalTransactionExternalProof({_WITHDRAWAL},address)")
_HASHED = Method("withdrawal(uint256,address,address,uint256,uint256,bytes)")

#: Proving walks a trie whose depth differs by block, and what it stores costs more the first time.
_PROVE_MARGIN_PERCENT = 50


@frozen(kw_only=True)
class Withdrawal:
    """A withdrawal as the message passer logged it."""

    place: Place
    nonce: int
    sender: Address
    target: Address
    value: int
    gas: int
    data: bytes = field(repr=False)
    hash: Hash32

    @classmethod
    def of(cls, emitted: Emitted, endpoint: str) -> "Withdrawal":
        """From the log. Raises `ProofInvalid` where its hash is not of its fields."""
        nonce, sender, target, value, gas, data, named = MESSAGE_PASSED.decode(
            emitted.log.topics, emitted.log.data, endpoint
        )
        if keccak(_HASHED.encode(nonce, sender, target, value, gas, data)[4:]) != named:
            raise ProofInvalid(f"{endpoint} sent a withdrawal whose hash {hex_text(named)} is not of its fields")
        return cls(
            place=emitted.log.place,
            nonce=nonce,
            sender=address(sender),
            target=address(target),
            value=value,
            gas=gas,
            data=data,
            hash=Hash32(named),
        )

    @property
    def tuple(self) -> tuple[object, ...]:
        """As the portal takes it."""
        return (self.nonce, self.sender, self.target, self.value, self.gas, self.data)

    @property
    def slot(self) -> Hash32:
        """Where the message passer keeps it: `sentMessages[hash]`, slot 0."""
        return keccak(self.hash + bytes(32))

    @property
    def cargo(self) -> Cargo:
        """What it brings where no messenger stands between."""
        return Cargo(recipient=self.target, amount=self.value, data=self.data, gas_limit=self.gas, is_direct=True)


@frozen(kw_only=True)
class Withdrawals:
    """Withdrawals from one rollup to its anchor."""

    anchor: Evm
    rollup: Evm
    portal: Address
    #: As withdrawals meet them: `there` is the anchor.
    ends: Ends
    roots: Roots

    def of(self, transaction: Included) -> list[Withdrawal]:
        """Withdrawals that a transaction on the rollup made, in their order."""
        return [
            Withdrawal.of(one, self.rollup.endpoint)
            for one in transaction.logs
            if one.contract == MESSAGE_PASSER and one.log.topics[:1] == (MESSAGE_PASSED.topic,)
        ]

    async def behind(self, transaction: Included) -> list[Hash32]:
        """Transactions on the rollup whose withdrawals a transaction on the anchor proved, finalized or replayed."""
        replayed = relay_in(transaction.data, self.anchor.endpoint) if self._is_replay(transaction) else None
        if replayed is not None:
            passed = await self._passed([None, [_topic(L2_MESSENGER)], [_topic(self.ends.messenger_there)]])
            return [one.place.tx_hash for one in passed if one.data == replayed.call]
        found: list[Hash32] = []
        for one in transaction.logs:
            if one.contract != self.portal:
                continue
            if one.log.topics[:1] == (PROVEN.topic,):
                named, sender, target = PROVEN.decode(one.log.topics, one.log.data, self.anchor.endpoint)
                passed = await self._passed([None, [_topic(address(sender))], [_topic(address(target))]])
            elif one.log.topics[:1] == (FINALIZED.topic,):
                named, _ = FINALIZED.decode(one.log.topics, one.log.data, self.anchor.endpoint)
                values = self._finalizes(transaction.data) if transaction.to == self.portal else None
                passed = [] if values is None else await self._passed([[values[0].to_bytes(32)], None, None])
            else:
                continue
            found += [other.place.tx_hash for other in passed if other.hash == named]
        return found

    def _is_replay(self, transaction: Included) -> bool:
        return transaction.to == self.ends.messenger_there

    async def _passed(self, topics: Sequence[Sequence[bytes] | None]) -> list[Withdrawal]:
        """Withdrawals of late, by nonce, sender and target."""
        tip = await self.rollup.head(Finality.LATEST)
        since = await first_after(self.rollup, tip.timestamp - LOOK_BACK_SECONDS, tip)
        logs = await self.rollup.logs(MESSAGE_PASSER, [[MESSAGE_PASSED.topic], *topics], since, tip.number)
        return [Withdrawal.of(Emitted(contract=MESSAGE_PASSER, log=log), self.rollup.endpoint) for log in logs]

    def relay_of(self, withdrawal: Withdrawal) -> Relay | None:
        """The messenger's message in a withdrawal of the messenger's."""
        if (withdrawal.sender, withdrawal.target) != (L2_MESSENGER, self.ends.messenger_there):
            return None
        return relay_in(withdrawal.data, self.rollup.endpoint)

    async def crossing(self, withdrawal: Withdrawal, index: int) -> Crossing:
        """How far a withdrawal is."""
        relay = self.relay_of(withdrawal)
        at = await self.anchor.head(Finality.LATEST)
        begun = await self.rollup.block(withdrawal.place.block)
        sent = CrossingStep(
            state=CrossingState.SENT, chain=self.rollup.chain, at=begun.timestamp, place=withdrawal.place
        )
        is_out = IS_FINALIZED.decode(
            await self.anchor.view(self.portal, IS_FINALIZED.encode(withdrawal.hash), at.number), self.anchor.endpoint
        )[0]
        found = (
            await self._finalized(withdrawal, relay, begun, at)
            if is_out
            else await self._under_way(withdrawal, begun, at)
        )
        return Crossing(
            direction=Direction.WITHDRAWAL,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=withdrawal.place,
            key=withdrawal.hash,
            sender=withdrawal.sender if relay is None else sender_of(relay, self.ends, self.rollup.endpoint),
            cargo=withdrawal.cargo if relay is None else cargo_of(relay, self.ends, self.rollup.endpoint),
            state=found.steps[-1].state,
            steps=(sent, *found.steps),
            waits_for=found.waits_for,
            wait_seconds=found.wait_seconds,
            arrival_seconds=found.arrival_seconds,
            moves=found.moves,
            record=withdrawal.hash,
        )

    async def duration(self) -> int | None:
        """Seconds that a withdrawal begun now takes at the earliest."""
        at = await self.anchor.head(Finality.LATEST)
        root, least = await self.roots.next_root_seconds(at), await self.roots.least_seconds(at)
        return None if root is None or least is None else root + least

    async def prove_call(self, withdrawal: Withdrawal) -> Call:
        """Prove it against a root. Raises `NotYet` where none serves any more, `ProofInvalid` where our node lies."""
        at, upto = await self.anchor.head(Finality.LATEST), (await self.rollup.head(Finality.LATEST)).number
        root = await self.roots.root_for(withdrawal.place.block, at, upto)
        if not isinstance(root, Root):
            raise NotYet(
                f"withdrawal {hex_text(withdrawal.hash)} waits for {root.what}", remedy="Wait, then try again."
            )
        proof = await self.rollup.proof(MESSAGE_PASSER, [withdrawal.slot], root.number)
        if word_at(root.output.storage_root, withdrawal.slot, proof.storage[0]) != bytes(31) + b"\x01":
            raise ProofInvalid(f"{self.rollup.endpoint} proves another word for withdrawal {hex_text(withdrawal.hash)}")
        output = (bytes(32), root.output.state_root, root.output.storage_root, root.output.block_hash)
        return Call(
            chain=self.anchor.chain,
            to=self.portal,
            data=PROVE.encode(withdrawal.tuple, root.index, output, list(proof.storage[0])),
            margin_percent=_PROVE_MARGIN_PERCENT,
            what=f"prove withdrawal {hex_text(withdrawal.hash)} against {root.name}",
        )

    async def finalize_call(self, withdrawal: Withdrawal) -> Call:
        """Bring it out, whoever proved it. Raises `NotYet` where no proof is ripe, `Reverted` as `with_inner_gas`."""
        at = await self.anchor.head(Finality.LATEST)
        ripe = [one for one in await self.roots.standings(withdrawal.hash, at) if not one.void and not one.awaits]
        if not ripe:
            raise NotYet(f"no proof of withdrawal {hex_text(withdrawal.hash)} is ripe", remedy="Wait, then try again.")
        call = Call(
            chain=self.anchor.chain,
            to=self.portal,
            data=self.roots.finalize_data(withdrawal.tuple, ripe[0].prover),
            what=f"finalize withdrawal {hex_text(withdrawal.hash)}",
        )
        return await with_inner_gas(self.anchor, call)

    async def replay_call(self, withdrawal: Withdrawal) -> Call:
        """Relay its message once more on the anchor. Raises `Refused` where it holds none."""
        relay = self.relay_of(withdrawal)
        if relay is None:
            raise Refused(f"withdrawal {hex_text(withdrawal.hash)} holds no messenger's message")
        return await Messenger(self.anchor, self.ends.messenger_there).replay_call(relay)

    async def _under_way(self, withdrawal: Withdrawal, begun: Block, at: Block) -> "_Found":
        standings = await self.roots.standings(withdrawal.hash, at)
        sound = [one for one in standings if one.void is None]
        fallen = [one for one in standings if one.void is not None]
        if not sound:
            return await self._unproven(withdrawal, fallen, at)
        # The proof that can be used first; where nobody can tell, the one that waits least surely.
        best = min(sound, key=_ripeness)
        place = await self._log(PROVEN, withdrawal.hash, begun, at)
        who = "" if not any(best.prover) else f" by {checksum(best.prover)}"
        proven = CrossingStep(
            state=CrossingState.PROVEN,
            chain=self.anchor.chain,
            at=best.proven_at,
            place=place,
            detail=f"against {best.root}{who}",
        )
        if best.awaits is not None:
            wait = best.awaits.seconds
            return _Found(
                steps=(proven,), waits_for=best.awaits.what, wait_seconds=wait, arrival_seconds=wait, moves=()
            )
        ready = CrossingStep(state=CrossingState.READY_TO_FINALIZE, chain=self.anchor.chain, detail=best.root)
        return _Found(steps=(proven, ready), wait_seconds=0, arrival_seconds=0, moves=(Move.FINALIZE,))

    async def _unproven(self, withdrawal: Withdrawal, fallen: Sequence[Standing], at: Block) -> "_Found":
        upto = (await self.rollup.head(Finality.LATEST)).number
        root = await self.roots.root_for(withdrawal.place.block, at, upto)
        again = "; ".join(f"the proof against {one.root} fell: {one.void}" for one in fallen)
        least = await self.roots.least_seconds(at)
        if isinstance(root, Root):
            detail = f"against {root.name}" + (f"; {again}" if again else "")
            step = CrossingStep(state=CrossingState.READY_TO_PROVE, chain=self.anchor.chain, detail=detail)
            return _Found(steps=(step,), wait_seconds=0, arrival_seconds=least, moves=(Move.PROVE,))
        step = CrossingStep(state=CrossingState.WAITING_FOR_ROOT, chain=self.anchor.chain, detail=again)
        total = None if least is None or root.seconds is None else root.seconds + least
        return _Found(steps=(step,), waits_for=root.what, wait_seconds=root.seconds, arrival_seconds=total, moves=())

    async def _finalized(self, withdrawal: Withdrawal, relay: Relay | None, begun: Block, at: Block) -> "_Found":
        logs = await self.anchor.logs(
            self.portal, [[FINALIZED.topic], [withdrawal.hash]], await self._since(begun, at), at.number
        )
        if not logs:
            raise NotYet(
                f"{self.anchor.endpoint} says that withdrawal {hex_text(withdrawal.hash)} is final and has no log of it"
            )
        _, succeeded = FINALIZED.decode(logs[-1].topics, logs[-1].data, self.anchor.endpoint)
        place = logs[-1].place
        state, detail = (CrossingState.ARRIVED, "") if succeeded else (CrossingState.IMPOSSIBLE, _LOST)
        if relay is not None:
            outcome = await Messenger(self.anchor, self.ends.messenger_there).outcome(relay.hash, place.block)
            place = outcome.place or place
            if outcome.succeeded is False:
                state, detail = CrossingState.FAILED, f"the recipient {checksum(relay.target)} failed"
        final = CrossingStep(
            state=state,
            chain=self.anchor.chain,
            at=(await self.anchor.block(place.block)).timestamp,
            place=place,
            detail=detail,
        )
        can_replay = state is CrossingState.FAILED
        return _Found(
            steps=(*await self._proofs(withdrawal.hash, begun, at), final),
            wait_seconds=0 if can_replay else None,
            arrival_seconds=0 if can_replay else None,
            moves=(Move.REPLAY,) if can_replay else (),
        )

    async def _proofs(self, withdrawal: Hash32, begun: Block, at: Block) -> list[CrossingStep]:
        """The last of its proofs, as a step that it has passed."""
        place = await self._log(PROVEN, withdrawal, begun, at)
        if place is None:
            return []
        when = (await self.anchor.block(place.block)).timestamp
        return [CrossingStep(state=CrossingState.PROVEN, chain=self.anchor.chain, at=when, place=place)]

    async def _log(self, event: Event, withdrawal: Hash32, begun: Block, at: Block) -> Place | None:
        logs = await self.anchor.logs(
            self.portal, [[event.topic], [withdrawal]], await self._since(begun, at), at.number
        )
        return logs[-1].place if logs else None

    async def _since(self, begun: Block, at: Block) -> BlockNumber:
        """Block of the anchor before which nothing of a withdrawal can stand."""
        return await first_after(self.anchor, begun.timestamp - CLOCK_SKEW_SECONDS, at)

    def _finalizes(self, data: bytes) -> tuple[int, ...] | None:
        values = FINALIZE.arguments(data, self.anchor.endpoint) or FINALIZE_FOR.arguments(data, self.anchor.endpoint)
        return None if values is None else values[0]


#: A plain withdrawal whose call failed.
_LOST = "the recipient failed on the anchor; a plain withdrawal is called once, so its ether stays with the portal"


@frozen(kw_only=True)
class _Found:
    """What is left to say of a withdrawal after its beginning."""

    steps: tuple[CrossingStep, ...]
    waits_for: str = ""
    wait_seconds: int | None = None
    arrival_seconds: int | None = None
    moves: tuple[Move, ...] = ()


def _ripeness(standing: Standing) -> tuple[int, int, Timestamp]:
    if standing.awaits is None:
        return (0, 0, standing.proven_at)
    seconds = standing.awaits.seconds
    return (2, 0, standing.proven_at) if seconds is None else (1, seconds, standing.proven_at)


def _topic(account: Address) -> bytes:
    return account.rjust(32, b"\0")

"""
Promises: what must hold whatever came, after each call that `callers` makes and at the end of all.

The invariants are the promises of the protocol. At the end all time runs out and everyone does his duty: what is locked
then is locked for good.
"""

from types import UnionType

from hypothesis.stateful import invariant

from tests.property.callers import ACCOUNTS, Callers
from tests.property.protocol_model import Kind
from tests.property.protocol_world import NOTARY, Claim, Expire, Settle, Side
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, Expired
from xl2.core.settlement import Settlement, Unopened
from xl2.core.types import Assurance, MessageId, Timestamp


class Promises(Callers):
    """Two chains, honest contracts, hostile callers, and an attester whose keys may forge."""

    @invariant()
    def a_message_moves_its_recipient_at_most_once(self) -> None:
        for message_id, effects in self.world.inbox.effects.items():
            assert effects <= 1, f"{message_id.hex()} was delivered {effects} times"

    @invariant()
    def a_message_is_delivered_or_refunded_never_both(self) -> None:
        for message_id in self.world.outbox.expired:
            if self._is_safe(message_id):
                assert message_id not in self.world.inbox.effects, f"{message_id.hex()} was delivered and refunded"

    @invariant()
    def what_a_settled_lane_delivers_was_sent(self) -> None:
        of = self.lanes[Assurance.SETTLED]
        sent = self.world.outbox.sent[of]
        for message_id in self.world.inbox.effects:
            taken = self.known[message_id]
            if Lane.of(taken) == of:
                assert taken in sent[taken.nonce :][:1], f"{message_id.hex()} was delivered and never sent"

    @invariant()
    def no_lane_pays_out_more_than_it_took_in(self) -> None:
        outbox = self.world.outbox
        for of, escrow in outbox.escrow.items():
            assert escrow >= 0, f"the {of.assurance.name} lane is overdrawn by {-escrow}"
        assert outbox.balance["wei"] == sum(outbox.escrow.values()) + sum(outbox.credit.values())

    @invariant()
    def a_settled_lane_holds_the_fee_of_every_open_message(self) -> None:
        for of in self._safe_lanes():
            assert self.world.outbox.escrow[of] == self.world.owed(of)

    def teardown(self) -> None:
        """Let the time of all messages run out, and everyone do his duty: nothing may stay locked."""
        world = self.world
        for side in Side:
            world.chain(side).now = Timestamp(self._latest() + 1000)
            self.finalize(side)
        for of in self._safe_lanes():
            for each in world.outbox.sent[of]:
                if each.expiry:
                    self.do(Expire(message=each))
            self.finalize(Side.DESTINATION)
            if world.inbox.receipts[of]:
                # Senders come first: each opens what refunds him and leaves the rest as hashes.
                self._settle_all(of, only=Expired)
                self._settle_all(of, only=Expired | Delivered)
        for who in ACCOUNTS:
            self.do(Claim(account=who))
        for of in self._safe_lanes():
            self._assert_nothing_is_locked(of)

    def _settle_all(self, of: Lane, *, only: type | UnionType) -> None:
        receipts = self.world.inbox.receipts[of]
        settlement = Settlement(
            destination=of.destination,
            assurance=of.assurance,
            first=0,
            start=of.receipt_log,
            entries=tuple(self.world.opened(of, r) if isinstance(r, only) else Unopened(hash=r.hash) for r in receipts),
        )
        evidence = self.world.vouch(NOTARY, Kind.RECEIPTS, of, len(receipts))
        assert self.do(Settle(wire=settlement.encode(), evidence=evidence)), self.world.refusals[-1]

    def _assert_nothing_is_locked(self, of: Lane) -> None:
        world = self.world
        for each in world.outbox.sent[of]:
            delivered, refunded = each.id in world.inbox.effects, each.id in world.outbox.expired
            if each.expiry:
                assert delivered != refunded, f"nonce {each.nonce}: delivered {delivered}, refunded {refunded}"
            settled = (of, each.nonce) in world.outbox.settled
            assert settled == (delivered or refunded), f"nonce {each.nonce} is locked"
        assert world.outbox.escrow[of] == self.world.owed(of)

    def _safe_lanes(self) -> list[Lane]:
        """Lanes whose promises hold whatever attesters do; the attested one only until they have forged."""
        return [of for of in self.lanes.values() if of.assurance is Assurance.SETTLED or not self.has_forged]

    def _is_safe(self, message_id: MessageId) -> bool:
        return Lane.of(self.known[message_id]) in self._safe_lanes()

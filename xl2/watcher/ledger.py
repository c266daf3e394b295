"""
Ledger: what the ends of one token did, in any order of chains in; what is in flight, and what does not add up, out.

Pure. Promise: `delta` is at least 0 for every honest history, at whatever final block each chain was read: a transfer
that was seen to arrive before it was seen to leave is counted as in flight the other way round. What stays so is
`early`, and when the clock of the other chains has passed it, nobody sent it (`contradiction`).
"""

from attrs import define, field, frozen

from xl2.core.types import ChainId, MessageId
from xl2.ports import Motion, Moved


@frozen(kw_only=True)
class Deed:
    """Something that an end of a token did."""

    chain: ChainId
    moved: Moved


@define
class End:
    """What one end comes to."""

    sent: int = 0
    received: int = 0
    refunded: int = 0


@define
class Ledger:
    """One token over all its chains."""

    ends: dict[ChainId, End] = field(factory=dict, init=False)
    #: Left, and neither arrived nor given back.
    in_flight: dict[MessageId, Deed] = field(factory=dict, init=False)
    #: Arrived, and not seen to leave.
    early: dict[MessageId, Deed] = field(factory=dict, init=False)
    #: Pairs that cannot both be: arrived and given back, or left and arrived with different amounts.
    clashes: list[tuple[Deed, Deed]] = field(factory=list, init=False)
    #: Where those that are over arrived, or were given back: by block only, as there are many.
    _arrived: dict[MessageId, tuple[ChainId, int]] = field(factory=dict, init=False)
    _returned: dict[MessageId, Deed] = field(factory=dict, init=False)
    #: Arrived or given back a second time: where they first arrived, `arrived_at` says.
    again: list[Deed] = field(factory=list, init=False)

    def take(self, deed: Deed) -> None:
        """Book one; those of one chain come in the order of its blocks."""
        end = self.ends.setdefault(deed.chain, End())
        moved = deed.moved
        match moved.motion:
            case Motion.SENT:
                end.sent += moved.amount
                self._leaves(deed)
            case Motion.RECEIVED:
                end.received += moved.amount
                self._arrives(deed)
            case Motion.REFUNDED:
                end.refunded += moved.amount
                self._returns(deed)

    def arrived_at(self, message_id: MessageId) -> tuple[ChainId, int] | None:
        """Chain and block where a transfer arrived."""
        return self._arrived.get(message_id)

    def delta(self, held: int, minted: int) -> int:
        """Locked, less minted, less in flight: what the token has too much (at least 0 if all is well)."""
        flying = sum(one.moved.amount for one in self.in_flight.values())
        ahead = sum(one.moved.amount for one in self.early.values())
        return held - minted - flying + ahead

    def _leaves(self, deed: Deed) -> None:
        arrival = self.early.pop(deed.moved.id, None)
        if arrival is None:
            self.in_flight[deed.moved.id] = deed
        else:
            self._ends(deed, arrival)

    def _arrives(self, deed: Deed) -> None:
        left = self.in_flight.pop(deed.moved.id, None)
        returned = self._returned.get(deed.moved.id)
        if left is not None:
            self._ends(left, deed)
        elif returned is not None:
            self.clashes.append((deed, returned))
        elif deed.moved.id in self._arrived:
            self.again.append(deed)
        else:
            self.early[deed.moved.id] = deed

    def _returns(self, deed: Deed) -> None:
        self._returned[deed.moved.id] = deed
        if self.in_flight.pop(deed.moved.id, None) is None:
            self.again.append(deed)

    def _ends(self, left: Deed, arrived: Deed) -> None:
        if left.moved.amount != arrived.moved.amount:
            self.clashes.append((arrived, left))
        self._arrived[left.moved.id] = (arrived.chain, arrived.moved.place.block)

"""
Backlog: the messages that a relayer has before it, in memory, each change written down.

Promise: what is in memory is what the journal holds once a method has returned; entries that are delivered, below every
reorg that is followed, are let go. Which change follows from what is left to `entry`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, field, frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32
from xl2_adapters.op_stack.interop import entry as rules
from xl2_adapters.op_stack.interop.entry import Entry, State
from xl2_adapters.op_stack.interop.journal import Attempt, Journal
from xl2_adapters.op_stack.interop.messages import Sent
from xl2_adapters.op_stack.interop.watch import Seen, Step

_OVER: Final = (State.DELIVERED, State.EXPIRED, State.GONE)


@frozen(kw_only=True)
class Scope:
    """Whose messages are carried. Relays pay nothing, so who carries all of them pays for everybody."""

    #: Empty: anybody's.
    senders: frozenset[Address] = field(default=frozenset())
    #: Empty: to anybody.
    targets: frozenset[Address] = field(default=frozenset())

    def holds(self, sent: Sent) -> bool:
        """Whether this message is one of them."""
        message = sent.message
        return (not self.senders or message.sender in self.senders) and (
            not self.targets or message.target in self.targets
        )


class Backlog:
    """Entries by hash, with those of each destination at hand."""

    def __init__(self, journal: Journal, chains: Iterable[ChainId], scope: Scope | None = None) -> None:
        """`chains`: those that share interop and are relayed to."""
        self._journal = journal
        self._scope = scope or Scope()
        self._entries: dict[Hash32, Entry] = {}
        #: Not over, by destination, in the order of their logs.
        self._open: dict[ChainId, dict[Hash32, None]] = {chain: {} for chain in chains}

    async def load(self) -> None:
        """Take up what the journal holds."""
        for entry in await self._journal.entries():
            self._remember(_taken_up(entry))

    def waiting(self, destination: ChainId, now: float) -> Iterator[Entry]:
        """Whose time has come, oldest first."""
        for entry in self._of(destination):
            if entry.state is State.WAITING and entry.due <= now:
                yield entry

    def in_slots(self, destination: ChainId) -> Mapping[int, list[Entry]]:
        """Messages in transactions of ours that are not known to be over, by nonce."""
        found: dict[int, list[Entry]] = {}
        for entry in self._of(destination):
            if entry.state is State.SENT and entry.slot is not None:
                found.setdefault(entry.slot, []).append(entry)
        return found

    def next_due(self, destination: ChainId) -> float | None:
        """When the next message wants to be looked at."""
        dues = [entry.due for entry in self._of(destination) if entry.state is State.WAITING]
        return min(dues, default=None)

    async def see(self, chain: ChainId, seen: Seen) -> None:
        """Take up what a look at a chain brought, and write it down with the chain's trail."""
        changed: dict[Hash32, Entry] = {}
        if seen.undone_above is not None:
            changed = {entry.sent.hash: entry for entry in self._undone(chain, seen.undone_above)}
        for sent in seen.sent:
            if sent.message.destination in self._open and self._scope.holds(sent):
                changed[sent.hash] = rules.observed(changed.get(sent.hash) or await self._known(sent.hash), sent)
        for relayed in seen.relayed:
            known = changed.get(relayed.hash) or await self._known(relayed.hash)
            if known is not None:
                changed[relayed.hash] = rules.delivered(known, relayed.place)
        await self.change(changed.values(), trail=(chain, seen.trail))
        self._let_go(chain, seen.trail[0].number)

    async def change(
        self,
        entries: Iterable[Entry],
        *,
        trail: tuple[ChainId, Sequence[Step]] | None = None,
        opened: Iterable[Attempt] = (),
        closed: Iterable[Attempt] = (),
    ) -> None:
        """Write entries and transactions down, all of it or nothing, and only then believe it."""
        changed = list(entries)
        await self._journal.keep(changed, trail=trail, opened=opened, closed=closed)
        for entry in changed:
            self._remember(entry)

    def now(self, message: Hash32) -> Entry | None:
        """What is believed of a message now."""
        return self._entries.get(message)

    def _of(self, destination: ChainId) -> Iterator[Entry]:
        return (self._entries[message] for message in list(self._open[destination]))

    def _undone(self, chain: ChainId, above: BlockNumber) -> Iterator[Entry]:
        """What a reorg of a chain changes."""
        for entry in self._entries.values():
            message = entry.sent.message
            if message.source == chain and entry.sent.place.block > above:
                yield rules.taken_back(entry)
            elif message.destination == chain and entry.relayed and entry.relayed.block > above:
                yield rules.undelivered(entry)

    async def _known(self, message: Hash32) -> Entry | None:
        # Memory has let go of what was delivered long ago, or found delivered; it may be sent anew, or its log be seen.
        known = self._entries.get(message)
        if known is None:
            found = await self._journal.find(message)
            known = found and _taken_up(found)
        return known

    def _remember(self, entry: Entry) -> None:
        message = entry.sent.hash
        self._entries[message] = entry
        waiting = self._open.get(entry.sent.message.destination)
        if waiting is None:
            return
        if entry.state in _OVER:
            waiting.pop(message, None)
        else:
            waiting[message] = None

    def _let_go(self, chain: ChainId, below: BlockNumber) -> None:
        gone = [
            message
            for message, entry in self._entries.items()
            if entry.sent.message.destination == chain
            and entry.state is State.DELIVERED
            and (entry.relayed is None or entry.relayed.block < below)
        ]
        for message in gone:
            del self._entries[message]


def _taken_up(kept: Entry) -> Entry:
    """What a journal holds rests no longer: until when was counted by a process that has ended."""
    return evolve(kept, due=0.0)

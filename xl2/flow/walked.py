"""
Walked: which entries of a lane's receipt log final blocks of the origin have settled, behind the first they have not.

Comes in: what looks at neighbours found. Goes out: from where on there is something to ask. Promise: what is settled
for good is asked about once, however long one before it waits; a log that is another one than was looked at is looked
at anew. It is of one process: the store's mark, which moves without gaps, is what stays.
"""

from bisect import bisect_left
from collections.abc import Sequence

from attrs import define, field

from xl2.core.lane import Lane
from xl2.ports import Entry, Store


@define
class Walked:
    """What is known of one lane's entries."""

    #: All before this one were looked at.
    _upto: int = field(default=0, init=False)
    #: Of these, those that no final block has settled, rising.
    _open: list[int] = field(factory=list, init=False)
    #: The last that was looked at.
    _last: Entry | None = field(default=None, init=False)

    async def begin(self, lane: Lane, store: Store, mark: int) -> None:
        """All before the mark are settled. Forgets what was known of a log that a reorg has changed."""
        if self._last is not None and tuple(await store.entries(lane, self._last.index, 1)) != (self._last,):
            self._upto, self._open, self._last = 0, [], None
        self._upto = max(self._upto, mark)
        del self._open[: bisect_left(self._open, mark)]

    def note(self, entries: Sequence[Entry], is_open: Sequence[bool]) -> None:
        """Of neighbours, whether no final block has settled them. What begins behind a gap says nothing of it."""
        first, end = entries[0].index, entries[-1].index + 1
        if first > self._upto:
            return
        found = [entry.index for entry, still in zip(entries, is_open, strict=True) if still]
        self._open[bisect_left(self._open, first) : bisect_left(self._open, end)] = found
        if end > self._upto:
            self._upto, self._last = end, entries[-1]

    def next(self, first: int) -> int:
        """The first entry from here on that may not be settled for good."""
        place = bisect_left(self._open, first)
        return self._open[place] if place < len(self._open) else max(first, self._upto)

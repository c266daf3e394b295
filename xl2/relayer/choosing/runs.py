"""
Runs: which neighbours go together so that most is left.

Pure. Comes in: what each message of a lane leaves when it is carried, what a delivery takes for all, and which
neighbours fit one; or the same of receipts and a settlement. Goes out: runs. A segment holds neighbours without a gap,
so whoever stands between two that are carried together is carried too, and what it costs counts. Promise: no run is at
a loss, and no other choice of runs leaves more; it takes time that grows with the places, not with their square. What
each leaves is for `judging` and `settlements` to say.
"""

from collections import deque
from collections.abc import Sequence

from attrs import frozen


@frozen
class Run:
    """Neighbours that go together: places from `first` to before `end`."""

    first: int
    end: int


def choose(worths: Sequence[int], fixed: int, ends: Sequence[int]) -> list[Run]:
    """
    Runs, none over another, whose worths less `fixed` for each sum up to the most; in order.

    `worths`: of each place, below 0 where it takes more than it gives. `ends`: behind the last place of the longest run
    that may begin at a place; at least one further, and never falling. Of equal choices, the one that carries more and
    earlier.
    """
    count = len(worths)
    before = [0]
    for worth in worths:
        before.append(before[-1] + worth)
    best, chosen = [0] * (count + 1), [0] * count
    # Where a run may end, with what is left then: falling from the front on, so that the front is the most.
    candidates: deque[tuple[int, int]] = deque()
    for place in range(count - 1, -1, -1):
        left = before[place + 1] + best[place + 1]
        while candidates and candidates[-1][1] < left:
            candidates.pop()
        candidates.append((place + 1, left))
        while candidates[0][0] > ends[place]:
            candidates.popleft()
        end, left = candidates[0]
        carried = left - before[place] - fixed
        is_worth_it = carried >= best[place + 1]
        best[place] = carried if is_worth_it else best[place + 1]
        chosen[place] = end if is_worth_it else 0
    runs, place = [], 0
    while place < count:
        if chosen[place]:
            runs.append(Run(place, chosen[place]))
        place = chosen[place] or place + 1
    return runs

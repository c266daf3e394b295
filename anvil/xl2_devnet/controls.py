"""
Controls: what a test does to a devnet that it started, and a user cannot.

A test makes one, starts the devnet with it, and turns it while the devnet runs, from any thread; the devnet's own tasks
look at it. Promise: none of it is reachable through a door, the command line or devnet.json, and what is let go again
goes on as if it had only been slow. Only one at a time makes blocks of a chain or takes some back: anvil leaves holes
in a chain that is mined while it is reorganised.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

#: What can be withheld from L1: the L2's blocks (nothing of it becomes safe), or the claims of its state.
BATCHES: Final = "batches"
ROOTS: Final = "roots"

#: How soon it is seen that a turn is over: whoever waits for it may be in another thread's loop.
_TURN_SECONDS: Final = 0.002


class Controls:
    """Levers of one devnet."""

    def __init__(self) -> None:
        """All let go."""
        self._l1_is_held = False
        self._withheld: frozenset[tuple[str, str]] = frozenset()
        self._false_roots: tuple[str, ...] = ()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @asynccontextmanager
    async def turn(self, chain: str) -> AsyncIterator[None]:
        """Within it nobody else makes blocks of this chain, or takes some back."""
        turn = self._turns[chain]
        while not turn.acquire(blocking=False):  # noqa: ASYNC110 - an event wakes its own thread alone
            await asyncio.sleep(_TURN_SECONDS)
        try:
            yield
        finally:
            turn.release()
        # Whoever takes one turn after another lets others have theirs.
        await asyncio.sleep(2 * _TURN_SECONDS)

    def hold_l1(self) -> None:
        """L1 makes no blocks; what is sent to it waits in its pool."""
        self._l1_is_held = True

    def release_l1(self) -> None:
        """L1 goes on."""
        self._l1_is_held = False

    @property
    def l1_is_held(self) -> bool:
        """Whether L1 makes no blocks."""
        return self._l1_is_held

    def withhold(self, what: str, chain: str) -> None:
        """Keep `BATCHES` or `ROOTS` of an L2 from L1, until `give`."""
        self._withheld |= {(what, chain)}

    def give(self, what: str, chain: str) -> None:
        """Let post again what was withheld."""
        self._withheld -= {(what, chain)}

    def withholds(self, what: str, chain: str) -> bool:
        """Whether a poster is to keep this to itself."""
        return (what, chain) in self._withheld

    def claim_falsely(self, chain: str) -> None:
        """The next state that the L2's proposer claims on L1 is not the L2's."""
        self._false_roots = (*self._false_roots, chain)

    def takes_false(self, chain: str) -> bool:
        """Whether the claim to be made now is to be false; asked once for each claim."""
        if chain not in self._false_roots:
            return False
        left = list(self._false_roots)
        left.remove(chain)
        self._false_roots = tuple(left)
        return True

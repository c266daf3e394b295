"""
Groups: pieces of work that wait for one thread are done in groups, each group in one transaction.

Comes in: pieces of work. Goes out: what each brought, or why it failed, once that is kept. Promise: they are done in
the order asked; a group ends after a moment, so nobody waits long for others; where a piece fails, or the transaction,
nothing of the group is kept and each piece is done by itself, so nobody fails over another's work. How a transaction
is made is the database's.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import groupby
from typing import Any, Generic, TypeVar, cast

from attrs import define, field

from xl2.store.session import Session, Work, finish

T = TypeVar("T")

#: Does something in one transaction, which is kept when this returns.
Transact = Callable[[Callable[[Session], None]], None]

#: A group takes no further piece after so long. To keep a group takes some milliseconds, however much is in it.
_GROUP_SECONDS = 0.05


class Groups:
    """What waits for one thread."""

    def __init__(self, thread: Executor, transact: Transact) -> None:
        """`thread`: does one thing at a time; `transact`: is called there."""
        self._thread = thread
        self._transact = transact
        self._waiting: deque[_Piece[Any]] = deque()
        self._is_working = False
        #: Who asks while the thread finds nothing more has it called again.
        self._lock = threading.Lock()

    async def run(self, work: Work[T]) -> T:
        """Do work in a transaction, with others or alone. The asker's cancellation cuts nothing in two."""
        piece: _Piece[T] = _Piece(work, asyncio.get_running_loop().create_future())
        with self._lock:
            if not self._is_working:
                self._thread.submit(self._work_off)
                self._is_working = True
            self._waiting.append(piece)
        return await piece.asker

    def _work_off(self) -> None:
        while self._is_there_more():
            group = [self._waiting.popleft()]
            try:
                self._transact(partial(self._together, group))
            except BaseException as failed:  # noqa: BLE001 - told to whoever asked, as an executor does
                if len(group) > 1:
                    self._each_alone(group)
                else:
                    group[0].failed = failed
            _tell(group)

    def _is_there_more(self) -> bool:
        """Whether anything waits; where nothing does, whoever asks from this moment on has the thread called again."""
        with self._lock:
            self._is_working = bool(self._waiting)
            return self._is_working

    def _together(self, group: "list[_Piece[Any]]", session: Session) -> None:
        """Do the first of a group, and what waits behind it."""
        until = time.monotonic() + _GROUP_SECONDS
        group[0].do(session)
        while self._waiting and time.monotonic() < until:
            group.append(self._waiting.popleft())
            group[-1].do(session)

    def _each_alone(self, group: "Sequence[_Piece[Any]]") -> None:
        for piece in group:
            try:
                self._transact(piece.do)
            except BaseException as failed:  # noqa: BLE001 - as above
                piece.failed = failed


@define(eq=False)
class _Piece(Generic[T]):
    """A piece of work, and who asked for it."""

    work: Work[T]
    asker: "asyncio.Future[T]"
    result: T | None = field(default=None, init=False)
    failed: BaseException | None = field(default=None, init=False)

    def do(self, session: Session) -> None:
        """Once more, where the first time was not kept."""
        self.result = finish(self.work(session))

    def tell(self) -> None:
        if self.asker.done():
            # Nobody waits any more.
            return
        if self.failed is not None:
            self.asker.set_exception(self.failed)
        else:
            self.asker.set_result(cast("T", self.result))


def _tell(group: "Sequence[_Piece[Any]]") -> None:
    """Each on the loop that it was asked on: neighbours together, as each call wakes the loop."""
    for loop, pieces in groupby(group, lambda piece: piece.asker.get_loop()):
        # A loop that was closed has nobody who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell_here, tuple(pieces))


def _tell_here(pieces: "Sequence[_Piece[Any]]") -> None:
    for piece in pieces:
        piece.tell()

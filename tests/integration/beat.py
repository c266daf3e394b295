"""
Beat: blocks of anvils that another program started, more often than its whole seconds allow.

URLs of anvils come in; each makes a block whenever its time is up, in a thread, so that it goes on while a test waits
for a process. Promise: while a test holds the beat no block is made, and one that cannot be made is told at the end.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.integration.node import Node

_BLOCK_SECONDS = 0.25


class Beat:
    """A running one; `beating` starts and ends it."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._failed: Exception | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """No block is made within."""
        with self._turn:
            yield

    def run(self, nodes: list[Node]) -> None:
        """Make blocks until it is over."""
        try:
            while not self._over.wait(_BLOCK_SECONDS):
                with self._turn:
                    for node in nodes:
                        node.ask("evm_mine")
        except Exception as error:  # noqa: BLE001 - raised where the thread is joined
            self._failed = error

    def end(self) -> None:
        """No block from now on."""
        self._over.set()

    def check(self) -> None:
        """Raise what ended it early."""
        if self._failed is not None:
            raise self._failed


@contextmanager
def beating(urls: Iterable[str]) -> Iterator[Beat]:
    """Make the blocks of anvils in place of their own timers."""
    nodes = [Node(url) for url in urls]
    for node in nodes:
        node.ask("evm_setIntervalMining", 0)
    beat = Beat()
    thread = threading.Thread(target=beat.run, args=(nodes,), name="beat")
    thread.start()
    try:
        yield beat
    finally:
        beat.end()
        thread.join()
        for node in nodes:
            node.close()
    beat.check()

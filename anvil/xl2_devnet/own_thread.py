"""
Own thread: an asynchronous block in, the same as a plain one out, with a thread and an event loop of its own.

The kernel ties an anvil's life to the thread that started it, so this thread lives as long as the block. Promise: what
the asynchronous block raises is raised here, at its start or at its end; it has ended when the plain one has.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


@contextlib.contextmanager
def in_own_thread(block: Callable[[], contextlib.AbstractAsyncContextManager[T]], *, name: str) -> Iterator[T]:
    """Enter the block in a new thread, and leave it there."""
    ready: queue.SimpleQueue[tuple[T] | BaseException] = queue.SimpleQueue()
    stop = threading.Event()
    fault: list[BaseException] = []

    async def entered() -> None:
        async with block() as made:
            ready.put((made,))
            await asyncio.to_thread(stop.wait)

    def thread() -> None:
        try:
            asyncio.run(entered())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            fault.append(error)
            ready.put(error)

    keeper = threading.Thread(target=thread, name=name)
    keeper.start()
    try:
        first = ready.get()
        if isinstance(first, BaseException):
            raise first
        yield first[0]
    finally:
        stop.set()
        keeper.join()
    if fault:
        raise fault[0]

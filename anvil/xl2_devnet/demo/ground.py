"""
Ground: the devnet that a show runs on: the one of a file, or one of its own.

A file or none comes in, a devnet's file goes out. Promise: a devnet of our own ends with the block; another's is left
as it is.
"""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from attrs import evolve

from xl2_devnet.devnet import up
from xl2_devnet.options import Options

#: Told one plain sentence about each thing that takes time.
Say = Callable[[str], object]


@contextlib.asynccontextmanager
async def ground(file: Path | None, options: Options, say: Say) -> AsyncIterator[Path]:
    """The devnet of `file`, or one of our own with these options."""
    if file is not None:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="xl2-devnet-") as folder:
        own = Path(folder) / "devnet.json"
        say(f"starting an L1 and {len(options.l2)} L2s")
        async with up(evolve(options, file=own), say=say) as described:
            say(f"they are ready after {described.ready_seconds:.1f} s")
            yield own

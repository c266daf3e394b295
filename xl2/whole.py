"""
Whole: a path and its content in, a file that holds all of it out, or none of it.

Promise: whoever reads sees what stood there before or the whole of what is new, also after a power cut, and nobody
else on this machine may read it unless the writer lets them. Raises `OSError`; what that means is the writer's affair.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600


def write(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Put it in the place of what stood there."""
    with _written_beside(path, content, mode) as half:
        half.replace(path)


def write_new(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Put it where nothing stands. Raises `FileExistsError`."""
    with _written_beside(path, content, mode) as half:
        # A link, unlike a rename, goes over no other file, and is one step as well.
        os.link(half, path)


@contextlib.contextmanager
def _written_beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    half = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield half
    finally:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)

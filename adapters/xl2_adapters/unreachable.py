"""
Unreachable: an error of a connection in, why there is none out, in the system's words.

Promise: no word of a URL, which may hold a key: aiohttp's own text does.
"""

import os


def why(error: Exception) -> str:
    """Like `Connection refused`; the name of the error where the system has no words for it."""
    cause = getattr(error, "os_error", error)
    number = cause.errno if isinstance(cause, OSError) else None
    return os.strerror(number) if number is not None and number > 0 else type(error).__name__

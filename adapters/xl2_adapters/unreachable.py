"""
Unreachable: an error of a connection in, why there is none out, in the words of the system, or of TLS.

Promise: no word of a URL, which may hold a key: aiohttp's own text does.
"""

import os
import ssl


def why(error: Exception) -> str:
    """Like `Connection refused`; the name of the error where nobody has words for it."""
    cause = getattr(error, "certificate_error", getattr(error, "os_error", error))
    if isinstance(cause, ssl.SSLError):
        # Its numbers are its own, and its text may hold the host.
        reason = getattr(cause, "reason", None)
        return f"TLS: {reason.replace('_', ' ').lower()}" if reason else type(error).__name__
    number = cause.errno if isinstance(cause, OSError) else None
    return os.strerror(number) if number is not None and number > 0 else type(error).__name__

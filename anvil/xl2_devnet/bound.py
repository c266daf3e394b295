"""
Bound: a command in, one out that lives no longer than whoever starts it.

Promise: on Linux the kernel kills the process when the thread that started it is gone, `kill -9` of its process
included; elsewhere the command is as it was. Ending it in good order is left to whoever starts it.
"""

import os
import sys
from collections.abc import Sequence

#: prctl(PR_SET_PDEATHSIG, SIGKILL), both by their numbers in Linux; then the command, unless the parent is gone.
_BIND = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(1, 9) == 0 and os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
sys.exit("the process could not be bound to the life of whoever starts it")
"""


def bound(command: Sequence[str]) -> list[str]:
    """The command, its program by its path, bound to the life of the thread that starts it.

    By a short-lived Python that becomes the command, not by `preexec_fn`: that runs Python between fork and exec, which
    may hang a process with threads.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _BIND, str(os.getpid()), *command]

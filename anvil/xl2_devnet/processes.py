"""
Processes: whether a process that a file names is still that one.

A pid comes in, what the kernel says of it goes out. Promise: a pid that the kernel has given to another program since
is never taken for the old one. Linux only; elsewhere nothing is known of any process.
"""

import os
from pathlib import Path


def started_at(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since boot; None if there is none, or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything; state and start time are the 3rd and the 22nd field (proc(5)).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def is_running(pid: int, began: int) -> bool:
    """Whether the process of this pid is the one that began then."""
    return began > 0 and started_at(pid) == began


def signal_it(pid: int, began: int, signal_number: int) -> bool:
    """Send a signal to that very process; False if it is gone."""
    if not is_running(pid, began):
        return False
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return False
    return True

"""
Rest: whether a message rests, as `messages.resting` holds it.

In goes nothing; out come the three values of that column and pieces of SQL. Promise: no other statement writes one of
these numbers by itself. They stand in the statements as numbers and not as parameters: the index of what rests
(`schema.py`) serves only a query that says `resting = 1`.
"""

from enum import IntEnum


class Rest(IntEnum):
    """What `messages.resting` may be."""

    #: Its time may have come.
    READY = 0
    #: It rests until it is due.
    RESTS = 1
    #: Somebody has it skipped: it stays until it is taken up again.
    SKIPPED = 2


IS_READY = f"resting = {Rest.READY}"
IS_RESTING = f"resting = {Rest.RESTS}"
IS_SKIPPED = f"resting = {Rest.SKIPPED}"

#: New values of what is not skipped; what is skipped stays so.
READY_UNLESS_SKIPPED = f"resting = CASE WHEN {IS_SKIPPED} THEN {Rest.SKIPPED} ELSE {Rest.READY} END"
RESTS_UNLESS_SKIPPED = f"resting = CASE WHEN {IS_SKIPPED} THEN {Rest.SKIPPED} ELSE {Rest.RESTS} END"

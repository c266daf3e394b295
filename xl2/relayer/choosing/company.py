"""
Company: how long what does not pay for a delivery waits for others to share it.

Pure. Comes in: what a message leaves, and since when it is known. Goes out: until when it waits, and when to look
again. Promise: nobody waits beyond its expiry; whoever rests is looked at together with its neighbours, whenever each
was declined. Which of them go together is `runs`'s.
"""

#: Rests of what does not pay yet, in seconds: powers of two, so that each ends at a moment where all shorter ones end.
LEAST_WAIT, LEAST_REST, LONGEST_REST = 4, 32, 1_024


def waits_until(*, pays_for_itself: bool, since: float, now: float, expiry: float, longest_wait: float) -> float | None:
    """
    Until when a message that is in no delivery is kept for company; None: nobody who comes makes it pay, or nobody came
    in time. `pays_for_itself`: its part of a delivery's own cost aside; `since`: when it was first seen; `expiry`: 0 is
    never; `longest_wait`: in seconds.
    """
    until = since + longest_wait
    if expiry:
        until = min(until, expiry)
    # A clock that was set back makes nobody wait longer than that.
    until = min(until, now + longest_wait)
    return until if pays_for_itself and until > now else None


def next_look(now: float, since: float, least: int) -> float:
    """
    When to look at it again: rests grow with the time that has passed since, and end where those of others end.

    At a multiple of a power of two all who rest for less have their turn too: neighbours that pay together only are
    looked at together, whenever each was declined.
    """
    step = least
    while step * 2 <= min(max(now - since, 0.0), LONGEST_REST):
        step *= 2
    return (now // step + 1) * step

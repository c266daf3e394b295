"""
Nonces: which transaction nonce is next, and what a chain's word about nonces says of ours.

Pure. Comes in: the nonces that we hold (signed, not known to be used) and what a chain says (used, in the pool). Goes
out: decisions. Promise: a nonce that anything holds is never given out; what nothing holds below something that waits
is a gap, and is filled; the counter goes down as well as up, because the chain is the judge and not our memory.
"""

from collections.abc import Collection, Iterable

from attrs import frozen


@frozen(kw_only=True)
class Told:
    """What a chain says of an account."""

    #: Next nonce by included transactions: all below are used.
    used: int
    #: Next nonce with those in the node's pool that follow without a gap.
    pooled: int


def free(held: Collection[int], told: Told) -> int:
    """Lowest nonce that neither the chain, nor its pool, nor we hold."""
    nonce = max(told.used, told.pooled)
    while nonce in held:
        nonce += 1
    return nonce


def gap(held: Collection[int], told: Told) -> int | None:
    """
    The lowest nonce that nothing holds and that something of ours waits for, None where there is none.

    Only the lowest: what stands in a pool above it, a stranger's too, is counted by no node before it is filled.
    """
    lowest = max(told.used, told.pooled)
    return lowest if lowest not in held and any(nonce > lowest for nonce in held) else None


def forgotten(held: Iterable[int], told: Told) -> list[int]:
    """Nonces that we hold, and that the node's pool does not: send the same bytes again, lowest first."""
    return sorted(nonce for nonce in held if nonce >= max(told.used, told.pooled))


def taken_back(included: Iterable[int], told: Told) -> list[int]:
    """Nonces whose inclusion we saw and that the chain says are unused: a reorg, or a node that lags behind."""
    return sorted(nonce for nonce in included if nonce >= told.used)


def foreign(expected: int, held: Collection[int], told: Told) -> range:
    """
    Nonces that somebody else has used, or waits with: the key is in use elsewhere.

    `expected`: one more than the highest nonce that we ever knew of.
    """
    known = max((expected, *(nonce + 1 for nonce in held)))
    return range(known, max(told.used, told.pooled, known))

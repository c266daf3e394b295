"""
Survey: what all endpoints of a chain say of its newest blocks, side by side; who is behind, ahead or elsewhere.

Promise: pure. Nobody is named for what fewer than the quorum say otherwise: one endpoint cannot make the others look
stale by claiming blocks that are not there.
"""

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from xl2_adapters.providers.standing import Blame

#: Finality moves in leaps of minutes; who lags more than these has stopped.
FINALITY_SECONDS: Final = 900


@frozen(kw_only=True)
class Tip:
    """A block as an endpoint's newest."""

    number: int
    timestamp: int


@frozen(kw_only=True)
class Seen:
    """What one endpoint said of the chain."""

    by: str
    chain: int
    latest: Tip
    finalized: Tip | None = field(default=None)


@frozen(kw_only=True)
class Verdict:
    """What is wrong with one endpoint."""

    by: str
    blame: Blame
    reason: str


def judge(seen: Sequence[Seen], *, chain: int, quorum: int, stale_seconds: float) -> list[Verdict]:
    """
    Who is wrong, and how.

    `quorum`: so many must stand together before others are measured by them. `stale_seconds`: by block time stamps.
    """
    wrong = [
        Verdict(by=one.by, blame=Blame.WRONG_CHAIN, reason=f"it serves chain {one.chain}, not {chain}")
        for one in seen
        if one.chain != chain
    ]
    right = [one for one in seen if one.chain == chain]
    latest = [(one.by, one.latest) for one in right]
    finalized = [(one.by, one.finalized) for one in right if one.finalized is not None]
    found = _measure(latest, quorum, stale_seconds, "newest")
    named = {verdict.by for verdict in found}
    found += [
        verdict
        for verdict in _measure(finalized, quorum, max(stale_seconds, FINALITY_SECONDS), "finalized")
        if verdict.by not in named
    ]
    return wrong + found


def apart(seen: Sequence[Seen], *, quorum: int, stale_seconds: float) -> str:
    """In words, that endpoints stand far apart and no quorum stands together; empty where that is not so."""
    latest = [(one.by, one.latest) for one in seen]
    if len(latest) < 2 or _together(latest, quorum, stale_seconds) is not None:
        return ""
    return "; ".join(f"{by} says block {tip.number} is the newest" for by, tip in latest)


def _measure(tips: Sequence[tuple[str, Tip]], quorum: int, seconds: float, which: str) -> list[Verdict]:
    middle = _together(tips, quorum, seconds)
    if middle is None:
        return []
    verdicts = []
    for by, tip in tips:
        off = tip.timestamp - middle.timestamp
        if abs(off) <= seconds:
            continue
        what = f"its {which} block is {tip.number}, {abs(off)} s {'ahead of' if off > 0 else 'behind'} the others' "
        blame = Blame.LIES if off > 0 and quorum > 1 else Blame.STALE
        if off < 0 or quorum > 1:
            verdicts.append(Verdict(by=by, blame=blame, reason=f"{what}{middle.number}"))
    return verdicts


def _together(tips: Sequence[tuple[str, Tip]], quorum: int, seconds: float) -> Tip | None:
    """The newest block that a quorum has, where a quorum stands near it."""
    if len(tips) < quorum:
        return None
    middle = sorted((tip for _, tip in tips), key=lambda tip: tip.timestamp, reverse=True)[quorum - 1]
    near = sum(abs(tip.timestamp - middle.timestamp) <= seconds for _, tip in tips)
    return middle if near >= quorum else None

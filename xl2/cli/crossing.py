"""
Crossing: how deposits, withdrawals and journeys look on the screen.

In: values of the SDK. Out: a drawing. Promise: what is not known is said to be unknown; times are the chains' own.
"""

from collections.abc import Sequence

from rich.console import Group, RenderableType

from xl2.cli.screen import entries, moment, pairs
from xl2.core.amounts import wei_and_ether
from xl2.core.types import checksum, hex_text
from xl2.ports import Crossing
from xl2.sdk import Act, Advanced, Journey

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def drawn(journey: Journey, acts: Sequence[Act] = ()) -> RenderableType:
    """All there is to know of a crossing and what follows it."""
    parts: list[RenderableType] = [_steps(journey.first)]
    if journey.second is not None:
        parts.append(_steps(journey.second))
    if acts:
        rows = [([act.what, str(act.chain), str(act.gas_used)], [hex_text(act.tx_hash)]) for act in acts]
        parts.append(entries("done now", ["what", "chain", "gas"], rows))
    parts.append(pairs(_next(journey)))
    return Group(*parts)


def drawn_advanced(advanced: Advanced) -> RenderableType:
    """The same, with what was done for it."""
    return drawn(advanced.journey, advanced.acts)


def _steps(crossing: Crossing) -> RenderableType:
    rows = [
        (
            [step.state, str(step.chain), moment(step.at), "" if step.place is None else str(step.place.block)],
            ["" if step.place is None else hex_text(step.place.tx_hash), step.detail],
        )
        for step in crossing.steps
    ]
    title = f"{crossing.direction} of {_cargo(crossing)} from chain {crossing.origin} to {crossing.destination}"
    return entries(f"{title} is {crossing.state}", ["state", "chain", "time (UTC)", "block"], rows)


def _cargo(crossing: Crossing) -> str:
    cargo = crossing.cargo
    if cargo.token is not None:
        what = f"{cargo.amount} units of {checksum(cargo.token)}"
    elif cargo.amount or not cargo.data:
        what = wei_and_ether(cargo.amount)
    else:
        what = f"{len(cargo.data)} bytes"
    return f"{what} for {checksum(cargo.recipient)}"


def _next(journey: Journey) -> list[tuple[str, str]]:
    crossing = journey.current
    again = f"xl2 claim {hex_text(journey.first.sent.tx_hash)}"
    if journey.is_over:
        return [("over", crossing.steps[-1].detail or str(crossing.state))]
    rows = []
    if crossing.waits_for:
        rows.append(("waits for", crossing.waits_for))
        rows.append(("which takes", _duration(crossing.wait_seconds)))
    rows.append(("arrives", _duration(journey.arrival_seconds)))
    if journey.onward is not None:
        onward = journey.onward
        rows.append(("goes on to", f"{checksum(onward.recipient)} on chain {onward.destination}"))
    if crossing.moves:
        rows.append(("possible", ", ".join(crossing.moves)))
    if crossing.until is not None:
        rows.append(("until", f"{moment(crossing.until)} UTC"))
    return [*rows, ("next", again)]


def _duration(seconds: int | None) -> str:
    """Seconds as people say them, to the minute where that is enough."""
    if seconds is None:
        return "nobody can tell"
    if seconds < _MINUTE:
        return f"{seconds} s, at the earliest"
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    named = ((days, "d"), (hours, "h"), (rest // _MINUTE, "min"))
    return " ".join(f"{count} {unit}" for count, unit in named if count) + ", at the earliest"

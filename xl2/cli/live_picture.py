"""
Picture: a running relayer as one picture that fits the terminal, or as one line.

In: a `Frame`. Out: what rich draws. Promise: whether it is ready, what is not well, what is paused and which alarms
stand come first and are seen at every height; chains and lanes share what is left, lanes where nothing stands are one
line, and what finds no room is counted.
"""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from xl2.cli.relayer_orders import ETHER, GROUPS
from xl2.cli.screen import grid, moment, pairs
from xl2.operator.values import AlarmStanding, ChainReading, LaneStanding

#: Lines of a grid beside its rows: names, rule.
_GRID_LINES: Final = 2
#: The picture ends above the line where the cursor stands.
_CURSOR_LINES: Final = 1


@frozen(kw_only=True)
class Frame:
    """What one picture shows."""

    #: Who pays, and who earns.
    address: str
    earner: str
    url: str
    now: float
    ready: bool
    #: What is not as it should be.
    ill: tuple[str, ...]
    lanes: tuple[LaneStanding, ...]
    #: By name of the lane: messages observed and delivered a second.
    rates: dict[str, tuple[float, float]]
    chains: tuple[ChainReading, ...]
    #: Lane, room, and why it rests.
    resting: tuple[tuple[str, str, str], ...]
    #: Those that stand.
    alarms: tuple[AlarmStanding, ...]


@frozen
class Picture:
    """A frame, drawn as high as the terminal is."""

    frame: Frame

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        left = (options.max_height or console.height) - _CURSOR_LINES
        head = pairs(_head(self.frame))
        yield head
        left -= _height(console, options, head)
        # The line of what is left out has its place.
        chains, lanes = self.frame.chains, _lanes_worth_a_row(self.frame)
        wanted = sum(_GRID_LINES + len(rows) for rows in (chains, lanes) if rows)
        troubles = _fitting(console, options, _troubles(self.frame), left - 1, wanted)
        yield troubles
        left -= _height(console, options, troubles)
        room = max(0, left - 2 * _GRID_LINES - 1)
        of_chains = min(len(chains), max(room - len(lanes), (room + 1) // 2))
        of_lanes = min(len(lanes), room - of_chains)
        if of_chains:
            yield _chains(chains[:of_chains])
        if of_lanes:
            yield _lanes(lanes[:of_lanes], self.frame)
        if left_out := _left_out(self.frame, lanes[:of_lanes], len(chains) - of_chains):
            yield Text(left_out, style="dim", no_wrap=True)


def line(frame: Frame) -> str:
    """The same in one line, for where nothing can be drawn over."""
    lanes = [
        f"{lane.name}: {lane.pending} pending, {frame.rates[lane.name][1]:.1f}/s" + (" PAUSED" if lane.paused else "")
        for lane in frame.lanes
        if lane.states or lane.paused
    ]
    parts = ["ready" if frame.ready else "NOT READY: " + " ".join(frame.ill), *lanes]
    parts += [f"ALARM {one.kind}: {one.what}" for one in frame.alarms]
    return " | ".join(parts)


def _head(frame: Frame) -> list[tuple[str, str]]:
    how = "ready" if frame.ready else "NOT READY"
    paying = [("pays, earns", frame.address)]
    if frame.earner != frame.address:
        paying = [("pays", frame.address), ("earns", frame.earner)]
    return [("relayer", f"{how}, {moment(frame.now)} UTC, {frame.url}"), *paying]


def _troubles(frame: Frame) -> list[tuple[str, str]]:
    rows = [("not well", one) for one in frame.ill]
    rows += [(f"ALARM {one.kind}{_where(one, frame)}", one.what) for one in frame.alarms]
    rows += [(f"PAUSED {one.name}", f"by {one.paused.by}: {one.paused.why}") for one in frame.lanes if one.paused]
    rows += [(f"{room} {lane}", f"rests: {why}") for lane, room, why in frame.resting]
    return rows


def _where(alarm: AlarmStanding, frame: Frame) -> str:
    """Before the sentence, which is cut first."""
    names = {one.chain: one.name for one in frame.chains}
    where = alarm.lane or (None if alarm.chain is None else names.get(alarm.chain, str(alarm.chain)))
    return "" if where is None else f" on {where}"


def _fitting(
    console: Console, options: ConsoleOptions, rows: Sequence[tuple[str, str]], height: int, wanted: int
) -> RenderableType:
    """All of it in full, else a line each, else as many as there is room for; `wanted`: lines of what comes below."""
    if not rows:
        return Text("no alarms", style="dim")
    full = pairs(list(rows))
    # In full where they leave room for the rest, or half of the picture.
    if _height(console, options, full) <= max(height - wanted, height // 2):
        return full
    shown = rows if len(rows) <= height else rows[: max(1, height - 1)]
    lines = [Text(f"{name}  {said}", no_wrap=True, overflow="ellipsis") for name, said in shown]
    if len(shown) < len(rows):
        lines.append(Text(f"... and {len(rows) - len(shown)} more: `xl2 relayer status` lists them", no_wrap=True))
    return Group(*lines)


def _height(console: Console, options: ConsoleOptions, part: RenderableType) -> int:
    return len(console.render_lines(part, options.update(height=None), pad=False))


def _lanes_worth_a_row(frame: Frame) -> list[LaneStanding]:
    """Those that had messages: where some stand longest first, then where all are over. Pauses are told above."""
    return sorted(
        (lane for lane in frame.lanes if lane.states),
        key=lambda lane: (not _stands(lane, frame), lane.oldest_pending or frame.now, lane.name),
    )


def _stands(lane: LaneStanding, frame: Frame) -> bool:
    return bool(lane.pending or any(frame.rates[lane.name]))


def _left_out(frame: Frame, shown: Sequence[LaneStanding], chains: int) -> str:
    """What has no row of its own, in a line."""
    rest = [lane for lane in frame.lanes if lane not in shown]
    busy = [lane for lane in rest if _stands(lane, frame)]
    parts = []
    if busy:
        parts.append(f"{len(busy)} more lanes with {sum(lane.pending for lane in busy)} pending")
    if len(busy) < len(rest):
        parts.append(f"{len(rest) - len(busy)} lanes where nothing stands")
    if chains:
        parts.append(f"{chains} more chains")
    return ", ".join(parts)


def _lanes(lanes: Sequence[LaneStanding], frame: Frame) -> Table:
    rows = []
    for lane in lanes:
        counts = [str(sum(lane.states.get(state, 0) for state in states) or "") for _, states in GROUPS]
        age = "" if lane.oldest_pending is None else f"{max(0.0, frame.now - lane.oldest_pending):.0f} s"
        rows.append([lane.name, *counts, *(f"{rate:.1f}" for rate in frame.rates[lane.name]), age])
    return _dense(grid(["lane", *(name for name, _ in GROUPS), "in/s", "out/s", "oldest"], rows))


def _chains(chains: Sequence[ChainReading]) -> Table:
    rows = [
        [
            one.name,
            str(one.heads["latest"]),
            f"{one.head_age_seconds:.0f} s",
            f"{one.balance / ETHER:.6f}",
            f"{one.claimable / ETHER:.6f}",
            str(one.open_nonces),
        ]
        for one in chains
    ]
    return _dense(grid(["chain", "block", "age", "balance, ether", "claimable", "open tx"], rows))


def _dense(drawn: Table) -> Table:
    """No empty lines around it: they are rows of another lane."""
    drawn.show_edge = False
    return drawn

"""
Routes: every question and order by method and path: what it takes, what it answers, and how the desk is asked.

Promise: this table is all there is: HTTP serves it, the OpenAPI document describes it, and the command line asks it, by
HTTP or straight over a store. Who may ask is left to `gate`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from attrs import field, frozen

from xl2.core.lifecycle import State
from xl2.core.types import message_id
from xl2.errors import InvalidInput
from xl2.operator.desk import Desk, place_of, states_of
from xl2.operator.values import (
    Chains,
    Done,
    Explained,
    Lanes,
    Message,
    Messages,
    OpenTransactions,
    Readiness,
    StandingAlarms,
)

MAX_PAGE: Final = 1_000
_PAGE: Final = 100
#: Longest reason that is kept.
_MAX_WHY: Final = 500


@frozen(kw_only=True)
class Asked:
    """A request, as the table wants it."""

    path: Mapping[str, str] = field(factory=dict)
    query: Sequence[tuple[str, str]] = ()
    body: Mapping[str, object] = field(factory=dict)
    #: Who asks, for what is kept of an order.
    by: str = "operator"

    def one(self, name: str) -> str | None:
        """The value of a parameter, None where it is not given. Raises `InvalidInput` where it is given twice."""
        found = self.all(name)
        if len(found) > 1:
            raise InvalidInput(f"{name} is given {len(found)} times", field=name, remedy="Give it once.")
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self.query if key == name]

    def why(self) -> str:
        """The reason of an order. Raises `InvalidInput` where it is no text, or too long."""
        why = self.body.get("why", "")
        if not isinstance(why, str) or len(why) > _MAX_WHY:
            raise InvalidInput(f"why is no text of at most {_MAX_WHY} characters", field="why", value=why)
        return why or "no reason given"


@frozen(kw_only=True)
class Parameter:
    """Something that a path or a query takes."""

    name: str
    what: str
    schema: Mapping[str, object]
    in_path: bool = False


@frozen(kw_only=True)
class Route:
    """A question or an order."""

    method: str
    path: str
    #: One sentence.
    what: str
    answers: type
    ask: Callable[[Desk, Asked], Awaitable[object]] = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    #: Whether a reason may be given in the body.
    takes_why: bool = False

    @property
    def is_order(self) -> bool:
        """Whether it changes something, and so needs the token."""
        return self.method == "POST"

    async def answer(self, desk: Desk, asked: Asked) -> object:
        """What the desk says. Raises `InvalidInput` for a filter that there is none of here, and what it raises."""
        known = [one.name for one in self.parameters if not one.in_path]
        for name, _ in asked.query:
            if name not in known:
                remedy = f"There are: {', '.join(known)}." if known else "Leave out what follows the question mark."
                raise InvalidInput(f"{self.path} has no filter {name!r}", field=name, remedy=remedy)
        return await self.ask(desk, asked)


_ID: Final = Parameter(
    name="id", what="Message id.", schema={"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"}, in_path=True
)
_LANE: Final = Parameter(
    name="lane", what="A lane: its short name (`901-902-settled`), or its 57 bytes in hex.",
    schema={"type": "string"}, in_path=True,
)  # fmt: skip
_FILTERS: Final = (
    Parameter(name="lane", what="Of this lane only.", schema={"type": "string"}),
    Parameter(
        name="state", what="In this state only; may be repeated. `pending`: all that are not over.",
        schema={"type": "array", "items": {"type": "string", "enum": ["pending", *map(str, State)]}},
    ),
    Parameter(name="after", what="`next` of the page before.", schema={"type": "string"}),
    Parameter(
        name="limit", what="Most messages on the page.",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": _PAGE},
    ),
)  # fmt: skip


async def _messages(desk: Desk, asked: Asked) -> Messages:
    after, limit = asked.one("after"), asked.one("limit") or str(_PAGE)
    if not limit.isascii() or not limit.isdigit() or not 0 < int(limit) <= MAX_PAGE:
        remedy = f"Give a number from 1 to {MAX_PAGE}."
        raise InvalidInput(f"limit is {limit!r}", field="limit", value=limit, remedy=remedy)
    return await desk.messages(
        lane=asked.one("lane"),
        states=states_of(asked.all("state")),
        after=None if after is None else place_of(after),
        limit=int(limit),
    )


ROUTES: Final = (
    Route(
        method="GET", path="/readyz", answers=Readiness, ask=lambda desk, _: desk.readiness(),
        what="Whether the relayer can work; if not, with status 503, what is wrong or what its start waits for.",
    ),
    Route(
        method="GET", path="/alarms", answers=StandingAlarms, ask=lambda desk, _: desk.alarms(),
        what="What is alarmed and not over; a relayer that can work may have some.",
    ),
    Route(
        method="GET", path="/chains", answers=Chains, ask=lambda desk, _: desk.chains(),
        what="Chains with balances and fees earned, as they were read last.",
    ),
    Route(
        method="GET", path="/transactions", answers=OpenTransactions, ask=lambda desk, _: desk.transactions(),
        what="Transactions that are signed and not known to be included.",
    ),
    Route(
        method="GET", path="/lanes", answers=Lanes, ask=lambda desk, _: desk.lanes(),
        what="Lanes, how many messages stand in each state, and which are paused.",
    ),
    Route(
        method="GET", path="/messages", answers=Messages, ask=_messages, parameters=_FILTERS,
        what="Messages by lane and nonce, page by page.",
    ),
    Route(
        method="GET", path="/messages/{id}", answers=Message, parameters=(_ID,),
        ask=lambda desk, asked: desk.message(message_id(asked.path["id"])),
        what="All that is known of a message, with every step it made.",
    ),
    Route(
        method="GET", path="/messages/{id}/explain", answers=Explained, parameters=(_ID,),
        ask=lambda desk, asked: desk.explain(message_id(asked.path["id"])),
        what="Why a message is not further, what would move it, and when the relayer looks again.",
    ),
    Route(
        method="POST", path="/messages/{id}/retry", answers=Done, parameters=(_ID,),
        ask=lambda desk, asked: desk.retry(message_id(asked.path["id"])),
        what="Look at a message at once, also one that was skipped.",
    ),
    Route(
        method="POST", path="/messages/{id}/skip", answers=Done, parameters=(_ID,), takes_why=True,
        ask=lambda desk, asked: desk.skip(message_id(asked.path["id"]), asked.why()),
        what="Leave a message to others until it is retried.",
    ),
    Route(
        method="POST", path="/lanes/{lane}/pause", answers=Done, parameters=(_LANE,), takes_why=True,
        ask=lambda desk, asked: desk.pause(asked.path["lane"], asked.why(), asked.by),
        what="Stop proving, delivering and retrying on a lane; refunds and settlements go on.",
    ),
    Route(
        method="POST", path="/lanes/{lane}/resume", answers=Done, parameters=(_LANE,),
        ask=lambda desk, asked: desk.resume(asked.path["lane"]),
        what="Carry a paused lane again.",
    ),
    Route(
        method="POST", path="/drain", answers=Done, ask=lambda desk, _: desk.drain_now(),
        what="Take up nothing new, carry what is observed, then stop.",
    ),
)  # fmt: skip

"""
Operating: a configuration in, somebody who answers for its relayer out: the running one, or its store.

Promise: where a relayer runs on a store in a file, it is asked, because it alone may open the file; a database that is
shared is opened here, and every relayer on it follows. What is asked, and how it is answered, is the same either way.
"""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from attrs import frozen

from xl2.app.clients import Source, configuration, signer_of
from xl2.app.explaining import why
from xl2.app.parts import parts_of
from xl2.app.standing import Standings
from xl2.app.viewing import token_file, view_file
from xl2.config import Config
from xl2.errors import NotFound, Retryable
from xl2.operator.client import Answers, Direct, Remote, Whereabouts, find
from xl2.operator.desk import Desk
from xl2.operator.gate import kept_token
from xl2.operator.routes import Asked
from xl2.relayer import lanes_between
from xl2.store import IN_MEMORY, is_shared, open_store
from xl2.wallet import Unattended


@frozen(kw_only=True)
class Reached:
    """Who answers."""

    answers: Answers
    #: Where a relayer runs; None: none does here.
    running: Whereabouts | None


@contextlib.asynccontextmanager
async def operator(
    source: Source = None, *, running_only: bool = False, before_any: bool = False
) -> AsyncIterator[Reached]:
    """
    Reach a relayer, or what it left.

    :param running_only: what is asked is no matter of a store.
    :param before_any: what is asked is kept for a relayer that never ran yet: its store is made.
    :raises NotFound: none runs, and there is nothing that one left.
    """
    config = configuration(source)
    where = await find(view_file(config))
    if where is not None and (running_only or not is_shared(config.relayer.store)):
        token = config.relayer.token.reveal() or kept_token(token_file(config))
        yield Reached(answers=Remote(where.url, token), running=where)
        return
    if running_only:
        raise NotFound("no relayer runs on this configuration", remedy="Start it: `xl2 relayer run`.")
    async with _store_of(config, is_made=before_any) as desk:
        yield Reached(answers=Direct(desk), running=where)


@contextlib.asynccontextmanager
async def _store_of(config: Config, *, is_made: bool) -> AsyncIterator[Desk]:
    place, base = config.relayer.store, config.source.parent
    if place == IN_MEMORY:
        raise NotFound(
            "no relayer runs here, and its store is gone with its process",
            remedy="Start it with `xl2 relayer run`, or name a file: relayer.store.",
        )
    if not (is_made or is_shared(place) or (base / place).exists()):
        raise NotFound(
            f"no relayer runs here, and it has no store: {base / place}",
            remedy="Start it with `xl2 relayer run`, or name its configuration with --config.",
        )
    store = open_store(place, base, is_waited_for=False)
    parts = parts_of(config, store=store, signer=signer_of(config), hooks=Unattended())
    try:
        yield Desk(
            store=store,
            clock=parts.clock,
            name=parts.name,
            why=partial(why, parts),
            standing=Standings(store=store, clock=parts.clock, name=parts.name).all,
            configured=lambda: lanes_between(list(parts.chains.values())),
        )
    finally:
        await parts.close()


async def explained_by_relayer(source: Source, message: str) -> dict[str, Any] | None:
    """What this configuration's relayer says of a message; None where there is none, or it has not seen it."""
    try:
        async with operator(source) as reached:
            asked = Asked(path={"id": message})
            explained: dict[str, Any] = await reached.answers.ask("GET", "/messages/{id}/explain", asked)
            return explained
    except (NotFound, Retryable):
        return None

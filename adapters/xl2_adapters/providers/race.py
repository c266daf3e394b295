"""
Race: the same calls to as many endpoints as must agree, and to the next ones where some fail, differ or keep waiting.

Promise: it ends as soon as enough agree, with no more endpoints asked than that took; who is slower than his
replacement gets a strike, and his answer is heard to its end, so that his standing is true. Nothing is raised here:
what came of it is the tally's.
"""

import asyncio
from collections.abc import Sequence

from xl2.errors import RpcRejected, RpcTooLarge, RpcUnavailable
from xl2_adapters.providers.circle import Circle, Provider
from xl2_adapters.providers.standing import Blame
from xl2_adapters.providers.tally import NoAnswer, Outcome, Tally
from xl2_adapters.rpc_wire import Call


async def race(circle: Circle, tally: Tally, candidates: Sequence[Provider]) -> None:
    """Ask candidates in their order until the tally is decided, or nobody is left."""
    runners: dict[asyncio.Task[list[Outcome] | NoAnswer], Provider] = {}
    waiting = list(candidates)
    overdue: set[Provider] = set()

    def start(how_many: int) -> None:
        for provider in waiting[:how_many]:
            runners[circle.later(_answer(circle, provider, tally.calls), "a question to an endpoint")] = provider
        del waiting[:how_many]

    start(tally.missing)
    while runners and tally.missing:
        patience = circle.limits.patience_seconds if waiting else None
        done, late = await asyncio.wait(runners, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            provider = runners.pop(task)
            answer = task.result()
            if isinstance(answer, RpcUnavailable | RpcTooLarge | RpcRejected):
                tally.lose(provider.name, answer)
                continue
            tally.add(provider.name, answer)
            # Whoever was asked before this one, and is waited for still, was overtaken.
            if provider not in overdue:
                _strike_overtaken(circle, overdue & set(runners.values()))
                overdue -= set(runners.values())
        if not done:
            overdue |= {runners[task] for task in late}
            start(1)
        start(tally.missing - len(runners))


def _strike_overtaken(circle: Circle, providers: set[Provider]) -> None:
    for one in providers:
        what = f"it did not answer within {circle.limits.patience_seconds:g} s, when others did"
        circle.strike(one, Blame.SLOW, what)


async def _answer(circle: Circle, provider: Provider, calls: Sequence[Call]) -> list[Outcome] | NoAnswer:
    """The answer, or why there is none: nobody may wait for this any more when it comes."""
    try:
        return await circle.ask(provider, calls)
    except (RpcUnavailable, RpcTooLarge, RpcRejected) as error:
        return error

"""
Outages: an endpoint that is down is an error that says so, never an empty answer; afterwards all is as it was.

Promise checked: `xl2.errors.Retryable` for what helps itself, and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance
from xl2.errors import Retryable
from xl2.ports import Log, Sent
from xl2.testing.conformance.subject import Broken, Subject, expect


class Outages:
    """Checks of the home chain behind an endpoint that is down for a while."""

    async def test_an_outage_is_never_an_empty_answer(self, subject: Subject) -> None:
        """Each question is asked before, while and after."""
        lane = await subject.lane(Assurance.SETTLED)
        sent = await subject.send(lane, b"before the outage")
        await subject.until_final(sent)
        questions = _questions(subject, lane, sent)
        prover = subject.provers[0]
        log = Log(lane=await subject.lane(prover.assurance), kind=LogKind.LANE)
        before = {name: await ask() for name, ask in questions.items()}

        async with subject.outage():
            asked = {**questions, f"{prover.name} evidence": lambda: prover.show(log, 1, sent.place.block)}
            # All at once: each of them is asked again and again below before it is given up.
            await asyncio.gather(*(_unavailable(subject, name, ask, before.get(name)) for name, ask in asked.items()))

        for name, ask in questions.items():
            answer = await subject.until(ask, f"{name} after the outage")
            expect(answer == before[name], f"{name} was {before[name]} before the outage and is {answer} after it")


def _questions(subject: Subject, lane: Lane, sent: Sent) -> dict[str, Callable[[], Awaitable[Any]]]:
    """About what is final: nothing but time or an outage changes the answers."""
    home, at = subject.home, sent.place.block
    log = Log(lane=lane, kind=LogKind.LANE)
    return {
        "a block": lambda: home.block(at),
        "messages": lambda: home.sent(lane, at, at),
        "a log's state": lambda: home.log_state(log, at),
        "a transaction": lambda: home.tx_receipt(sent.place.tx_hash),
    }


async def _unavailable(subject: Subject, name: str, ask: Callable[[], Awaitable[Any]], before: object) -> None:
    answer = before
    for _ in range(subject.patience):
        try:
            answer = await ask()
        except Retryable:
            return
        if answer != before:
            break
        # What was read before may be kept for a moment, and is as true.
        await subject.wait()
    raise Broken(f"during an outage {name} is answered with {answer}")

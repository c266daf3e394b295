"""
Verifying: the evidence of a watcher in, what the endpoints of a configuration say of it out.

Promise: nothing is taken from whoever wrote the evidence but its facts; each is asked for at every endpoint of its
chain. What contradicts what is left to `xl2.watcher`.
"""

from pathlib import Path

from attrs import frozen

from xl2.app.clients import Source, configuration
from xl2.app.eyes import close, eyes_of
from xl2.watcher.facts import Fact
from xl2.watcher.record import read
from xl2.watcher.witness import Says, Testimony, says, testimony


@frozen(kw_only=True)
class Verified:
    """What the endpoints of this configuration say of somebody's evidence."""

    #: What contradicts what; empty: the facts go together, and are no evidence of anything.
    why: str
    testimony: Testimony
    #: Fact, endpoint and what it says.
    said: tuple[tuple[Fact, str, Says], ...]

    @property
    def stands(self) -> bool:
        """The facts contradict each other, and more than half of the endpoints of each chain confirm them."""
        return bool(self.why) and self.testimony.is_confirmed


async def verify(file: Path, source: Source = None) -> Verified:
    """
    Go through the evidence of a watcher, fact by fact, with the endpoints of this configuration.

    Raises `InvalidInput` for a file that is none.
    """
    config = configuration(source)
    contradiction, margin_seconds = read(file)
    eyes = eyes_of(config)
    try:
        said = [
            (fact, eye.name, await says(fact, eye))
            for fact in contradiction.facts
            for eye in eyes.get(fact.at.chain, ())
        ]
        return Verified(
            why=contradiction.why(margin_seconds) or "",
            testimony=await testimony(contradiction, eyes, agree=config.watcher.agree),
            said=tuple(said),
        )
    finally:
        await close(eyes)

"""
Brake: what is to be paused in, what became of it out.

Promise: what is paused already is not paused again; what was paused for this very contradiction and has been resumed
since is left to those who resumed it; the signed transaction is in the journal before it is sent, so a process that is
killed in between sends the same bytes when it starts again. A chain on which the key is no guardian is said, not tried.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum

from attrs import evolve, frozen

from xl2.core.types import ChainId, Hash32, hex_text
from xl2.errors import Refused, Retryable, WrongChain
from xl2.ports import Call, Journal, Submitter, Watched
from xl2.watcher.contradiction import Contradiction, Pause, PauseAsset, PauseLane, PauseVerifier
from xl2.watcher.eyes import Eye

logger = logging.getLogger(__name__)

#: An endpoint that takes longer over one question is passed over for the next.
_PROBE_SECONDS = 5.0
#: So long one endpoint may take to have a pause included.
_SUBMIT_SECONDS = 60.0


class Outcome(StrEnum):
    """What became of a pause."""

    PAUSED = "paused"
    WAS_PAUSED = "was paused already"
    #: Paused for this contradiction before, and given back since by those who may.
    RESUMED = "paused before, and resumed since"
    #: The key is no guardian there, or this is a dry run.
    NOT_OURS = "not ours to pause"
    #: It will be tried again.
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Nothing more is to be done."""
        return self is not Outcome.FAILED


@frozen(kw_only=True)
class Pulled:
    """One pause, and what became of it."""

    pause: Pause
    outcome: Outcome
    tx_hash: Hash32 | None = None
    #: Why it failed, or why it was not tried.
    detail: str = ""


@frozen(kw_only=True)
class Levers:
    """How one chain is paused: one submitter for each of its endpoints, all of one key."""

    eyes: Sequence[Eye]
    submitters: Sequence[Submitter]
    #: Why nothing is paused there; empty: the key is a guardian.
    why_not: str = ""


@frozen(kw_only=True)
class Brake:
    """Pauses."""

    levers: Mapping[ChainId, Levers]
    journal: Journal

    async def pull(self, contradiction: Contradiction) -> list[Pulled]:
        """Pause what a contradiction calls for. Raises nothing: what failed is said, and can be tried again."""
        return [await self._pull(pause, contradiction) for pause in contradiction.pauses]

    async def _pull(self, pause: Pause, contradiction: Contradiction) -> Pulled:
        levers = self.levers.get(pause.chain)
        if levers is None:
            return Pulled(pause=pause, outcome=Outcome.NOT_OURS, detail="the chain is not configured")
        cause = "no endpoint"
        for eye, submitter in zip(levers.eyes, levers.submitters, strict=True):
            try:
                return await self._pull_by(pause, contradiction, eye, submitter, why_not=levers.why_not)
            except (Retryable, Refused, WrongChain) as error:
                cause = error.what
            except TimeoutError:
                # What was signed is in the journal; another endpoint may pause twice, which is the same as once.
                cause = f"{eye.name} did not answer in time"
            logger.warning("pause failed", extra={"fields": {"endpoint": eye.name, "cause": cause}})
        return Pulled(pause=pause, outcome=Outcome.FAILED, detail=cause)

    async def _pull_by(
        self, pause: Pause, contradiction: Contradiction, eye: Eye, submitter: Submitter, *, why_not: str
    ) -> Pulled:
        watched = eye.chain.watched()
        async with asyncio.timeout(_PROBE_SECONDS):
            is_paused = await _is_paused(watched, pause)
        if is_paused:
            return Pulled(pause=pause, outcome=Outcome.WAS_PAUSED)
        if why_not:
            return Pulled(pause=pause, outcome=Outcome.NOT_OURS, detail=why_not)
        call = await _call(watched, pause)
        call = evolve(call, what=f"{call.what} for contradiction {hex_text(contradiction.id)}")
        for earlier in await self.journal.made_for(call.what):
            receipt = await eye.chain.tx_receipt(earlier.signed.hash)
            if receipt is not None and receipt.succeeded:
                return Pulled(pause=pause, outcome=Outcome.RESUMED, tx_hash=receipt.tx_hash)
        async with asyncio.timeout(_SUBMIT_SECONDS):
            receipt = await submitter.submit(call)
        fields = {"chain": pause.chain, "what": call.what, "tx_hash": hex_text(receipt.tx_hash)}
        logger.warning("paused", extra={"fields": fields})
        return Pulled(pause=pause, outcome=Outcome.PAUSED, tx_hash=receipt.tx_hash)


async def _is_paused(watched: Watched, pause: Pause) -> bool:
    match pause:
        case PauseVerifier():
            return bool(await watched.suspended() >> pause.number & 1)
        case PauseLane():
            return await watched.is_halted(pause.lane)
        case PauseAsset():
            return await watched.is_paused(pause.bridge)


async def _call(watched: Watched, pause: Pause) -> Call:
    match pause:
        case PauseVerifier():
            return await watched.pause_verifier_call(pause.number)
        case PauseLane():
            return await watched.pause_lane_call(pause.lane)
        case PauseAsset():
            return await watched.pause_asset_call(pause.bridge)

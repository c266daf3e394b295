"""
Brake: what is to be paused in, what became of it out.

Promise: what is paused already is not paused again; what was paused for this very contradiction and has been resumed
since is left to those who resumed it, unless a person says to pause it; the signed transaction is in the journal before
it is sent, so a process that is killed in between sends the same bytes when it starts again. That something is paused,
or was, is believed of no endpoint alone: more than half of the chain's must see it. A chain on which the key is no
guardian is said, not tried. Who else pauses with this key takes turns with it, a pause at a time on each chain.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from enum import StrEnum
from functools import partial

from attrs import evolve, frozen

from xl2.core.types import ChainId, Hash32, hex_text
from xl2.errors import Refused, Retryable, WrongChain
from xl2.ports import Call, Journal, Submitter, Watched
from xl2.watcher.contradiction import Contradiction, Pause, PauseAsset, PauseLane, PauseVerifier
from xl2.watcher.eyes import Eye
from xl2.watcher.witness import needed

logger = logging.getLogger(__name__)

#: An endpoint that takes longer over one question is passed over for the next.
_PROBE_SECONDS = 5.0
#: So long one endpoint may take to have a pause included.
_SUBMIT_SECONDS = 60.0
#: Endpoints that are a block behind see a pause this much later at most; they are asked again so often.
_BEHIND_SECONDS = 5.0
_AGAIN_SECONDS = 0.25


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
    #: Held while a pause is made on a chain, and until most endpoints see it: who else has the key signs nothing there
    #: meanwhile.
    turn: Callable[[ChainId], AbstractAsyncContextManager[object]] = nullcontext

    async def pull(self, contradiction: Contradiction) -> list[Pulled]:
        """Pause what a contradiction calls for. Raises nothing: what failed is said, and can be tried again."""
        cause = f"for contradiction {hex_text(contradiction.id)}"
        return [await self._pull(pause, cause, is_once=True) for pause in contradiction.pauses]

    async def pull_by_hand(self, pause: Pause, why: str) -> Pulled:
        """Pause as a person says, also what was resumed since it was paused for the same. Raises nothing, as `pull`."""
        return await self._pull(pause, f"by hand: {why}" if why else "by hand", is_once=False)

    async def in_force(self, pause: Pause) -> bool | None:
        """Whether more than half of the chain's endpoints see it; None where too few of them say."""
        eyes = self.levers[pause.chain].eyes
        wanted = needed(len(eyes), 0)
        yes, no = await _votes(eyes, partial(_sees_paused, pause))
        if yes >= wanted:
            return True
        return False if no > len(eyes) - wanted else None

    async def _pull(self, pause: Pause, cause: str, *, is_once: bool) -> Pulled:
        levers = self.levers.get(pause.chain)
        if levers is None:
            return Pulled(pause=pause, outcome=Outcome.NOT_OURS, detail="the chain is not configured")
        is_paused = await _by_most(levers.eyes, partial(_sees_paused, pause))
        if is_paused:
            return Pulled(pause=pause, outcome=Outcome.WAS_PAUSED)
        if levers.why_not:
            return Pulled(pause=pause, outcome=Outcome.NOT_OURS, detail=levers.why_not)
        if is_paused is None:
            return Pulled(pause=pause, outcome=Outcome.FAILED, detail="it may be paused; most endpoints do not answer")
        why_not = "no endpoint"
        for eye, submitter in zip(levers.eyes, levers.submitters, strict=True):
            try:
                async with self.turn(pause.chain):
                    pulled = await self._pull_by(pause, cause, eye, submitter, levers.eyes, is_once=is_once)
                    if pulled.outcome is Outcome.RESUMED or await _seen_soon(pause, levers.eyes):
                        return pulled
                why_not = f"{eye.name} says that it is paused now, and most endpoints do not"
            except (Retryable, Refused, WrongChain) as error:
                why_not = error.what
            except TimeoutError:
                # What was signed is in the journal; another endpoint may pause twice, which is the same as once.
                why_not = f"{eye.name} did not answer in time"
            logger.warning("pause failed", extra={"fields": {"endpoint": eye.name, "cause": why_not}})
        return Pulled(pause=pause, outcome=Outcome.FAILED, detail=why_not)

    async def _pull_by(
        self, pause: Pause, cause: str, eye: Eye, submitter: Submitter, eyes: Sequence[Eye], *, is_once: bool
    ) -> Pulled:
        async with asyncio.timeout(_PROBE_SECONDS):
            call = await call_of(eye.chain.watched(), pause)
        call = evolve(call, what=f"{call.what} {cause}")
        for earlier in await self.journal.made_for(call.what) if is_once else ():
            if await _by_most(eyes, partial(_sees_success, earlier.signed.hash)):
                return Pulled(pause=pause, outcome=Outcome.RESUMED, tx_hash=earlier.signed.hash)
        async with asyncio.timeout(_SUBMIT_SECONDS):
            receipt = await submitter.submit(call)
        fields = {"chain": pause.chain, "what": call.what, "tx_hash": hex_text(receipt.tx_hash)}
        # Who pauses by hand is told where he asked.
        logger.log(logging.WARNING if is_once else logging.INFO, "paused", extra={"fields": fields})
        return Pulled(pause=pause, outcome=Outcome.PAUSED, tx_hash=receipt.tx_hash)


async def call_of(watched: Watched, pause: Pause) -> Call:
    """What a guardian calls."""
    match pause:
        case PauseVerifier():
            return await watched.pause_verifier_call(pause.number)
        case PauseLane():
            return await watched.pause_lane_call(pause.lane)
        case PauseAsset():
            return await watched.pause_asset_call(pause.bridge)


async def _by_most(eyes: Sequence[Eye], sees: Callable[[Eye], Awaitable[bool]]) -> bool | None:
    """Whether more than half of the endpoints see it; None where none denies it and too many do not answer."""
    yes, no = await _votes(eyes, sees)
    if yes >= needed(len(eyes), 0):
        return True
    return None if yes and not no else False


async def _votes(eyes: Sequence[Eye], sees: Callable[[Eye], Awaitable[bool]]) -> tuple[int, int]:
    """How many endpoints see it, and how many do not, as soon as that decides."""
    asking = {asyncio.ensure_future(_answer(eye, sees)) for eye in eyes}
    wanted, yes, no = needed(len(eyes), 0), 0, 0
    try:
        while asking and yes < wanted and len(eyes) - no >= wanted:
            done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            yes += sum(one.result() is True for one in done)
            no += sum(one.result() is False for one in done)
    finally:
        for one in asking:
            one.cancel()
    return yes, no


async def _answer(eye: Eye, sees: Callable[[Eye], Awaitable[bool]]) -> bool | None:
    """What an endpoint says, None where it says nothing."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await sees(eye)
    except (Retryable, Refused, WrongChain, TimeoutError):
        return None


async def _seen_soon(pause: Pause, eyes: Sequence[Eye]) -> bool:
    """Whether more than half of the endpoints see a pause that was made just now."""
    try:
        async with asyncio.timeout(_BEHIND_SECONDS):
            while not await _by_most(eyes, partial(_sees_paused, pause)):  # noqa: ASYNC110 - of chains
                await asyncio.sleep(_AGAIN_SECONDS)
    except TimeoutError:
        return False
    return True


async def _sees_paused(pause: Pause, eye: Eye) -> bool:
    return await _is_paused(eye.chain.watched(), pause)


async def _sees_success(tx_hash: Hash32, eye: Eye) -> bool:
    receipt = await eye.chain.tx_receipt(tx_hash)
    return receipt is not None and receipt.succeeded


async def _is_paused(watched: Watched, pause: Pause) -> bool:
    match pause:
        case PauseVerifier():
            return bool(await watched.suspended() >> pause.number & 1)
        case PauseLane():
            return await watched.is_halted(pause.lane)
        case PauseAsset():
            return await watched.is_paused(pause.bridge)

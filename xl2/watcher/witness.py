"""
Witness: facts in, what each endpoint of their chain says of them out.

Promise: an endpoint confirms a fact only by an answer that it gives now, from its own events and storage, for the very
block. One that does not answer, or has not that block yet, says nothing: silence is neither yes nor no. A block that
was final and has another hash is a no.
"""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import ChainId
from xl2.errors import Incident, ProofInvalid, Refused, Retryable, WrongChain
from xl2.ports import Motion, Moved
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.eyes import Eye
from xl2.watcher.facts import (
    Fact,
    HeadTaken,
    Holding,
    LogBroken,
    LogStands,
    NeverSent,
    NonceDelivered,
    TransferMoved,
)
from xl2.watcher.spans import spans

#: Longest that one endpoint may take over one fact: a log may have to be read from its beginning.
_ANSWER_SECONDS = 120.0
#: When enough endpoints confirm, or too few still can, whoever has not answered for so long is not waited for.
_DENIAL_SECONDS = 2.0


class Says(StrEnum):
    """What an endpoint says of a fact."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing"


@frozen(kw_only=True)
class Testimony:
    """What the endpoints of all chains concerned say of a contradiction's facts."""

    #: By chain: endpoints that confirm each fact, that deny one, and that did not answer.
    yes: Mapping[ChainId, tuple[str, ...]]
    no: Mapping[ChainId, tuple[str, ...]]
    nothing: Mapping[ChainId, tuple[str, ...]]
    is_confirmed: bool


async def testimony(contradiction: Contradiction, eyes: Mapping[ChainId, Sequence[Eye]], *, agree: int) -> Testimony:
    """
    Ask every endpoint at hand.

    :param agree: so many endpoints of each chain must confirm, at most as many as it has; 0: more than half.
    """
    chains = sorted({fact.at.chain for fact in contradiction.facts})
    wanted = {chain: needed(len(eyes.get(chain, ())), agree) for chain in chains}
    asked = [(chain, eye) for chain in chains for eye in eyes.get(chain, ())]
    tasks = [asyncio.create_task(_all_of(_facts_of(contradiction, chain), eye)) for chain, eye in asked]
    try:
        await _until_enough(tasks, asked, wanted)
    finally:
        for task in tasks:
            task.cancel()
    said = [task.result() if task.done() and not task.cancelled() else Says.NOTHING for task in tasks]
    return _summed(asked, said, wanted)


async def _until_enough(
    tasks: "Sequence[asyncio.Task[Says]]", asked: Sequence[tuple[ChainId, Eye]], wanted: Mapping[ChainId, int]
) -> None:
    """
    Wait for all; but once enough confirm, no longer than it takes to hear who denies.

    Nor once too few still can: who makes a contradiction up, and then keeps silent, keeps no other from being checked.
    """
    pending = set(tasks)
    while pending:
        least, most = (
            _summed(asked, [task.result() if task.done() else silent for task in tasks], wanted).is_confirmed
            for silent in (Says.NOTHING, Says.YES)
        )
        done, pending = await asyncio.wait(
            pending, timeout=_DENIAL_SECONDS if least or not most else None, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            return


def _summed(asked: Sequence[tuple[ChainId, Eye]], said: Sequence[Says], wanted: Mapping[ChainId, int]) -> Testimony:
    by: dict[Says, dict[ChainId, tuple[str, ...]]] = {
        says: {
            chain: tuple(eye.name for (at, eye), one in zip(asked, said, strict=True) if at == chain and one is says)
            for chain in wanted
        }
        for says in Says
    }
    return Testimony(
        yes=by[Says.YES],
        no=by[Says.NO],
        nothing=by[Says.NOTHING],
        is_confirmed=all(len(by[Says.YES][chain]) >= count for chain, count in wanted.items()),
    )


def needed(endpoints: int, agree: int) -> int:
    """How many of a chain's endpoints must confirm: never none."""
    return max(1, min(agree, endpoints) if agree else endpoints // 2 + 1)


async def says(fact: Fact, eye: Eye) -> Says:
    """What one endpoint says of one fact."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            block = await eye.chain.block(fact.at.number)
            if block.hash != fact.at.hash:
                # What was not final may have been replaced; that says nothing against whoever read it.
                return Says.NO if fact.at.is_final else Says.NOTHING
            return Says.YES if await _is_so(fact, eye) else Says.NO
    except (Retryable, Refused, Incident, WrongChain, TimeoutError):
        return Says.NOTHING


def _facts_of(contradiction: Contradiction, chain: ChainId) -> list[Fact]:
    return [fact for fact in contradiction.facts if fact.at.chain == chain]


async def _all_of(facts: Sequence[Fact], eye: Eye) -> Says:
    said = [await says(fact, eye) for fact in facts]
    if Says.NO in said:
        return Says.NO
    return Says.NOTHING if Says.NOTHING in said else Says.YES


async def _is_so(fact: Fact, eye: Eye) -> bool:
    match fact:
        case HeadTaken() | LogStands() | LogBroken() | NonceDelivered():
            return await _is_so_of_heads(fact, eye)
        case Holding() | TransferMoved() | NeverSent():
            return await _is_so_of_tokens(fact, eye)


async def _is_so_of_heads(fact: HeadTaken | LogStands | LogBroken | NonceDelivered, eye: Eye) -> bool:
    match fact:
        case HeadTaken():
            shown = await eye.chain.watched().heads_shown(fact.at.number, fact.at.number)
            taken = (fact.log.id, fact.head, fact.count, fact.verifiers, fact.tx_hash)
            return taken in [(one.log, one.head, one.count, one.verifiers, one.place.tx_hash) for one in shown]
        case LogStands():
            return await eye.log_by(fact.log, fact.at, fact.count) == fact
        case LogBroken():
            return await _is_broken(fact, eye)
        case NonceDelivered():
            receipts = await eye.chain.receipts(fact.lane, fact.at.number, fact.at.number)
            here = [parse_receipt(one.data) for one in receipts if one.place.tx_hash == fact.tx_hash]
            return any(isinstance(one, Delivered) and fact.nonce in one.nonces for one in here)


async def _is_so_of_tokens(fact: Holding | TransferMoved | NeverSent, eye: Eye) -> bool:
    match fact:
        case Holding():
            return await _holding(fact, eye) == fact
        case TransferMoved():
            moves = await eye.chain.watched().moves(fact.bridge, fact.at.number, fact.at.number)
            moved = (fact.motion, fact.id, fact.amount, fact.tx_hash)
            return moved in [(one.motion, one.id, one.amount, one.place.tx_hash) for one in moves]
        case NeverSent():
            moves = await _moves(fact, eye)
            return not any(one.motion is Motion.SENT and one.id == fact.id for one in moves)


async def _is_broken(fact: LogBroken, eye: Eye) -> bool:
    try:
        await eye.log_by(fact.log, fact.at, 0)
    except ProofInvalid:
        return True
    return False


async def _holding(fact: Holding, eye: Eye) -> Holding:
    watched = eye.chain.watched()
    moves = await _moves(fact, eye)
    sums = {motion: sum(one.amount for one in moves if one.motion is motion) for motion in Motion}
    return Holding(
        at=fact.at,
        bridge=fact.bridge,
        is_home=await watched.is_home(fact.bridge),
        held=await watched.holding(fact.bridge, fact.at.number),
        sent=sums[Motion.SENT],
        received=sums[Motion.RECEIVED],
        refunded=sums[Motion.REFUNDED],
    )


async def _moves(fact: Holding | NeverSent, eye: Eye) -> list[Moved]:
    """All that a bridge did by the fact's block."""
    found: list[Moved] = []
    for first, last in spans(0, fact.at.number):
        found += await eye.chain.watched().moves(fact.bridge, first, last)
    return found

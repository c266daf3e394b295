"""
Games: the dispute games of a rollup, as L1 knew them at one block.

Comes in: portal and L1 block. Goes out: the newest game whose claim is settled by the portal's own rule with that
block's time as the clock, and true by our own node of the rollup. Promise: a claim that our node does not confirm is
passed over with a warning, never used. Proving it to others is left to `game_proof`.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32, address, checksum, hex_text
from xl2.errors import NotYet, Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.output_root import OutputRoot, true_output
from xl2_adapters.op_stack.pause import PAUSED
from xl2_adapters.op_stack.rule import Game, Terms, why_not_settled
from xl2_adapters.rollup import SettledRoot

log = logging.getLogger(__name__)

#: Games looked at before giving up: more than a month of hourly proposals.
_MAX_GAMES = 1_000
_GAMES_AT_ONCE = 16

FACTORY = Method("disputeGameFactory()", "(address)")
BLACKLISTED = Method("disputeGameBlacklist(address)", "(bool)")
RESPECTED = Method("respectedGameType()", "(uint32)")
RESPECTED_SINCE = Method("respectedGameTypeUpdatedAt()", "(uint64)")
FINALITY_DELAY = Method("disputeGameFinalityDelaySeconds()", "(uint256)")
MATURITY_DELAY = Method("proofMaturityDelaySeconds()", "(uint256)")
GAME_COUNT = Method("gameCount()", "(uint256)")
GAME_AT = Method("gameAtIndex(uint256)", "(uint32,uint64,address)")
STATUS = Method("status()", "(uint8)")
RESOLVED_AT = Method("resolvedAt()", "(uint64)")
CREATED_AT = Method("createdAt()", "(uint64)")
CREATOR = Method("gameCreator()", "(address)")
ROOT_CLAIM = Method("rootClaim()", "(bytes32)")
L1_HEAD = Method("l1Head()", "(bytes32)")
L2_BLOCK = Method("l2BlockNumber()", "(uint256)")

_TERMS = (RESPECTED, RESPECTED_SINCE, FINALITY_DELAY, MATURITY_DELAY, PAUSED)
_FACTS = (STATUS, RESOLVED_AT, CREATED_AT, CREATOR, ROOT_CLAIM, L1_HEAD, L2_BLOCK)


@frozen(kw_only=True)
class SettledGame(SettledRoot):
    """A game whose claim is settled at an L1 block, and the claim's preimage."""

    game: Game
    output: OutputRoot


@frozen(kw_only=True)
class Games:
    """The games of one rollup. Implements `xl2_adapters.rollup.ClaimedRoots`, for a `LiveGames`."""

    l1: Evm
    rollup: Evm
    portal: Address

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledGame:
        """
        Newest settled game at an L1 block about a block of the rollup that is not above `upto`.

        Raises `NotYet` where there is none, with the reason of the newest, or where its block's state is not kept.
        """
        terms = await self._terms(at.number)
        reasons: list[str] = []
        async for game in self._newest_first(at.number):
            refused = why_not_settled(game, terms, at.timestamp)
            if refused is None and game.number > upto:
                refused = f"it is about block {game.number}, known is the rollup up to {upto}"
            if refused is None:
                try:
                    output = await true_output(self.rollup, game.number, upto)
                except NotYet:
                    if not reasons:
                        raise
                    # Newer games say more about what is wrong than a state that is too old.
                    break
                if output.hash == game.root_claim:
                    name = f"game {game.index}"
                    return SettledGame(
                        number=game.number, state_root=output.state_root, name=name, game=game, output=output
                    )
                fields = {"game": checksum(game.address), "claim": hex_text(game.root_claim), "block": game.number}
                log.warning("a settled game claims another root than our node has", extra={"fields": fields})
                # Told before all others: either the rollup or our node is wrong.
                reasons.insert(0, f"game {checksum(game.address)} claims another root than our node has")
            else:
                reasons.append(f"game {checksum(game.address)} is not settled at l1 block {at.number}: {refused}")
        reason = reasons[0] if reasons else "none was proposed yet"
        raise NotYet(f"no usable game of chain {self.rollup.chain}: {reason}")

    def claim(self, root: SettledGame) -> bytes:
        """Game index u64 ‖ output root's preimage, as `LiveGames` reads it."""
        return root.game.index.to_bytes(8) + root.output.encode()

    async def _terms(self, at: BlockNumber) -> Terms:
        answers = await self.l1.views([(self.portal, method.encode()) for method in _TERMS], at)
        kind, since, finality, maturity, paused = self._decoded(_TERMS, answers)
        return Terms(kind=kind, kind_since=since, finality_delay=finality, maturity_delay=maturity, is_paused=paused)

    async def _newest_first(self, at: BlockNumber) -> AsyncIterator[Game]:
        factory = address(FACTORY.decode(await self.l1.view(self.portal, FACTORY.encode(), at), self.l1.endpoint)[0])
        (count,) = GAME_COUNT.decode(await self.l1.view(factory, GAME_COUNT.encode(), at), self.l1.endpoint)
        for end in range(count, max(0, count - _MAX_GAMES), -_GAMES_AT_ONCE):
            indices = range(end - 1, max(0, end - _GAMES_AT_ONCE) - 1, -1)
            try:
                games = await self._games(factory, list(indices), at)
            except Reverted as odd:
                # A node that has begun the next block may have counted a game of it.
                raise NotYet(f"the l1 node contradicts itself about block {at}: {odd.what}") from odd
            for game in games:
                yield game

    async def _games(self, factory: Address, indices: Sequence[int], at: BlockNumber) -> list[Game]:
        listed = await self.l1.views([(factory, GAME_AT.encode(index)) for index in indices], at)
        places = [GAME_AT.decode(answer, self.l1.endpoint) for answer in listed]
        asked = [(address(place[2]), method.encode()) for place in places for method in _FACTS]
        facts = await self.l1.views(asked, at)
        black = await self.l1.views([(self.portal, BLACKLISTED.encode(place[2])) for place in places], at)
        games = []
        for row, (index, (kind, _, game)) in enumerate(zip(indices, places, strict=True)):
            mine = self._decoded(_FACTS, facts[row * len(_FACTS) : (row + 1) * len(_FACTS)])
            status, resolved_at, created_at, creator, root_claim, l1_head, number = mine
            games.append(
                Game(
                    index=index,
                    address=address(game),
                    kind=kind,
                    created_at=created_at,
                    resolved_at=resolved_at,
                    status=status,
                    is_blacklisted=BLACKLISTED.decode(black[row], self.l1.endpoint)[0],
                    creator=address(creator),
                    root_claim=Hash32(root_claim),
                    l1_head=Hash32(l1_head),
                    number=BlockNumber(number),
                )
            )
        return games

    def _decoded(self, methods: Sequence[Method], answers: Sequence[bytes]) -> tuple[Any, ...]:
        return tuple(
            method.decode(answer, self.l1.endpoint)[0] for method, answer in zip(methods, answers, strict=True)
        )

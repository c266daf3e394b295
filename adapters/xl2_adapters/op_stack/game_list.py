"""
Game list: the dispute games of a rollup's factory, as L1 knew them at one block, newest first.

Comes in: portal and L1 block. Goes out: the newest game that an era's rule holds to be settled, and that our own node
of the rollup confirms. Promise: a claim that our node does not confirm is passed over with a warning, never used. What
the rule is, is left to the eras (`games`, `registry`); proving it to others, to `game_proof` and `registry_proof`.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32, address, checksum, hex_text
from xl2.errors import NotYet, Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.output_root import OutputRoot, true_output
from xl2_adapters.op_stack.rule import Game
from xl2_adapters.rollup import SettledRoot

log = logging.getLogger(__name__)

#: Games looked at before giving up: more than a month of hourly proposals.
_MAX_GAMES = 1_000
_GAMES_AT_ONCE = 16

FACTORY = Method("disputeGameFactory()", "(address)")
MATURITY_DELAY = Method("proofMaturityDelaySeconds()", "(uint256)")
FINALITY_DELAY = Method("disputeGameFinalityDelaySeconds()", "(uint256)")
GAME_COUNT = Method("gameCount()", "(uint256)")
GAME_AT = Method("gameAtIndex(uint256)", "(uint32,uint64,address)")
STATUS = Method("status()", "(uint8)")
RESOLVED_AT = Method("resolvedAt()", "(uint64)")
CREATED_AT = Method("createdAt()", "(uint64)")
CREATOR = Method("gameCreator()", "(address)")
ROOT_CLAIM = Method("rootClaim()", "(bytes32)")
L1_HEAD = Method("l1Head()", "(bytes32)")
L2_BLOCK = Method("l2BlockNumber()", "(uint256)")

_FACTS = (STATUS, RESOLVED_AT, CREATED_AT, CREATOR, ROOT_CLAIM, L1_HEAD, L2_BLOCK)

#: Why a game is not settled, by an era's rule at one L1 block; None: it is.
Rule = Callable[[Game], str | None]


@frozen(kw_only=True)
class SettledGame(SettledRoot):
    """A game whose claim is settled at an L1 block, and the claim's preimage."""

    game: Game
    output: OutputRoot


@frozen(kw_only=True)
class GameList(ABC):
    """The games of one rollup, by the rule of an era. Implements `xl2_adapters.rollup.ClaimedRoots`."""

    l1: Evm
    rollup: Evm
    portal: Address

    @abstractmethod
    async def rule_at(self, at: Block) -> Rule:
        """The era's rule with an L1 block's time as the clock."""

    @abstractmethod
    async def blacklist_at(self, at: BlockNumber) -> tuple[Address, Method]:
        """Who is asked whether a game is blacklisted, and how."""

    @property
    def respect(self) -> Method | None:
        """What a game is asked beyond the facts: whether its type was respected when it was created."""
        return None

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledGame:
        """
        Newest settled game at an L1 block about a block of the rollup that is not above `upto`.

        Raises `NotYet` where there is none, with the reason of the newest, or where its block's state is not kept.
        """
        rule = await self.rule_at(at)
        reasons: list[str] = []
        async for game in self._newest_first(at.number):
            refused = rule(game)
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
        """Game index u64 ‖ output root's preimage, as `LiveGames` and `LiveRegistry` read it."""
        return root.game.index.to_bytes(8) + root.output.encode()

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
        methods = _FACTS if self.respect is None else (*_FACTS, self.respect)
        asked = [(address(place[2]), method.encode()) for place in places for method in methods]
        facts = await self.l1.views(asked, at)
        judge, blacklisted = await self.blacklist_at(at)
        black = await self.l1.views([(judge, blacklisted.encode(place[2])) for place in places], at)
        games = []
        for row, (index, (kind, _, game)) in enumerate(zip(indices, places, strict=True)):
            mine = self.decoded(methods, facts[row * len(methods) : (row + 1) * len(methods)])
            status, resolved_at, created_at, creator, root_claim, l1_head, number, *respected = mine
            games.append(
                Game(
                    index=index,
                    address=address(game),
                    kind=kind,
                    created_at=created_at,
                    resolved_at=resolved_at,
                    status=status,
                    is_blacklisted=blacklisted.decode(black[row], self.l1.endpoint)[0],
                    was_respected=all(respected),
                    creator=address(creator),
                    root_claim=Hash32(root_claim),
                    l1_head=Hash32(l1_head),
                    number=BlockNumber(number),
                )
            )
        return games

    def decoded(self, methods: Sequence[Method], answers: Sequence[bytes]) -> tuple[Any, ...]:
        """The one value that each of these views returned."""
        return tuple(
            method.decode(answer, self.l1.endpoint)[0] for method, answer in zip(methods, answers, strict=True)
        )

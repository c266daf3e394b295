"""
OP proposer: states on L1 what the L2 is, and sees each such claim through to its resolution.

The L2's finalized blocks come in; dispute games go out, resolved when their clock has run down. Promise: every root
proposed here is true, and stays so unless L1 takes back what it called final; a game of anybody whose root is not is
attacked at once and resolved against its maker, or is not resolved here where L1 no longer takes the attack; any other
is resolved as soon as L1 allows. While the L2 is quiet, roots come more seldom, as each costs L1 state for good.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from attrs import frozen
from eth_abi import encode
from eth_utils import keccak

from xl2.errors import Fatal, Reverted, RpcRejected
from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import mapping, quantity, sequence
from xl2_devnet.abi import Contract, op_stack
from xl2_devnet.controls import BATCHES, ROOTS
from xl2_devnet.l1_account import Transaction
from xl2_devnet.l1_mark import L1Mark
from xl2_devnet.op_stack.derive import told
from xl2_devnet.op_stack.l1 import CANNON, GAME_BOND
from xl2_devnet.op_stack.root import output_root
from xl2_devnet.origin import Told
from xl2_devnet.rollup import Berth

log = logging.getLogger(__name__)

_FACTORY = op_stack("DisputeGameFactory")
_GAME = op_stack("FaultDisputeGame")
_CREATE_GAS, _ATTACK_GAS, _RESOLVE_CLAIM_GAS, _RESOLVE_GAS = 1_500_000, 1_000_000, 600_000, 500_000
#: Position of an attack on the root claim: its left child in the game's tree.
_ATTACK_POSITION = 2
_IN_PROGRESS = 0
#: Claimed instead of a root that the node cannot tell: nobody can show it to be the output of any block.
_NO_ROOT = bytes(31) + b"\x01"
#: How many of the newest games are looked at again after a reorg of L1, which may have undone their resolution.
_LOOKED_AT_AGAIN = 64
#: In how many looks on end something may not be there that L1 lists.
_PATIENCE_LOOKS = 20
#: An L2 notices a reorg of L1 with its next block, and has followed with the one after.
_BLOCKS_TO_FOLLOW = 2
#: How often chains and games are looked at; L1 has a block a second.
_LOOK_SECONDS = 0.2


class ProposalFailed(Fatal):
    """L1 did not take a root or a move."""

    default_remedy = "The devnet's own parts do not fit together: this is a defect of xl2, please report it."


class _GoneError(Exception):
    """What was there a moment ago is not: L1 took it back, or nothing here is right. It is looked at anew."""


@frozen(kw_only=True)
class _Game:
    address: str
    #: From this timestamp of L1 on it can be resolved.
    due: int
    #: Claims in it: the root, and our attack if it was false.
    claims: int


class OpProposer:
    """Proposer and challenger of one L2; `start` once, then `run`."""

    name = "proposer"

    def __init__(self, berth: Berth, *, busy_block: Callable[[int], int]) -> None:
        """`busy_block(n)`: the last L2 block up to n that holds more than L1Info, 0 if there is none."""
        self._chain = berth.site.name
        self._l1, self._l2 = berth.l1, berth.l2
        self._factory = berth.rollup["dispute_game_factory"]
        self._proposer, self._challenger = berth.l1_account("proposer"), berth.l1_account("challenger")
        self._clocks = berth.clocks
        self._clock = berth.clock
        self._controls = berth.controls
        self._busy_block = busy_block
        self._mark = L1Mark(berth.l1)
        self._games: list[_Game] = []
        #: Games whose attack L1 refused once.
        self._refused: set[str] = set()
        #: Games that are not looked at, since they were there before; and how many were looked at, those included.
        self._first = self._seen = 0
        self._proposed_at = self._clock()
        self._proposed_block = 0
        self._unsure_until = self._clock()

    async def start(self) -> None:
        """Leave alone the games that are already there."""
        await self._mark.went_back()
        self._first = self._seen = await self._read(self._factory, _FACTORY, "gameCount")

    async def run(self) -> None:
        """Propose, challenge and resolve; returns only by raising."""
        gone = 0
        while True:
            if await self._mark.went_back():
                self._go_back()
            try:
                await self._propose_if_due()
                await self._take_up_new_games()
                await self._resolve_what_is_due()
                gone = 0
            except (_GoneError, RpcRejected) as error:
                # anvil goes back in several steps, so that a look may see some of both; and the L2 goes back after L1,
                # so that a block that was final a moment ago may not be there.
                gone += 1
                if gone > _PATIENCE_LOOKS:
                    raise ProposalFailed(str(error)) from None
                self._go_back()
            await asyncio.sleep(_LOOK_SECONDS)

    def _go_back(self) -> None:
        """L1 took something back: look at the newest games again, and propose what is not there any more."""
        self._games = []
        self._seen = max(self._first, self._seen - _LOOKED_AT_AGAIN)
        self._proposed_block = 0
        self._unsure_until = self._clock() + _BLOCKS_TO_FOLLOW * self._clocks.l2_block_seconds

    async def _propose_if_due(self) -> None:
        if any(self._controls.withholds(what, self._chain) for what in (BATCHES, ROOTS)):
            return
        newest = await self._finalized(self._l2)
        news = self._busy_block(newest) > self._proposed_block
        wait = self._clocks.proposal_seconds if news else self._clocks.idle_proposal_seconds
        if newest <= self._proposed_block or self._clock() < self._proposed_at + wait:
            return
        number = await self._derived_from_final(newest)
        if number <= self._proposed_block:
            return
        self._proposed_at, self._proposed_block = self._clock(), number
        root = (await output_root(self._l2, number)).root
        if self._controls.takes_false(self._chain):
            root = keccak(root)
        extra = encode(["uint256"], [number])
        proxy, _ = await self._read_all(self._factory, _FACTORY, "games", CANNON, root, extra)
        if int(proxy, 16):
            # It is there: L1 went back, but not behind it.
            return
        create = _FACTORY.call("create", CANNON, root, extra)
        (receipt,) = await self._proposer.send(
            Transaction(to=self._factory, data=create, gas=_CREATE_GAS, value=GAME_BOND)
        )
        if quantity(receipt["status"], self._l1.name) != 1 and not await self._is_proposed(root, extra):
            raise ProposalFailed(f"L1 refused the root of block {number} of {self._chain}")

    async def _is_proposed(self, root: bytes, extra: bytes) -> bool:
        """Whether L1 has a game of this root by now: what it had in hand while it seemed lost is there twice."""
        answer = await self._proposer.read(self._factory, _FACTORY.call("games", CANNON, root, extra))
        return int(_FACTORY.result("games", answer)[0], 16) != 0

    async def _finalized(self, chain: RpcClient) -> int:
        final = mapping(await chain.call("eth_getBlockByNumber", "finalized", False), chain.name)
        return quantity(final["number"], chain.name)

    async def _derived_from_final(self, number: int) -> int:
        """The newest L2 block up to `number` whose origin is final on L1; 0 while the L2 has yet to follow a reorg.

        anvil finalizes by distance from the tip: while L1 stands still, that overtakes what L1 can take back, and a
        root sent before it does so is included behind the reorg, when it is no longer true.
        """
        final = await self._finalized(self._l1)
        while (origin := await self._origin(number)) is not None and origin.number > final:
            number -= origin.sequence_number + 1
        if origin is None:
            return number
        there = await self._l1.call("eth_getBlockByNumber", hex(origin.number), False)
        return number if there is not None and mapping(there, self._l1.name)["hash"] == origin.hash else 0

    async def _origin(self, number: int) -> Told | None:
        """What a block of the L2 tells of its origin; None: it was there before derivation began.

        Raises:
            _GoneError: the L2 has gone back behind it.
        """
        found = await self._l2.call("eth_getBlockByNumber", hex(number), True)
        if found is None:
            raise _GoneError(f"block {number} of {self._chain} is not there")
        transactions = sequence(mapping(found, self._l2.name)["transactions"], self._l2.name)
        return told(mapping(transactions[0], self._l2.name)) if transactions else None

    async def _take_up_new_games(self) -> None:
        count = await self._read(self._factory, _FACTORY, "gameCount")
        self._seen = min(self._seen, count)
        while self._seen < count:
            _, created, address = await self._read_all(self._factory, _FACTORY, "gameAtIndex", self._seen)
            if await self._read(address, _GAME, "status") != _IN_PROGRESS:
                self._seen += 1
                continue
            claims = await self._read(address, _GAME, "claimDataLen")
            number = await self._read(address, _GAME, "l2BlockNumber")
            claimed = await self._read(address, _GAME, "rootClaim")
            truth = await self._true_root(number)
            if claimed != truth and claims == 1:
                if await self._is_unsure():
                    return
                claims = 2
                log.warning("false root", extra={"fields": {"chain": self._chain, "game": address, "block": number}})
                if not await self._attack(address, claimed, truth):
                    self._seen += 1
                    continue
            due = created + self._clocks.max_clock_seconds
            self._games.append(_Game(address=address, due=due, claims=claims))
            self._seen += 1

    async def _is_unsure(self) -> bool:
        """Whether the L2 may have yet to follow a reorg of L1: then what looks false is looked at again."""
        if await self._mark.went_back():
            self._go_back()
        return self._clock() < self._unsure_until

    async def _true_root(self, block_number: int) -> bytes:
        try:
            return (await output_root(self._l2, block_number)).root
        except RpcRejected:
            # Not there yet, or no longer kept: whoever claims it, this node cannot have it proposed.
            return _NO_ROOT

    async def _attack(self, game: str, claimed: bytes, truth: bytes) -> bool:
        """Whether L1 took it. It refuses once a game's time is over; the game is then for nobody here to resolve.

        Raises:
            _GoneError: refused for the first time. A true root may have looked false while the L2 followed a deep
                reorg of L1, so it is looked at again.
        """
        bond = await self._read(game, _GAME, "getRequiredBond", _ATTACK_POSITION)
        attack = _GAME.call("attack", claimed, 0, truth)
        (receipt,) = await self._challenger.send(Transaction(to=game, data=attack, gas=_ATTACK_GAS, value=bond))
        if quantity(receipt["status"], self._l1.name) == 1:
            return True
        if game in self._refused:
            return False
        self._refused.add(game)
        raise _GoneError(f"L1 refused the attack on game {game} of {self._chain}")

    async def _resolve_what_is_due(self) -> None:
        if not self._games:
            return
        latest = mapping(await self._l1.call("eth_getBlockByNumber", "latest", False), self._l1.name)
        # The transactions run in the next block, which is later.
        soon = quantity(latest["timestamp"], self._l1.name) + self._clocks.l1_block_seconds
        for game in [game for game in self._games if soon >= game.due]:
            # L1 may take back the block of a resolution before anybody has looked at it: what was sent is no outcome.
            if await self._read(game.address, _GAME, "status") != _IN_PROGRESS:
                self._games.remove(game)
                continue
            claims = [
                Transaction(to=game.address, data=_GAME.call("resolveClaim", claim, 0), gas=_RESOLVE_CLAIM_GAS)
                for claim in reversed(range(game.claims))
            ]
            # Anyone may resolve: a failure only means that somebody was first, or that it is tried again.
            await self._proposer.send(
                *claims, Transaction(to=game.address, data=_GAME.call("resolve"), gas=_RESOLVE_GAS)
            )

    async def _read(self, to: str, contract: Contract, function: str, *arguments: Any) -> Any:
        return (await self._read_all(to, contract, function, *arguments))[0]

    async def _read_all(self, to: str, contract: Contract, function: str, *arguments: Any) -> tuple[Any, ...]:
        try:
            answer = await self._proposer.read(to, contract.call(function, *arguments), at=self._mark.number)
        except Reverted as reverted:
            # A node that has begun its next block may show that one, and the one before it to the next question.
            raise _GoneError(f"{contract.name} {to} of {self._chain} is not as it was: {reverted.what}") from reverted
        if not answer:
            raise _GoneError(f"{contract.name} {to} of {self._chain} is not there")
        return contract.result(function, answer)

"""
Canonical games: dispute games as roots that withdrawals are proven against (portals 3.10 and 4.6).

Promise: a game is named only if the portal would take it now (respected type, not retired, not blacklisted, not lost)
and its claim is what our own node has; of those the oldest, since it is settled first. A proof against a game that was
since defeated, blacklisted or retired is said to be void. Portal 4 leaves the judgement to `AnchorStateRegistry`, and
is asked there; portal 3 is asked for what it judges by.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.types import ZERO_ADDRESS, Address, BlockNumber, Hash32, Timestamp, address, checksum, hex_text
from xl2.errors import NotYet, Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.roots import Awaited, Root, Standing
from xl2_adapters.op_stack.output_root import true_output

FACTORY = Method("disputeGameFactory()", "(address)")
REGISTRY = Method("anchorStateRegistry()", "(address)")
KIND = Method("respectedGameType()", "(uint32)")
SINCE = Method("respectedGameTypeUpdatedAt()", "(uint64)")
FINALITY_DELAY = Method("disputeGameFinalityDelaySeconds()", "(uint256)")
MATURITY_DELAY = Method("proofMaturityDelaySeconds()", "(uint256)")
PAUSED = Method("paused()", "(bool)")
BLACKLISTED = Method("disputeGameBlacklist(address)", "(bool)")
PROVEN = Method("provenWithdrawals(bytes32,address)", "(address,uint64)")
PROVERS = Method("numProofSubmitters(bytes32)", "(uint256)")
PROVER = Method("proofSubmitters(bytes32,uint256)", "(address)")
CHECK = Method("checkWithdrawal(bytes32,address)")
FINALIZE_FOR = Method(
    "finalizeWithdrawalTransactionExternalProof((uint256,address,address,uint256,uint256,bytes),address)"
)

IS_BLACKLISTED = Method("isGameBlacklisted(address)", "(bool)")
IS_RETIRED = Method("isGameRetired(address)", "(bool)")
IS_RESPECTED = Method("isGameRespected(address)", "(bool)")

GAME_COUNT = Method("gameCount()", "(uint256)")
GAME_AT = Method("gameAtIndex(uint256)", "(uint32,uint64,address)")
GAME_IMPLEMENTATION = Method("gameImpls(uint32)", "(address)")
STATUS = Method("status()", "(uint8)")
RESOLVED_AT = Method("resolvedAt()", "(uint64)")
CREATED_AT = Method("createdAt()", "(uint64)")
ROOT_CLAIM = Method("rootClaim()", "(bytes32)")
L2_BLOCK = Method("l2BlockNumber()", "(uint256)")
GAME_TYPE = Method("gameType()", "(uint32)")
MAX_CLOCK = Method("maxClockDuration()", "(uint64)")
CLAIMS = Method("claimDataLen()", "(uint256)")

_CHALLENGER_WINS = 1
_GAMES_AT_ONCE = 16
#: More than a month of hourly proposals.
_MAX_GAMES = 1_000
#: Games whose distance in time tells when the next one comes.
_PACE = 8


@frozen(kw_only=True)
class _Game:
    index: int
    address: Address
    kind: int
    created_at: int
    status: int
    claim: Hash32
    number: BlockNumber

    @property
    def name(self) -> str:
        return f"game {self.index} ({checksum(self.address)})"


@frozen(kw_only=True)
class Games:
    """The games of one portal. Implements `Roots`."""

    anchor: Evm
    rollup: Evm
    portal: Address
    #: Portal 4 and later: who judges games there.
    registry: Address | None

    async def root_for(self, number: BlockNumber, at: Block, upto: BlockNumber) -> Root | Awaited:
        """See `Roots.root_for`."""
        candidates = await self._covering(number, at)
        refusals: list[str] = []
        for game in reversed(candidates):
            refused = await self._why_not(game.address, game.kind, game.created_at, game.status, at)
            if refused is None and game.number > upto:
                refused = f"it is about block {game.number}, our node has the rollup up to {upto}"
            if refused is None and game.created_at >= at.timestamp:
                # The portal wants the proof in a later second than its game.
                return Awaited(what=f"{game.name} is of this very second", seconds=1)
            if refused is None:
                output = await true_output(self.rollup, game.number, upto)
                if output.hash == game.claim:
                    return Root(index=game.index, name=game.name, number=game.number, output=output)
                refused = f"it claims {hex_text(game.claim)}, our node has {hex_text(output.hash)}"
            refusals.append(f"{game.name} does not serve: {refused}")
        what = f"a root about block {number} of the rollup or a later one"
        if refusals:
            what += "; " + refusals[-1]
        return Awaited(what=what, seconds=await self._seconds_until(number, at))

    async def standings(self, withdrawal: Hash32, at: Block) -> Sequence[Standing]:
        """See `Roots.standings`."""
        count = PROVERS.decode(await self._ask(self.portal, PROVERS.encode(withdrawal), at), self.anchor.endpoint)[0]
        asked = [(self.portal, PROVER.encode(withdrawal, place)) for place in range(count)]
        listed = [
            address(PROVER.decode(answer, self.anchor.endpoint)[0])
            for answer in await self.anchor.views(asked, at.number)
        ]
        # Whoever proved again stands in the list again.
        return [await self._standing(withdrawal, prover, at) for prover in dict.fromkeys(listed)]

    async def least_seconds(self, at: Block) -> int | None:
        """See `Roots.least_seconds`: the proof's own delay runs beside the game's clock and the delay after it."""
        maturity, finality, kind = await self._ints((MATURITY_DELAY, FINALITY_DELAY, KIND), at)
        factory = await self._factory(at)
        answer = await self._ask(factory, GAME_IMPLEMENTATION.encode(kind), at)
        game = address(GAME_IMPLEMENTATION.decode(answer, self.anchor.endpoint)[0])
        clock = await self._max_clock(game, at)
        return None if clock is None else max(maturity, clock + finality) + 1

    async def next_root_seconds(self, at: Block) -> int | None:
        """See `Roots.next_root_seconds`."""
        pace = await self._pace(at)
        return None if pace is None else pace[0]

    def finalize_data(self, withdrawal: tuple[object, ...], prover: Address) -> bytes:
        """See `Roots.finalize_data`."""
        return FINALIZE_FOR.encode(withdrawal, prover)

    async def _standing(self, withdrawal: Hash32, prover: Address, at: Block) -> Standing:
        answer = await self._ask(self.portal, PROVEN.encode(withdrawal, prover), at)
        proxy, proven_at = PROVEN.decode(answer, self.anchor.endpoint)
        game = address(proxy)
        facts = (GAME_TYPE, CREATED_AT, STATUS, RESOLVED_AT)
        answers = await self.anchor.views([(game, method.encode()) for method in facts], at.number)
        kind, created_at, status, resolved_at = (
            method.decode(one, self.anchor.endpoint)[0] for method, one in zip(facts, answers, strict=True)
        )
        void = await self._why_not(game, kind, created_at, status, at)
        awaits = None
        if void is None:
            awaits = await self._awaited(game, created_at, resolved_at, proven_at, at)
            awaits = awaits or await self._refused(withdrawal, prover, at)
        return Standing(
            prover=prover, proven_at=Timestamp(proven_at), root=f"game {checksum(game)}", void=void, awaits=awaits
        )

    async def _awaited(
        self, game: Address, created_at: int, resolved_at: int, proven_at: int, at: Block
    ) -> Awaited | None:
        """The latest of what a sound proof waits for."""
        maturity, finality = await self._ints((MATURITY_DELAY, FINALITY_DELAY), at)
        mature = proven_at + maturity + 1 - at.timestamp
        if resolved_at:
            ends = resolved_at + finality + 1 - at.timestamp
            seconds = max(mature, ends)
            what = "the delay after the proof" if mature >= ends else "the delay after the game's resolution"
            return Awaited(what=what, seconds=seconds) if seconds > 0 else None
        clock = await self._max_clock(game, at)
        (claims,) = CLAIMS.decode(await self._ask(game, CLAIMS.encode(), at), self.anchor.endpoint) if clock else (1,)
        if claims > 1:
            return Awaited(what=f"the end of game {checksum(game)}, which is disputed", seconds=None)
        over = None if clock is None else created_at + clock + 1 - at.timestamp
        if over is None or over <= 0:
            return Awaited(what=f"somebody to resolve game {checksum(game)}; anybody may", seconds=None)
        return Awaited(what=f"the end of game {checksum(game)}", seconds=max(mature, over + finality))

    async def _refused(self, withdrawal: Hash32, prover: Address, at: Block) -> Awaited | None:
        """What the portal itself says of a proof that nothing seems to stand against."""
        paused = PAUSED.decode(await self._ask(self.portal, PAUSED.encode(), at), self.anchor.endpoint)[0]
        if paused:
            return Awaited(what="the end of the pause of withdrawals", seconds=None)
        try:
            await self._ask(self.portal, CHECK.encode(withdrawal, prover), at)
        except Reverted as reverted:
            return Awaited(what=f"the portal to agree; it says: {reverted.what}", seconds=None)
        return None

    async def _why_not(self, game: Address, kind: int, created_at: int, status: int, at: Block) -> str | None:
        """Why the portal takes no proof against a game, or a proof against it no more."""
        if status == _CHALLENGER_WINS:
            return "it was lost to a challenger"
        if self.registry is not None:
            asked = (IS_BLACKLISTED, IS_RETIRED, IS_RESPECTED)
            answers = await self.anchor.views([(self.registry, one.encode(game)) for one in asked], at.number)
            black, retired, respected = (
                one.decode(answer, self.anchor.endpoint)[0] for one, answer in zip(asked, answers, strict=True)
            )
        else:
            respected_kind, since = await self._ints((KIND, SINCE), at)
            black = BLACKLISTED.decode(await self._ask(self.portal, BLACKLISTED.encode(game), at), self.anchor.endpoint)
            black, retired, respected = black[0], created_at < since, kind == respected_kind
        refusals = (
            (black, "it is blacklisted"),
            (not respected, f"its type {kind} is not the respected one"),
            (retired, "it is retired"),
        )
        return next((reason for refused, reason in refusals if refused), None)

    async def _covering(self, number: BlockNumber, at: Block) -> list[_Game]:
        """Games about a block or a later one, newest first; ends where a whole page is older."""
        factory = await self._factory(at)
        (count,) = GAME_COUNT.decode(await self._ask(factory, GAME_COUNT.encode(), at), self.anchor.endpoint)
        found: list[_Game] = []
        for end in range(count, max(0, count - _MAX_GAMES), -_GAMES_AT_ONCE):
            page = await self._page(factory, range(end - 1, max(0, end - _GAMES_AT_ONCE) - 1, -1), at)
            covering = [game for game in page if game.number >= number]
            found += covering
            if page and not covering:
                break
        return found

    async def _page(self, factory: Address, indices: range, at: Block) -> list[_Game]:
        """Games by their places, without those of kinds that are about no block of one rollup."""
        try:
            listed = await self.anchor.views([(factory, GAME_AT.encode(index)) for index in indices], at.number)
        except Reverted as odd:
            # A node that has begun the next block may have counted a game of it: it is not there yet.
            if len(indices) > 1:
                return await self._page(factory, indices[1:], at)
            raise NotYet(f"the node of the anchor contradicts itself about block {at.number}: {odd.what}") from odd
        places = [GAME_AT.decode(answer, self.anchor.endpoint) for answer in listed]
        facts = (STATUS, ROOT_CLAIM, L2_BLOCK)
        asked = [(address(place[2]), method.encode()) for place in places for method in facts]
        try:
            answers = await self.anchor.views(asked, at.number)
        except Reverted:
            # Factories make games of other kinds too (of several rollups at once): one of them hides no other.
            half = len(indices) // 2
            if not half:
                return []
            return [*await self._page(factory, indices[:half], at), *await self._page(factory, indices[half:], at)]
        games = []
        for row, (index, (kind, created_at, game)) in enumerate(zip(indices, places, strict=True)):
            mine = answers[row * len(facts) : (row + 1) * len(facts)]
            status, claim, number = (
                method.decode(one, self.anchor.endpoint)[0] for method, one in zip(facts, mine, strict=True)
            )
            games.append(
                _Game(
                    index=index,
                    address=address(game),
                    kind=kind,
                    created_at=created_at,
                    status=status,
                    claim=Hash32(claim),
                    number=BlockNumber(number),
                )
            )
        return games

    async def _seconds_until(self, number: BlockNumber, at: Block) -> int | None:
        """When a game about a block is to be expected, by the pace of the last ones."""
        pace = await self._pace(at)
        if pace is None:
            return None
        seconds, blocks, newest, last_number = pace
        games = max(1, -(-(number - last_number) // blocks))
        return max(1, newest + games * seconds - at.timestamp)

    async def _pace(self, at: Block) -> tuple[int, int, int, int] | None:
        """Seconds and blocks from game to game of the respected type, and the newest one's time and block."""
        factory = await self._factory(at)
        (count,) = GAME_COUNT.decode(await self._ask(factory, GAME_COUNT.encode(), at), self.anchor.endpoint)
        (kind,) = await self._ints((KIND,), at)
        page = await self._page(factory, range(count - 1, max(0, count - _PACE) - 1, -1), at)
        games = [game for game in page if game.kind == kind and game.status != _CHALLENGER_WINS]
        if len(games) < 2:
            return None
        newest, oldest, steps = games[0], games[-1], len(games) - 1
        seconds = max(1, (newest.created_at - oldest.created_at) // steps)
        blocks = max(1, (newest.number - oldest.number) // steps)
        return seconds, blocks, newest.created_at, newest.number

    async def _max_clock(self, game: Address, at: Block) -> int | None:
        """The chess clock of a game; None for a kind of game that has none, or that the factory cannot make."""
        if game == ZERO_ADDRESS:
            return None
        try:
            answer = await self._ask(game, MAX_CLOCK.encode(), at)
        except Reverted:
            return None
        return int(MAX_CLOCK.decode(answer, self.anchor.endpoint)[0])

    async def _factory(self, at: Block) -> Address:
        answer = await self._ask(self.portal, FACTORY.encode(), at)
        return address(FACTORY.decode(answer, self.anchor.endpoint)[0])

    async def _ints(self, methods: Sequence[Method], at: Block) -> list[int]:
        answers = await self.anchor.views([(self.portal, method.encode()) for method in methods], at.number)
        return [int(one.decode(answer, self.anchor.endpoint)[0]) for one, answer in zip(methods, answers, strict=True)]

    async def _ask(self, to: Address, data: bytes, at: Block) -> bytes:
        return await self.anchor.view(to, data, at.number)

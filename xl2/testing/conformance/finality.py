"""
Finality levels: latest, safe, finalized, in this order, and a final block stays.

Promise checked: `xl2.ports.Blocks.head`, `Blocks.block`.
"""

from itertools import pairwise

from xl2.core.evidence import Finality
from xl2.core.types import Assurance, BlockNumber
from xl2.errors import NotYet
from xl2.testing.conformance.subject import Subject, expect

_LEVELS = (Finality.FINALIZED, Finality.SAFE, Finality.LATEST)


class FinalityLevels:
    """Checks of the home chain's blocks."""

    async def test_finality_levels_are_in_their_order(self, subject: Subject) -> None:
        """What is more final is no newer. The older level is asked for first, so growth between is no breach."""
        await subject.send(await subject.lane(Assurance.SETTLED), b"a block that is not final")
        heads = [(level, await subject.home.head(level)) for level in _LEVELS]

        for (older, one), (newer, other) in pairwise(heads):
            expect(
                one.number <= other.number, f"{older.name} is block {one.number}, {newer.name} is block {other.number}"
            )

    async def test_blocks_stand_on_their_parents(self, subject: Subject) -> None:
        """The newest few final blocks."""
        home = subject.home
        final = await subject.until_final(await subject.send(await subject.lane(Assurance.SETTLED), b"three blocks"))

        blocks = [await home.block(BlockNumber(at)) for at in range(max(0, final - 3), final + 1)]
        for below, above in pairwise(blocks):
            expect(above.parent_hash == below.hash, f"block {above.number} does not stand on block {below.number}")
            expect(above.timestamp >= below.timestamp, f"block {above.number} is older than the one below it")

    async def test_a_final_block_stays_and_finality_only_grows(self, subject: Subject) -> None:
        """Looked at again when more blocks are final."""
        home = subject.home
        before = await home.head(Finality.FINALIZED)

        async def grown() -> BlockNumber:
            now = await home.head(Finality.FINALIZED)
            expect(now.number >= before.number, f"finality went back from block {before.number} to {now.number}")
            if now.number < before.number + 2:
                raise NotYet(f"newest final block is {now.number}")
            return now.number

        await subject.until(grown, "two more final blocks")
        again = await home.block(before.number)
        expect(again.hash == before.hash, f"final block {before.number} was replaced")

    async def test_a_block_above_the_tip_is_not_there_yet(self, subject: Subject) -> None:
        """And never an answer about another block."""
        tip = await subject.home.head(Finality.LATEST)
        try:
            found = await subject.home.block(BlockNumber(tip.number + 1_000_000))
        except NotYet:
            return
        expect(holds=False, promise=f"block {tip.number + 1_000_000} is told to be {found}")

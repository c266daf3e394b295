"""
Reorgs: what stood in blocks that were taken back is told of no more, or from where it stands now.

Promise checked: places are canonical; storage and events agree after a reorg as they did before it.
"""

from xl2.core.evidence import Finality
from xl2.core.lane import head_after
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, BlockNumber
from xl2.errors import NotYet
from xl2.ports import Log
from xl2.testing.conformance.subject import Subject, expect


class Reorgs:
    """Checks of the home chain while its newest blocks are replaced."""

    async def test_what_was_taken_back_is_told_of_no_more(self, subject: Subject) -> None:
        """A message of a block that is gone is gone, or stands in a block that is there."""
        home, lane = subject.home, await subject.lane(Assurance.SETTLED)
        async with subject.unsafe():
            sent = await subject.send(lane, b"taken back")
            at = sent.place.block
            await subject.take_back(at)

            async def replaced() -> None:
                block = await home.block(at)
                if block.hash == sent.place.block_hash:
                    raise NotYet(f"block {at} is not replaced yet")

            await subject.until(replaced, f"block {at} to be replaced")
        tip = (await home.head(Finality.LATEST)).number
        for found in await home.sent(lane, BlockNumber(max(0, at - 5)), tip):
            block = await home.block(found.place.block)
            expect(
                block.hash == found.place.block_hash,
                f"message {found.message.nonce} is told to stand in block {found.place.block}, which is another now",
            )
        again = await home.find_sent(sent.message.id)
        expect(again is None or again.place != sent.place, "it is still told from the block that was taken back")
        state = await home.log_state(Log(lane=lane, kind=LogKind.LANE), tip)
        ids = [one.message.id for one in await home.sent(lane, BlockNumber(0), tip)]
        expect(
            (state.count, state.head) == (len(ids), head_after(lane.log, ids)),
            f"after the reorg storage counts {state.count} messages, events {len(ids)}",
        )

    async def test_a_message_that_is_sent_after_a_reorg_is_shown(self, subject: Subject) -> None:
        """The chain goes on, and finality with it."""
        lane = await subject.lane(Assurance.SETTLED)
        async with subject.unsafe():
            await subject.take_back((await subject.send(lane, b"gone")).place.block)
        sent = await subject.until(lambda: subject.send(lane, b"stays"), "a message after the reorg")
        final = await subject.until_final(sent)

        state = await subject.home.log_state(Log(lane=lane, kind=LogKind.LANE), final)
        expect(state.count > sent.message.nonce, f"block {final} counts {state.count} messages")

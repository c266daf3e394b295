"""Recovery: a chain whose transactions are stuck keeps no lane between others waiting."""

import asyncio
from collections.abc import Sequence

from xl2.core.types import Address, ChainId, Wei
from xl2.errors import StoreUnavailable
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Call, Journalled
from xl2.relayer.recovery import Recovery
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemorySigner, World

PAYER = MemorySigner.named("payer")


async def test_only_lanes_at_a_stuck_chain_wait_for_it() -> None:
    world, clock = World((901, 902, 903)), ManualClock()
    stuck, other, third = (world.chain(number) for number in (901, 902, 903))
    stuck.automine = False
    async with SqliteStore(":memory:") as store:

        def submitter(chain: MemoryChain) -> JournalledSubmitter:
            return JournalledSubmitter(chain, PAYER, store, clock)

        call = Call(chain=stuck.chain, to=PAYER.address, data=b"", value=Wei(1), what="pay")
        killed = asyncio.ensure_future(submitter(stuck).submit(call))
        while not stuck.broadcasts:  # noqa: ASYNC110 - another task sends it
            await asyncio.sleep(0)
        killed.cancel()
        await asyncio.wait((killed,))
        recovery = Recovery([submitter(chain) for chain in (stuck, other, third)])
        running = asyncio.ensure_future(recovery.run())

        await recovery.of(world.lane(902, 903))
        waiting = asyncio.ensure_future(recovery.of(world.lane(901, 902)))
        await asyncio.sleep(0)
        was_done = waiting.done() or recovery.is_done
        stuck.mine()
        await asyncio.gather(running, waiting)

        assert not was_done
        assert recovery.is_done


class _Away(SqliteStore):
    """A store that is away when it is asked first."""

    asked = 0

    async def pending(self, chain: ChainId, sender: Address) -> Sequence[Journalled]:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable("the store does not answer")
        return await super().pending(chain, sender)


async def test_a_store_that_is_away_at_the_start_is_waited_for() -> None:
    chain = World((901, 902)).chain(901)
    async with _Away(":memory:") as store:
        recovery = Recovery([JournalledSubmitter(chain, PAYER, store, ManualClock())])

        await recovery.run()

        assert store.asked == 2
        assert recovery.is_done

"""A lane whose receipts are proven back for pay, for tests of what is settled and what waits."""

from attrs import frozen

from tests.unit.flow.walk import RELAYER, Walk
from xl2.core.evidence import Finality
from xl2.core.lane import closing_page, page_start
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, Wei
from xl2.flow import deliver
from xl2.plan import whole_gwei
from xl2.ports import Log, Needed, Record, Shown
from xl2.relayer import LaneParts
from xl2.relayer.choosing.policy import Carry, Policy, Terms
from xl2.relayer.choosing.prices import further_receipt, settlement
from xl2.relayer.lane_rooms import LaneRooms
from xl2.testing import MemoryProver

SOMEBODY = Address(b"\x99" * 20)
SENDER = Address(b"\x41" * 20)


@frozen
class Scene:
    """A lane of a relayer that is paid, and whoever else delivers there."""

    walk: Walk
    rooms: LaneRooms

    async def cost(self, receipts: int = 1, behind: int = 0) -> Wei:
        """What it takes to prove so many receipts back, with so many left unopened."""
        rates = await self.walk.origin.rates()
        first = settlement(self.walk.lane.assurance, rates, receipts + behind - 1)
        return whole_gwei(first + (receipts - 1) * further_receipt(rates))

    async def delivered(self, *fees: int, payee: Address = RELAYER.address) -> list[Record]:
        """Messages with these fees, each delivered on its own and final; in one state when that is confirmed."""
        walk, found = self.walk, list[Record]()
        for fee in fees:
            (record,) = await walk.observed(1, fee=whole_gwei(fee))
            proven = await walk.proven([record])
            submitter = walk.submitter(walk.destination)
            evidence = proven.shown.evidence
            outcome = await deliver.deliver(proven.segment, evidence, walk.destination, submitter, payee=payee)
            await walk.store.happen(outcome.happenings, walk.clock.now())
            found.append(record)
        await walk.confirmed(found)
        return found

    async def expired(self, fee: int = 0) -> Record:
        """A message whose expiry somebody recorded, and that is final."""
        tip = await self.walk.destination.head(Finality.LATEST)
        (record,) = await self.walk.observed(1, fee=whole_gwei(fee), expiry=Timestamp(tip.timestamp + 1))
        self.walk.destination.mine(1, seconds=60)
        await self.walk.expired(record)
        await self.walk.confirmed([record])
        return record

    async def settle(self) -> list[bool]:
        """Look until nothing more is to be done now; what each look said."""
        looks = [await self.rooms.settle()]
        while looks[-1]:
            self.walk.origin.mine(2)
            looks.append(await self.rooms.settle())
        return looks

    async def cause(self, record: Record) -> str:
        return (await self.walk.record(record.sent.message.id)).cause

    @property
    def settlements(self) -> int:
        return sum(1 for _ in self.walk.origin.broadcasts)


class PageProver(MemoryProver):
    """Shows no head behind the page of what is asked for, like who reads what storage keeps of each full page."""

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Show the head at the newest block that has no more."""
        end, low, high = page_start(closing_page(count - 1)), 0, int(upto)
        while low < high:
            middle = (low + high + 1) // 2
            if (await self.home.log_state(log, BlockNumber(middle))).count <= end:
                low = middle
            else:
                high = middle - 1
        return await super().show(log, count, BlockNumber(low), known)


def scene_of(walk: Walk, carry: Carry) -> Scene:
    submitters = {one.chain: walk.submitter(one) for one in (walk.origin, walk.destination)}
    parts = LaneParts(
        lane=walk.lane,
        origin=walk.origin,
        destination=walk.destination,
        provers=[MemoryProver(home=walk.origin)],
        receipt_provers=[PageProver(home=walk.destination)],
        submitters=submitters,
        store=walk.store,
        clock=walk.clock,
        policy=Policy(terms=Terms(carry=carry, margin_percent=0)),
    )
    return Scene(walk, LaneRooms(parts=parts))

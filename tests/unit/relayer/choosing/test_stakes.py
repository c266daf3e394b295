"""Stakes: what a block says of a delivery is told to the exposure as it cost this relayer."""

from tests.factories import message, some_hash
from xl2.core.lifecycle import Event
from xl2.core.types import Address, BlockNumber, Nonce, Wei
from xl2.flow.deliver import Outcome
from xl2.ports import Fees, Happening, Place, Rates, TxReceipt
from xl2.relayer.choosing.judging import Judging
from xl2.relayer.choosing.policy import Carry, Policy, Terms
from xl2.relayer.choosing.prices import Prices
from xl2.relayer.choosing.stakes import Stakes
from xl2.testing import ManualClock, World

GAS_USED = 300_000
RATES = Rates(fees=Fees(base_fee=Wei(10), priority_fee=Wei(0)), byte_fee=Wei(0))


def stakes() -> Stakes:
    world = World()
    lane = world.lane(901, 902)
    policy = Policy(terms=Terms(carry=Carry.PAID))
    judging = Judging.of(lane, world.chain(901), world.chain(902), policy, ManualClock())
    judging._prices = Prices(lane=lane, here=RATES, there=RATES)
    return Stakes(judging=judging)


async def test_what_a_delivery_carried_and_the_inbox_skipped_is_taken_from_the_allowance() -> None:
    told = stakes()
    exposure, before = told.judging.exposure, told.judging.exposure.left
    taken, skipped = (
        message(nonce=Nonce(nonce), recipient=Address(bytes([nonce + 1]) * 20), fee=Wei(10**9)) for nonce in range(2)
    )
    at = Place(block=BlockNumber(7), block_hash=some_hash("block"), tx_hash=some_hash("tx"), log_index=0)
    receipt = TxReceipt(
        tx_hash=at.tx_hash,
        block=at.block,
        block_hash=at.block_hash,
        succeeded=True,
        gas_used=GAS_USED,
        cost=Wei(10 * GAS_USED),
    )
    delivery = Happening(id=taken.id, event=Event.DELIVERY, chain=taken.destination, place=at)

    told.begin([taken, skipped])
    told.noted([taken, skipped], Outcome(happenings=(delivery,), receipt=receipt, reasons={}))

    assert exposure.left == before - GAS_USED
    assert exposure.rests(skipped) == 0.0

"""
Gas: every figure of the table in `figures`, measured on two anvils.

Nothing comes in; figures go out. Promise: a figure is what a transaction's receipt says it used (whole
transaction, Prague rules), in steady state: every slot it writes was not zero before, and its nonces are not the first
of a page. Fees are 0 where nothing else is said. `trie_exec_5_7` alone is execution only, because calldata is the same
for any walker.
"""

from bench.crossing import Crossing, assurance, expiry, gas_limit
from bench.figures import Figure
from bench.machine import machine
from bench.recipient import address_of, place
from bench.tokens import measure_tokens
from bench.walk import measure_walk
from xl2.core.hashing import keccak
from xl2.core.lane import PAGE_SIZE
from xl2.core.types import Assurance

ORIGIN, DESTINATION = 901, 902
GWEI = 10**9
#: Four bytes that are not zero, as those of any expiry of these years.
EXPIRY = 1_999_999_999

_WHOLE = "gasUsed of the transaction's receipt, steady state"
_ATTESTED = f"{_WHOLE}, with the signatures of 3 of 5 attesters"


def payload(index: int) -> bytes:
    """32 bytes that do not compress."""
    return keccak(b"payload" + index.to_bytes(4))


async def measure_gas() -> dict[str, Figure]:
    """All figures, in the order of `GOALS`."""
    async with machine(ORIGIN) as a, machine(DESTINATION) as b:
        crossing = await Crossing.build(a, b)
        await place(b, [address_of(index) for index in range(500)])
        figures = await _sends(crossing)
        figures |= await _deliveries_and_settlements(crossing)
        await crossing.check()
    figures |= await measure_walk()
    async with machine(ORIGIN) as a, machine(DESTINATION) as b:
        figures |= await measure_tokens(await Crossing.build(a, b), EXPIRY)
    return figures


async def _sends(crossing: Crossing) -> dict[str, Figure]:
    """On the settled lane, which is where a message goes that names no class."""
    at, outbox = crossing.origin.machine, crossing.origin.outbox

    async def send(*attributes: bytes, fee: int = 0) -> int:
        return await at.gas(outbox, crossing.send_call(address_of(0), payload(0), attributes), value=fee)

    await send()
    plain = await send()
    named = (gas_limit(100_000), expiry(EXPIRY), assurance(Assurance.SETTLED))
    dearest = max([await send(attribute) for attribute in named])
    await send(fee=GWEI)
    paid = await send(fee=GWEI)
    return {
        "send_32": Figure(value=plain, unit="gas", how=_WHOLE),
        "send_32_fee": Figure(value=paid, unit="gas", how=f"{_WHOLE}, fee of 1 gwei into an escrow that is not empty"),
        "send_attribute_each": Figure(
            value=dearest - plain,
            unit="gas",
            how="send_32 with the dearest one of gasLimit, expiry and assurance, less send_32",
        ),
    }


async def _deliveries_and_settlements(crossing: Crossing) -> dict[str, Figure]:
    """
    Walk one lane of 900 messages.

    page 0: 0 opens every slot; 1 attested; 2 known; 3-102 to distinct recipients; 103-202 to one
    page 1 and 2: 256 and 767 open the pages; 262-761 to distinct recipients
    page 3: 768 opens the page; 769-868 one by one
    """
    indices = [0] * 900
    indices[3:103] = range(100)
    indices[262:762] = range(500)
    await crossing.send([address_of(index) for index in indices], [payload(place) for place in range(len(indices))])

    await crossing.deliver(0)
    attested = await crossing.deliver(1)
    known = await crossing.deliver(2, known=True)
    distinct = await crossing.deliver(3, 100)
    same = await crossing.deliver(103, 100)
    await crossing.deliver(PAGE_SIZE, upto=PAGE_SIZE * 2)
    await crossing.deliver(3 * PAGE_SIZE - 1)
    most = await crossing.deliver(262, 500)
    in_one = await _settle_in_one(crossing, receipt=4)
    singles = await _settle_singles(crossing, first=3 * PAGE_SIZE)
    return {
        "deliver_1_attested": Figure(value=attested, unit="gas", how=_ATTESTED),
        "deliver_1_known": Figure(value=known, unit="gas", how=f"{_WHOLE}; the head was shown in an earlier one"),
        "deliver_100_distinct_each": Figure(value=distinct / 100, unit="gas", how=f"{_ATTESTED}, divided by 100"),
        "deliver_100_same_each": Figure(value=same / 100, unit="gas", how=f"{_ATTESTED}, divided by 100"),
        "deliver_500_distinct_each": Figure(value=most / 500, unit="gas", how=f"{_ATTESTED}, divided by 500"),
        "settle_100_in_one_each": Figure(value=in_one / 100, unit="gas", how=f"{_ATTESTED}, divided by 100"),
        "settle_100_singles_each": Figure(value=singles / 100, unit="gas", how=f"{_ATTESTED}, divided by 100"),
    }


async def _settle_in_one(crossing: Crossing, *, receipt: int) -> int:
    """The receipt of one batch, on a page of which something is settled."""
    await crossing.settle(0, 1)
    return await crossing.settle(receipt, 1)


async def _settle_singles(crossing: Crossing, *, first: int) -> int:
    """100 receipts of one message each, in one transaction."""
    await crossing.deliver(first)
    await crossing.settle(len(crossing.receipts) - 1, 1)
    start = len(crossing.receipts)
    for nonce in range(first + 1, first + 101):
        await crossing.deliver(nonce)
    return await crossing.settle(start, 100)

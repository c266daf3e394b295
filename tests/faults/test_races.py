"""Many relayers with keys of their own race on one lane: each message is delivered once, and losing costs little."""

from collections import Counter

import pytest

from tests.faults.ground import B
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from xl2.core.evidence import Finality

MESSAGES = 12
#: A delivery that came too late is refused as a whole, before any recipient is called: 57,000 gas measured for four.
_LATE_GAS = 70_000


@pytest.mark.parametrize("racing", [2, 5, 20])
async def test_racing_relayers_deliver_each_message_once_and_lose_little(
    scene: Scene, stable: Stable, racing: int
) -> None:
    names = [f"racer {place} of {racing}" for place in range(racing)]
    accounts = scene.fund(*names)
    first = (await scene.destination.head(Finality.LATEST)).number
    # All of them are up before there is anything to race for.
    settings = {"poll_seconds": 0.2 if racing < 10 else 1.0}
    relayers = [stable.start(scene.configuration(name, key=scene.key_of(name), relayer=settings)) for name in names]
    for relayer in relayers:
        relayer.until_up()

    sent = []
    for _ in range(MESSAGES // 4):
        sent += await scene.send(*[Parcel() for _ in range(4)])
        await scene.until_blocks(10)
    await assert_each_paid_message_ended_once(scene, sent)
    codes = [relayer.stop() for relayer in relayers]
    won, lost, lost_gas = spent(scene, accounts, first)

    assert codes == [0] * racing
    assert sum(won.values()) <= MESSAGES
    # At most one transaction lost for each that another won, and none of them dear.
    assert all(lost[account] <= sum(won.values()) for account in lost), lost
    assert lost_gas <= sum(lost.values()) * _LATE_GAS


def spent(scene: Scene, accounts: list[str], first: int) -> tuple[Counter[str], Counter[str], int]:
    """On the destination: transactions that did something by account, those that reverted, and the gas of these."""
    theirs = {one.lower() for one in accounts}
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    lost_gas = 0
    with scene.grounds[B].held() as node:
        last = int(node.ask("eth_blockNumber"), 16)
        for number in range(first, last + 1):
            for receipt in node.ask("eth_getBlockReceipts", hex(number)):
                if receipt["from"] in theirs:
                    succeeded = receipt["status"] == "0x1"
                    (won if succeeded else lost)[receipt["from"]] += 1
                    lost_gas += 0 if succeeded else int(receipt["gasUsed"], 16)
    return won, lost, lost_gas

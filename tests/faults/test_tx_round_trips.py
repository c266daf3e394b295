"""What a delivery asks of its chain: a fixed number of round trips, however many messages it carries."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.ground import B, Grounds
from tests.faults.rooms import rooms_on
from tests.faults.scene import Parcel, Scene
from xl2_adapters.rpc import RpcClient

MOST_ROUND_TRIPS = 6


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch, grounds: Grounds) -> Counter[str]:
    """
    HTTP requests by endpoint, repeated ones too; without those of whoever makes blocks in this process.

    A block holds what is broadcast before that is answered: each look before its time would be one more.
    """
    counted: Counter[str] = Counter()
    # Nothing outside sees single requests.
    attempt: Callable[..., Awaitable[bytes]] = RpcClient._attempt

    async def counting(self: RpcClient, request: bytes, *given: object) -> bytes:
        counted[self.name] += b"evm_mine" not in request
        answer = await attempt(self, request, *given)
        if b"eth_sendRawTransaction" in request:
            with grounds[B].held() as node:
                node.ask("evm_mine")
        return answer

    monkeypatch.setattr(RpcClient, "_attempt", counting)
    return counted


@pytest.mark.parametrize("messages", [1, 40])
async def test_a_batch_takes_at_most_six_round_trips_to_its_destination(
    scene: Scene, grounds: Grounds, round_trips: Counter[str], messages: int
) -> None:
    sent = await scene.send(*[Parcel() for _ in range(messages)])
    scene.finalize()
    async with rooms_on(scene) as (rooms, *_):
        while await rooms.observe():
            pass
        first = await rooms.prove()
        assert first is not None
        await rooms.deliver(first)
        # Once more, now that ids, code and attesters are known.
        sent = [*sent, *await scene.send(*[Parcel() for _ in range(messages)])]
        scene.finalize()
        while await rooms.observe():
            pass
        round_trips.clear()
        proven = await rooms.prove()
        assert proven is not None
        await rooms.deliver(proven)
        there = [count for name, count in round_trips.items() if grounds[B].url.startswith(name)]

    assert len(proven.segment.messages) == messages
    assert len(await scene.receipts_of(sent)) >= 2
    assert 0 < sum(there) <= MOST_ROUND_TRIPS

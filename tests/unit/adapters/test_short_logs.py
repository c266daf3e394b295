"""An endpoint that sends events with fewer topics than they have is refused or passed over, and breaks nothing."""

from collections.abc import Sequence

import pytest

from tests import factories
from xl2.core.types import Address, BlockNumber, ChainId, Hash32
from xl2.errors import ProofInvalid
from xl2.ports import Place
from xl2_adapters.contracts.inbox import DELIVERED, EXPIRED, Inbox
from xl2_adapters.contracts.outbox import MESSAGE_PLACED, MESSAGE_SENT, Outbox
from xl2_adapters.evm import Evm, Log
from xl2_adapters.rpc import RpcClient

LANE = factories.lane()
FIRST = LAST = BlockNumber(7)


class Lying(Evm):
    """Has logs with nothing but the name of their event."""

    def __init__(self, *events: bytes) -> None:
        super().__init__(LANE.origin, RpcClient("http://127.0.0.1:1"))
        self.events = events

    async def logs(
        self, contract: Address, topics: Sequence[Sequence[bytes] | None], first: BlockNumber, last: BlockNumber
    ) -> list[Log]:
        del contract, topics, last
        place = Place(block=first, block_hash=Hash32(bytes(32)), tx_hash=Hash32(bytes(32)), log_index=0)
        data = (LANE.destination << 72).to_bytes(32)
        return [Log(topics=(event,), data=data, place=place) for event in self.events]


async def test_a_receipt_that_names_no_lane_is_no_lanes() -> None:
    inbox = Inbox(Lying(DELIVERED.topic, EXPIRED.topic), LANE.inbox)

    assert await inbox.receipts(LANE, FIRST, LAST) == []


async def test_a_message_that_names_no_id_is_refused() -> None:
    outbox = Outbox(Lying(MESSAGE_SENT.topic, MESSAGE_PLACED.topic), LANE.outbox)
    outbox._inboxes[ChainId(LANE.destination)] = LANE.inbox

    with pytest.raises(ProofInvalid, match="sent a log of message"):
        await outbox.sent(LANE, FIRST, LAST)

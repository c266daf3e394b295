"""Send: what could never be delivered is refused before anything is signed."""

from collections.abc import Mapping

import pytest

from tests.unit.flow.walk import Walk
from xl2.core.types import Address, Assurance, ChainId, Timestamp, Wei
from xl2.errors import InvalidInput, NotFound, NotYet
from xl2.flow import send
from xl2.testing import MemorySigner

RECIPIENT = Address(b"\x77" * 20)
ALICE = MemorySigner.named("alice").address
NOW = 1_700_000_000


@pytest.fixture
def ready(walk: Walk) -> Walk:
    """Two chains, and a recipient on the destination."""
    walk.destination.recipients[RECIPIENT] = lambda *_: True
    return walk


def outgoing(**fields: object) -> send.Outgoing:
    given: Mapping[str, object] = {"destination": ChainId(902), "recipient": RECIPIENT, "payload": b"hello"}
    return send.Outgoing(**{**given, **fields})  # type: ignore[arg-type]


async def test_a_message_is_sent_as_it_was_prepared(ready: Walk) -> None:
    wanted = outgoing(fee=Wei(10**9), gas_limit=123_456, expiry=Timestamp(NOW + 60), assurance=Assurance.ATTESTED)
    submitter = ready.submitter(ready.origin)

    prepared = await send.prepare(wanted, submitter.address, ready.origin, ready.destination)
    sent = await send.send(prepared, ready.origin, submitter)

    message = sent.message
    assert (message.fee, message.gas_limit, message.expiry) == (10**9, 123_456, NOW + 60)
    assert (message.sender, message.recipient, message.payload) == (submitter.address, RECIPIENT, b"hello")
    assert message.assurance is Assurance.ATTESTED


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"destination": ChainId(901)}, "destination"),
        ({"recipient": Address(bytes(20))}, "recipient"),
        ({"recipient": Address(b"\x78" * 20)}, "recipient"),
        ({"payload": bytes(65_536)}, "payload"),
        ({"gas_limit": 10_000_001}, "gas_limit"),
        ({"expiry": Timestamp(NOW - 1)}, "expiry"),
        ({"fee": Wei(10**9 + 1)}, "fee"),
    ],
)
async def test_what_the_chains_would_refuse_is_refused_by_name(
    ready: Walk, fields: Mapping[str, object], named: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        await send.prepare(outgoing(**fields), ALICE, ready.origin, ready.destination)

    assert raised.value.field == named
    assert raised.value.remedy


async def test_a_chain_without_a_lane_is_said(ready: Walk) -> None:
    with pytest.raises(NotFound, match="no lane to chain 77"):
        await send.prepare(outgoing(destination=ChainId(77)), ALICE, ready.origin, ready.destination)


async def test_a_recipient_without_code_is_allowed_on_purpose(ready: Walk) -> None:
    wanted = outgoing(recipient=Address(b"\x78" * 20), allow_no_code=True)

    prepared = await send.prepare(wanted, ALICE, ready.origin, ready.destination)

    assert prepared.message.allow_no_code


async def test_a_message_whose_block_was_taken_back_is_not_told_as_sent(ready: Walk) -> None:
    submitter = ready.submitter(ready.origin)
    prepared = await send.prepare(outgoing(), submitter.address, ready.origin, ready.destination)
    receipt = await submitter.submit(prepared.call)

    ready.origin.reorg(1)

    with pytest.raises(NotYet, match="was taken back"):
        await send.sent_by(receipt, prepared.lane, ready.origin)

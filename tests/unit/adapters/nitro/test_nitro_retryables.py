"""Retryables: every end that a ticket can have is told apart, and what is offered for one would work."""

import pytest

from tests.unit.adapters.nitro.scene import Scene, at, bare_block
from tests.unit.adapters.nitro.test_nitro_ticket import ticket_of
from tests.unit.adapters.nitro.vectors import IDS
from xl2.core.types import Address, ChainId, Wei, checksum, hex_text
from xl2.errors import NotYet, Refused, Reverted, RpcUnavailable
from xl2_adapters.nitro.inbox import DELIVERED, SPELLED_OUT, SUBMISSION_FEE, Inbox
from xl2_adapters.nitro.precompiles import (
    CANCEL,
    CANCELED,
    KEEP_ALIVE,
    NO_TICKET,
    NODE_INTERFACE,
    REDEEM,
    REDEEM_SCHEDULED,
    RETRYABLES,
    TICKET_CREATED,
    TIMEOUT,
)
from xl2_adapters.nitro.pricing import Pricing
from xl2_adapters.nitro.retryables import LIFETIME_SECONDS, Retryables, TicketState
from xl2_adapters.nitro.ticket import ETHER_DEPOSIT, SUBMIT_RETRYABLE, EtherDeposit

TICKET = ticket_of(IDS["tickets"][0])
CREATED, NOW = 10, 100
ANY = Address(b"\x01" * 20)
INBOX, BRIDGE = Address(b"\x1b" * 20), Address(b"\x0d" * 20)


@pytest.fixture
def l2() -> Scene:
    """A chain on which the ticket stands and waits."""
    scene = Scene(ChainId(42161), tip=NOW)
    scene.knows(bare_block(CREATED, timestamp=1_000))
    scene.knows(bare_block(NOW, timestamp=5_000, base_fee=100))
    scene.included(TICKET.id, block=CREATED)
    scene.emits(RETRYABLES, TICKET_CREATED, TICKET.id, block=CREATED)
    scene.says(RETRYABLES, TIMEOUT, TICKET.id, values=(9_000,))
    return scene


def scheduled(scene: Scene, retry: bytes, block: int) -> None:
    scene.emits(RETRYABLES, REDEEM_SCHEDULED, TICKET.id, retry, 0, 9, ANY, 0, 0, block=block)


def gone(scene: Scene) -> None:
    scene.reverts(RETRYABLES, TIMEOUT, TICKET.id, revert=NO_TICKET)


async def state(scene: Scene) -> TicketState:
    return (await Retryables(rollup=scene.evm()).status(TICKET.id)).state


async def test_a_chain_that_has_not_read_l1_so_far_has_no_ticket(l2: Scene) -> None:
    l2.receipts.clear()

    assert await state(l2) is TicketState.NOT_YET_CREATED


async def test_a_ticket_that_could_not_pay_for_itself_failed(l2: Scene) -> None:
    l2.included(TICKET.id, block=CREATED, succeeded=False)

    assert await state(l2) is TicketState.CREATION_FAILED


async def test_a_submission_that_made_no_ticket_failed_too(l2: Scene) -> None:
    l2.logs.clear()
    gone(l2)

    assert await state(l2) is TicketState.CREATION_FAILED


async def test_a_first_try_that_succeeded_is_the_end(l2: Scene) -> None:
    scheduled(l2, b"\x01" * 32, CREATED)
    l2.included(b"\x01" * 32, block=CREATED)

    status = await Retryables(rollup=l2.evm()).status(TICKET.id)

    assert status.state is TicketState.REDEEMED
    assert status.ended is not None
    assert status.ended.tx_hash == b"\x01" * 32


async def test_a_try_whose_outcome_is_unknown_is_no_failure_yet(l2: Scene) -> None:
    scheduled(l2, b"\x01" * 32, CREATED)

    assert await state(l2) is TicketState.BEING_TRIED


async def test_a_ticket_whose_try_failed_waits_until_its_time_is_over(l2: Scene) -> None:
    scheduled(l2, b"\x01" * 32, CREATED)
    l2.included(b"\x01" * 32, block=CREATED, succeeded=False)

    status = await Retryables(rollup=l2.evm()).status(TICKET.id)

    assert (status.state, status.timeout) == (TicketState.WAITING, 9_000)


async def test_a_later_redeem_is_found_in_the_tickets_lifetime(l2: Scene) -> None:
    for retry, block, succeeded in ((1, CREATED, False), (2, 40, False), (3, 60, True)):
        scheduled(l2, bytes([retry]) * 32, block)
        l2.included(bytes([retry]) * 32, block=block, succeeded=succeeded)
    gone(l2)

    status = await Retryables(rollup=l2.evm()).status(TICKET.id)

    assert status.state is TicketState.REDEEMED
    assert status.ended is not None
    assert status.ended.block == 60


async def test_a_ticket_that_was_given_up_did_not_expire(l2: Scene) -> None:
    l2.emits(RETRYABLES, CANCELED, TICKET.id, block=70)
    gone(l2)

    assert await state(l2) is TicketState.CANCELLED


@pytest.mark.parametrize("how", ["gone", "out of time"])
async def test_a_ticket_that_nobody_redeemed_expired(l2: Scene, how: str) -> None:
    l2.knows(bare_block(NOW, timestamp=1_000 + LIFETIME_SECONDS))
    if how == "gone":
        gone(l2)
    else:
        l2.says(RETRYABLES, TIMEOUT, TICKET.id, values=(999 + LIFETIME_SECONDS,))

    assert await state(l2) is TicketState.EXPIRED


async def test_a_ticket_that_is_gone_before_its_time_did_not_expire(l2: Scene) -> None:
    """The node that answers for its logs lags behind the one that says it is gone."""
    l2.knows(bare_block(NOW, timestamp=999 + LIFETIME_SECONDS))
    gone(l2)

    with pytest.raises(NotYet, match="whose time is not over"):
        await state(l2)


async def test_a_redeem_in_the_very_block_that_comes_meanwhile_is_no_expiry(l2: Scene) -> None:
    def redeemed_meanwhile(_: str) -> bytes:
        l2.tip = NOW + 1
        l2.knows(bare_block(NOW + 1, timestamp=5_001))
        scheduled(l2, b"\x01" * 32, NOW + 1)
        l2.included(b"\x01" * 32, block=NOW + 1)
        raise Reverted("execution reverted", endpoint="memory", revert=NO_TICKET)

    l2.views[checksum(RETRYABLES), hex_text(TIMEOUT.encode(TICKET.id))] = redeemed_meanwhile

    assert await state(l2) is TicketState.REDEEMED


async def test_a_revert_that_says_something_else_is_not_taken_for_absence(l2: Scene) -> None:
    l2.reverts(RETRYABLES, TIMEOUT, TICKET.id, revert=b"\x12\x34\x56\x78")

    with pytest.raises(Reverted):
        await state(l2)


async def test_a_redeem_brings_gas_for_the_call_and_for_itself(l2: Scene) -> None:
    l2.gas[checksum(TICKET.to)] = 100_000
    l2.gas[checksum(RETRYABLES)] = 50_000

    call = await Retryables(rollup=l2.evm()).redeem_call(TICKET, ANY)

    assert (call.to, call.data) == (RETRYABLES, REDEEM.encode(TICKET.id))
    assert call.gas_limit == 150_000 * 130 // 100


async def test_a_redeem_that_would_fail_again_is_not_offered(l2: Scene) -> None:
    l2.gas[checksum(RETRYABLES)] = 50_000
    l2.gas[checksum(TICKET.to)] = Reverted("execution reverted", endpoint="memory")

    with pytest.raises(Reverted, match="the call of ticket 0xd632563e"):
        await Retryables(rollup=l2.evm()).redeem_call(TICKET, ANY)


def test_only_the_refund_account_can_give_a_ticket_up(l2: Scene) -> None:
    retryables = Retryables(rollup=l2.evm())

    assert retryables.cancel_call(TICKET, TICKET.call_value_refund).data == CANCEL.encode(TICKET.id)
    assert retryables.keep_alive_call(TICKET).data == KEEP_ALIVE.encode(TICKET.id)
    with pytest.raises(Refused, match="can be cancelled by"):
        retryables.cancel_call(TICKET, ANY)


@pytest.fixture
def l1() -> Scene:
    """L1 at a base fee of 7, whose inbox asks 3 wei a byte and unit of base fee."""
    scene = Scene(ChainId(1), tip=NOW)
    scene.knows(bare_block(NOW))
    scene.says(INBOX, SUBMISSION_FEE, 5, 21, values=(315,))
    return scene


def inbox_of(l1: Scene) -> Inbox:
    return Inbox(l1=l1.evm(), chain=ChainId(42161), inbox=INBOX, bridge=BRIDGE)


async def test_a_ticket_is_priced_for_fees_that_triple(l1: Scene, l2: Scene) -> None:
    l2.gas[checksum(NODE_INTERFACE)] = 50_000

    price = await Pricing(rollup=l2.evm(), inbox=inbox_of(l1)).price(
        sender=ANY, to=ANY, value=Wei(8), refund=ANY, data=b"hello"
    )

    assert (price.max_submission_fee, price.gas_limit, price.max_fee) == (315, 65_000, 300)
    assert price.value_with(Wei(8)) == 315 + 65_000 * 300 + 8


async def test_a_price_of_one_wei_is_never_offered(l1: Scene, l2: Scene) -> None:
    """One is the inbox's word for an estimate, zero for no try."""
    l2.knows(bare_block(NOW, base_fee=0))

    price = await Pricing(rollup=l2.evm(), inbox=inbox_of(l1)).price_for(5, 1_000)

    assert price.max_fee == 2


@pytest.mark.parametrize("kind", ["ticket", "deposit"])
async def test_the_inbox_is_believed_where_the_bridge_committed_to_its_bytes(l1: Scene, kind: str) -> None:
    vector = IDS["tickets" if kind == "ticket" else "deposits"][0]
    number, message = int(vector["number"], 16), bytes.fromhex(vector["message"][2:])
    told = (ANY, SUBMIT_RETRYABLE if kind == "ticket" else ETHER_DEPOSIT, bytes.fromhex(vector["sender"][2:]))
    base_fee = int(vector.get("baseFee", "0x7"), 16)
    delivered = (number, bytes(32), INBOX, *told[1:], bytes.fromhex(vector["messageHash"][2:]), base_fee, 1)
    l1.emits(BRIDGE, DELIVERED, *delivered, block=5)
    l1.emits(INBOX, SPELLED_OUT, number, message, block=5)

    (found,) = await inbox_of(l1).messages(at(5), at(5))

    assert found.content.id == bytes.fromhex(vector["id"][2:])
    assert isinstance(found.content, EtherDeposit) == (kind == "deposit")

    l1.logs.pop()
    l1.emits(INBOX, SPELLED_OUT, number, message[:-1] + b"\x99", block=5)
    with pytest.raises(RpcUnavailable, match="other bytes for message"):
        await inbox_of(l1).messages(at(5), at(5))


async def test_a_message_through_another_inbox_is_none_of_ours(l1: Scene) -> None:
    delivered = (1, bytes(32), ANY, SUBMIT_RETRYABLE, ANY, bytes(32), 7, 1)
    l1.emits(BRIDGE, DELIVERED, *delivered, block=5)

    assert await inbox_of(l1).messages(at(5), at(5)) == []

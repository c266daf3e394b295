"""Whole walks of one message over a route: what the tests of every family have in common."""

from attrs import evolve

from tests.scenario.route import Route
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.types import Address, Assurance, Timestamp, Wei
from xl2.errors import InvalidInput, NotYet, Reverted
from xl2.flow import deliver, send
from xl2.ports import Fate, Sent

FEE = Wei(10**12)
NOBODY = Address(b"\x99" * 20)
CLASS_OF = {"attested": Assurance.ATTESTED, "proven": Assurance.SETTLED, "routed": Assurance.SETTLED}


def to_nobody(chain: int, kind: str, **fields: object) -> send.Outgoing:
    """A message to an account without code, which counts as success when it is allowed."""
    given: dict[str, object] = {
        "destination": chain,
        "recipient": NOBODY,
        "payload": b"hello",
        "assurance": CLASS_OF[kind],
        "fee": FEE,
        "allow_no_code": True,
    }
    return send.Outgoing(**(given | fields))  # type: ignore[arg-type]


async def delivered_and_settled(route: Route, sender: str = "alice", back: str = "") -> None:
    """A message is delivered, and whoever paid for that earns its fee; `back`: the kind that proves its receipt."""
    payer = route.account(route.payer).address
    earned_before = await route.origin.credit(payer)

    sent = await route.send(to_nobody(route.destination.chain, route.kind), role=sender)
    records = await route.observed([sent])
    await route.delivered(records)
    await route.confirmed(records)
    await evolve(route, kind=back or route.kind).settled(records)

    tip = await route.destination.head(Finality.LATEST)
    assert await route.destination.fates([sent.message], tip.number) == [Fate.DELIVERED]
    assert await route.states(records) == {State.SETTLED}
    assert await route.origin.credit(payer) >= earned_before + FEE


async def expired_and_refunded(route: Route, sender: str = "erin") -> None:
    """A message that nobody delivered in time is expired at the destination, and its sender refunded at the origin."""

    async def sent_in_time() -> Sent:
        # As soon as it can be; a busy machine may find it overdue before a block has it, and sends another.
        expiry = Timestamp((await route.destination.head(Finality.LATEST)).timestamp + 6)
        try:
            return await route.send(to_nobody(route.destination.chain, route.kind, expiry=expiry), role=sender)
        except (InvalidInput, Reverted) as late:
            raise NotYet(f"it was not sent in time: {late.what}") from late

    records = await route.observed([await route.until(sent_in_time)])
    message = records[0].sent.message

    async def overdue() -> None:
        seen = await deliver.look([message], route.destination)
        if not seen.happenings:
            raise NotYet("its time is not over")
        await route.store.happen(seen.happenings, 0.0)

    await route.until(overdue)
    outcome = await deliver.expire(message, route.destination, route.submitter(route.destination))
    await route.store.happen(outcome.happenings, 0.0)
    await route.confirmed(records)
    await route.settled(records)

    assert await route.states(records) == {State.REFUNDED}
    assert await route.origin.credit(route.account(sender).address) >= FEE

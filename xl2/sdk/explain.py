"""
Explain: a status in, why the message is not further, since when, and what would move it.

Promise: the cause is what the chains and the provers say when asked now, not a guess from the state's name; an endpoint
that does not answer is the cause that is told. Moving it is left to `relay`.
"""

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind
from xl2.core.types import Timestamp, checksum, hex_text
from xl2.errors import NotYet, Xl2Error
from xl2.ports import Log, Shown
from xl2.sdk.parts import Parts
from xl2.sdk.values import Explanation, Status

Why = tuple[str, str, tuple[tuple[str, str], ...]]


async def explain(parts: Parts, status: Status) -> Explanation:
    """Ask the chains why a message is where it is."""
    try:
        cause, unblocks, facts = await _why(parts, status)
    except Xl2Error as error:
        cause, unblocks, facts = f"it is {status.state}, and more cannot be told: {error.what}", error.remedy, ()
    return Explanation(
        id=status.id, state=status.state, cause=cause, since=_since(status), unblocks=unblocks, facts=facts
    )


def _since(status: Status) -> Timestamp | None:
    times = [step.at for step in status.steps if step.at is not None]
    return times[-1] if times else None


async def _why(parts: Parts, status: Status) -> Why:
    message = status.message
    relay = f"xl2 relay {hex_text(status.id)}"
    match status.state:
        case State.SENT | State.DELIVERED | State.EXPIRED:
            return await _unfinal(parts, status)
        case State.OBSERVED | State.PROVEN:
            return await _undelivered(parts, message, relay)
        case State.FAILED:
            return _failed(status, relay)
        case State.CONFIRMED | State.REFUNDABLE:
            said = "delivered" if status.state is State.CONFIRMED else "recorded as expired"
            goal = "settled" if status.state is State.CONFIRMED else "refunded"
            return (
                f"it is {said} and that is final; the receipt was not yet proven back to the origin",
                f"Whoever gains by it will; anyone may: `{relay} --until {goal}`.",
                await _heads(parts, message, LogKind.RECEIPTS),
            )
        case State.OVERDUE:
            return (
                f"its expiry {message.expiry} has passed undelivered",
                f"Anyone may record that on the destination and prove it back: `{relay} --until refunded`.",
                (),
            )
        case _:
            return await _over(parts, status, relay)


def _failed(status: Status, relay: str) -> Why:
    message = status.message
    until = f"until its expiry ({message.expiry})" if message.expiry else "for ever, as it has no expiry"
    return (
        f"it was tried, and {status.steps[-1].detail}",
        f"Anyone may retry it {until}, with more gas if need be: `{relay}`.",
        (("gas limit", str(message.gas_limit)), ("recipient", checksum(message.recipient))),
    )


async def _over(parts: Parts, status: Status, relay: str) -> Why:
    if status.state is State.SETTLED:
        return "it is over: delivered, and its fee paid", "Nothing is left to do.", ()
    bridge = parts.bridge_at(status.message.origin, status.message.sender)
    if bridge is not None and not await bridge.is_refunded(status.id):
        return (
            "it expired and was proven back; its tokens wait in the bridge for whoever gives them back",
            f"Anyone may, to their sender only: `{relay} --until refunded`.",
            (("bridge", checksum(bridge.address)),),
        )
    return "it is over: it expired, and was refunded to the sender", "Nothing is left to do.", ()


async def _unfinal(parts: Parts, status: Status) -> Why:
    last = next(step for step in reversed(status.steps) if step.block is not None)
    final = await parts.chains[last.chain].head(Finality.FINALIZED)
    block = last.block or 0
    where = f"block {block} of chain {parts.name(last.chain)}"
    return (
        f"it is {status.state} in {where}, which is not final; final is {final.number}",
        "Time: nothing is done on a block that may be taken back.",
        (("blocks to go", str(max(0, block - final.number))),),
    )


async def _undelivered(parts: Parts, message: Message, relay: str) -> Why:
    facts = await _heads(parts, message, LogKind.LANE)
    if not facts:
        return (
            f"nobody configured here can show heads of its lane to chain {message.destination}",
            "Add the destination's verifiers to the configuration, or wait for another relayer.",
            (),
        )
    ready = [kind for kind, said in facts if said.startswith("can be shown")]
    paid = f"its fee is {wei_and_ether(message.fee)}" if message.fee else "it carries no fee, so no relayer gains by it"
    if ready:
        return (
            f"it is final and can be proven ({', '.join(ready)}), and nobody has delivered it; {paid}",
            f"`{relay}`.",
            facts,
        )
    return (
        f"it is final, and its head cannot be shown yet: {facts[0][1]}",
        "Time; the facts say what is awaited.",
        facts,
    )


async def _heads(parts: Parts, message: Message, kind: LogKind) -> tuple[tuple[str, str], ...]:
    """What each prover says of the head that is needed."""
    log = Log(lane=Lane.of(message), kind=kind)
    home = parts.chains.get(log.home)
    if home is None:
        return ()
    tip = await home.head(Finality.FINALIZED)
    count = message.nonce + 1 if kind is LogKind.LANE else (await home.log_state(log, tip.number)).count
    said = []
    for prover in parts.provers(log):
        if prover.assurance < message.assurance:
            continue
        try:
            shown = await prover.show(log, count, tip.number)
            words = "can be shown now" if isinstance(shown, Shown) else f"can be shown after: {shown.why}"
        except NotYet as waiting:
            words = waiting.what
        said.append((prover.name, words))
    return tuple(said)

"""
Canonical relay: what became of a messenger's message where it arrived, and how to try it once more.

Comes in: a `Relay`, the side it arrives on. Goes out: relayed, failed, or unknown there, each with its log; the call
that replays it, with gas that suffices. Promise: a replay is simulated as it will run, inner call included; one that
would fail again is refused before gas is paid for it.
"""

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, Hash32, address, checksum
from xl2.errors import Reverted
from xl2.ports import Call, Place
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.message import (
    FAILED,
    FAILED_RELAY,
    RELAYED,
    SUCCEEDED,
    Relay,
)

#: Constants.ESTIMATION_ADDRESS: for this sender alone, messenger and portal let a failing inner call revert, so that
#: an estimate is of gas with which it succeeds. Any other estimate is of gas with which the failure is recorded.
ESTIMATION = address("0x0000000000000000000000000000000000000001")
#: On top of an estimate: the state moves between estimate and block. 63/64 of the gas go on at each inner call, which
#: an estimate of the whole transaction already holds.
_MARGIN_PERCENT = 30


@frozen(kw_only=True)
class Outcome:
    """What a messenger says of a message."""

    #: True: it succeeded. False: it failed, and can be replayed. None: the messenger never heard of it.
    succeeded: bool | None
    #: Log that says so, where it was found.
    place: Place | None = None


@frozen
class Messenger:
    """A cross-domain messenger, on the side where messages arrive."""

    evm: Evm
    address: Address

    async def outcome(self, message: Hash32, since: BlockNumber) -> Outcome:
        """What became of a message; its log is looked for from a block on."""
        tip = (await self.evm.head(Finality.LATEST)).number
        answers = await self.evm.views(
            [(self.address, SUCCEEDED.encode(message)), (self.address, FAILED.encode(message))], tip
        )
        succeeded = SUCCEEDED.decode(answers[0], self.evm.endpoint)[0]
        failed = FAILED.decode(answers[1], self.evm.endpoint)[0]
        if not succeeded and not failed:
            return Outcome(succeeded=None)
        event = RELAYED if succeeded else FAILED_RELAY
        logs = await self.evm.logs(self.address, [[event.topic], [message]], min(since, tip), tip)
        return Outcome(succeeded=bool(succeeded), place=logs[-1].place if logs else None)

    async def replay_call(self, relay: Relay) -> Call:
        """Relay a failed message once more; anybody may. Raises `Reverted` where it would fail again."""
        call = Call(
            chain=self.evm.chain,
            to=self.address,
            data=relay.call,
            what=f"replay a message to {checksum(relay.target)}",
        )
        return await with_inner_gas(self.evm, call)


async def with_inner_gas(evm: Evm, call: Call) -> Call:
    """
    A call of portal or messenger with gas for what it calls in turn.

    Raises `Reverted` where the inner call fails however much gas it has.
    """
    try:
        estimate = await evm.simulate(call, ESTIMATION)
    except Reverted as reverted:
        raise Reverted(
            f"{call.what}: what it calls would fail ({reverted.what})",
            endpoint=evm.endpoint,
            revert=reverted.revert,
            remedy="Nothing was sent. Mend what fails, then do it again: it stays possible.",
        ) from reverted
    return Call(
        chain=call.chain,
        to=call.to,
        data=call.data,
        value=call.value,
        gas_limit=estimate + estimate * _MARGIN_PERCENT // 100,
        what=call.what,
    )

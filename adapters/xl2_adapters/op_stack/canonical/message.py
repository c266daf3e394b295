"""
Canonical message: what stands inside a deposit or a withdrawal of the OP Stack: a plain call, a messenger's message, or
a standard bridge's tokens.

Comes in: who calls whom with what, as the portal's or the message passer's log says. Goes out: the `Cargo`, and the
messenger's `Relay` where there is one. Promise: pure; both directions are read by the same rules, since both sides of
messenger and bridge are the same contracts. Source: optimism specs, "Cross Domain Messengers" and "Standard Bridges".
"""

from attrs import field, frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, Hash32, address
from xl2.ports import Cargo
from xl2_adapters.abi import Event, Method

L2_MESSENGER = address("0x4200000000000000000000000000000000000007")
L2_BRIDGE = address("0x4200000000000000000000000000000000000010")

RELAY = Method("relayMessage(uint256,address,address,uint256,uint256,bytes)")
SEND = Method("sendMessage(address,bytes,uint32)")
SUCCEEDED = Method("successfulMessages(bytes32)", "(bool)")
FAILED = Method("failedMessages(bytes32)", "(bool)")
RELAYED = Event("RelayedMessage(bytes32 indexed)")
FAILED_RELAY = Event("FailedRelayedMessage(bytes32 indexed)")

BRIDGE_ETHER = Method("bridgeETHTo(address,uint32,bytes)")
BRIDGE_TOKEN = Method("bridgeERC20To(address,address,address,uint256,uint32,bytes)")
BRING_ETHER = Method("finalizeBridgeETH(address,address,uint256,bytes)")
BRING_TOKEN = Method("finalizeBridgeERC20(address,address,address,address,uint256,bytes)")

#: Version of a messenger's message, in the two highest bytes of its nonce; 0 ended with the Bedrock upgrade.
_VERSION_SHIFT = 240


@frozen(kw_only=True)
class Ends:
    """Messenger and standard bridge on the two sides of a crossing."""

    messenger: Address
    bridge: Address
    messenger_there: Address
    bridge_there: Address


@frozen(kw_only=True)
class Relay:
    """A message that the messenger of the other side is to relay."""

    sender: Address
    target: Address
    value: int
    min_gas: int
    data: bytes = field(repr=False)
    #: Calldata of `relayMessage`, which its hash is of.
    call: bytes = field(repr=False)

    @property
    def hash(self) -> Hash32:
        """Key of `successfulMessages` and `failedMessages`."""
        return keccak(self.call)


def relay_in(data: bytes, endpoint: str) -> Relay | None:
    """The message in a call of the other side's messenger, None where the call is none of today's version."""
    values = RELAY.arguments(data, endpoint)
    if values is None or values[0] >> _VERSION_SHIFT != 1:
        return None
    nonce, sender, target, value, min_gas, message = values
    # Encoded anew: a sloppy encoding of the same values has the same hash on the other side.
    call = RELAY.encode(nonce, sender, target, value, min_gas, message)
    return Relay(sender=address(sender), target=address(target), value=value, min_gas=min_gas, data=message, call=call)


def cargo_of(relay: Relay, ends: Ends, endpoint: str) -> Cargo:
    """What a messenger's message brings: a standard bridge's ether or tokens, or a call."""
    if (relay.sender, relay.target) == (ends.bridge, ends.bridge_there):
        ether = BRING_ETHER.arguments(relay.data, endpoint)
        if ether is not None:
            _, to, amount, extra = ether
            return Cargo(recipient=to, amount=amount, data=extra, is_direct=False)
        token = BRING_TOKEN.arguments(relay.data, endpoint)
        if token is not None:
            there, here, _, to, amount, extra = token
            return Cargo(
                recipient=to,
                amount=amount,
                token=address(here),
                token_there=address(there),
                data=extra,
                is_direct=False,
            )
    return Cargo(recipient=relay.target, amount=relay.value, data=relay.data, gas_limit=relay.min_gas, is_direct=False)


def sender_of(relay: Relay, ends: Ends, endpoint: str) -> Address:
    """Whose a messenger's message is: of a standard bridge's, who bridged."""
    if (relay.sender, relay.target) == (ends.bridge, ends.bridge_there):
        ether = BRING_ETHER.arguments(relay.data, endpoint)
        token = BRING_TOKEN.arguments(relay.data, endpoint)
        if ether is not None:
            return address(ether[0])
        if token is not None:
            return address(token[2])
    return relay.sender

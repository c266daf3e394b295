"""
Contracts: where interop stands on every OP chain, what is called there, and why it reverts.

Promise: addresses and signatures are those of the predeploys (L2ToL2CrossDomainMessenger 1.3.0, CrossL2Inbox 1.0.2,
SuperchainTokenBridge 1.0.1) and of the preinstalled Multicall3, the same on each chain. Source: OP Stack
specification, "interop" and "preinstalls".
"""

from collections.abc import Mapping
from typing import Final

from xl2.core.hashing import keccak
from xl2.core.types import Address, address
from xl2_adapters.abi import Event, Method, explain_revert

#: L2ToL2CrossDomainMessenger: both ends of every message.
MESSENGER: Final[Address] = address("0x4200000000000000000000000000000000000023")
#: CrossL2Inbox: lets a log of another chain be used where the transaction's access list announced it.
INBOX: Final[Address] = address("0x4200000000000000000000000000000000000022")
#: SuperchainTokenBridge: burns an ERC-7802 token here and mints it there.
TOKEN_BRIDGE: Final[Address] = address("0x4200000000000000000000000000000000000028")
#: Multicall3, by which one transaction relays several messages; whoever calls it, a relay does not look at the caller.
MULTICALL: Final[Address] = address("0xcA11bde05977b3631167028862bE2a173976CA11")

SENT: Final = Event("SentMessage(uint256 indexed,address indexed,uint256 indexed,address,bytes)")
RELAYED: Final = Event("RelayedMessage(uint256 indexed,uint256 indexed,bytes32 indexed,bytes32)")

SEND: Final = Method("sendMessage(uint256,address,bytes)", "(bytes32)")
RELAY: Final = Method("relayMessage((address,uint256,uint256,uint256,uint256),bytes)", "(bytes)")
#: Emits `SentMessage` anew, for a message whose first log is too old.
RESEND: Final = Method("resendMessage(uint256,uint256,address,address,bytes)", "(bytes32)")
SUCCESSFUL: Final = Method("successfulMessages(bytes32)", "(bool)")
AGGREGATE: Final = Method("aggregate3((address,bool,bytes)[])", "((bool,bytes)[])")
SEND_ERC20: Final = Method("sendERC20(address,address,uint256,uint256)", "(bytes32)")
SUPPORTS: Final = Method("supportsInterface(bytes4)", "(bool)")
BALANCE: Final = Method("balanceOf(address)", "(uint256)")

_ERRORS: Final = (
    "EventPayloadNotSentMessage()",
    "IdOriginNotL2ToL2CrossDomainMessenger()",
    "InvalidMessage()",
    "MessageAlreadyRelayed()",
    "MessageDestinationNotRelayChain()",
    "MessageDestinationSameChain()",
    "MessageTargetL2ToL2CrossDomainMessenger()",
    "NotEntered()",
    "ReentrantCall()",
    "BlockNumberTooHigh()",
    "LogIndexTooHigh()",
    "NotInAccessList()",
    "TimestampTooHigh()",
    "InvalidCrossDomainSender()",
    "InvalidERC7802()",
    "Unauthorized()",
    "ZeroAddress()",
    "InsufficientBalance()",
)
_BY_SELECTOR: Final[Mapping[bytes, str]] = {keccak(error.encode())[:4]: error.removesuffix("()") for error in _ERRORS}
_ALREADY_RELAYED: Final = keccak(b"MessageAlreadyRelayed()")[:4]


def explain(revert: bytes) -> str:
    """Revert bytes of a relay in words: of the predeploys, else of the target's own as far as they are known."""
    return _BY_SELECTOR.get(revert[:4]) or explain_revert(revert)


def is_already_relayed(revert: bytes) -> bool:
    """Whether a relay reverted because the message was delivered before."""
    return revert[:4] == _ALREADY_RELAYED

"""
Precompiles: the system contracts of a Nitro chain, and what they say.

Source: nitro-contracts 3.2.0, `precompiles/` and `node-interface/`; documentation of ArbOS.
"""

from xl2.core.types import address
from xl2_adapters.abi import Event, Method

ARB_SYS = address("0x0000000000000000000000000000000000000064")
RETRYABLES = address("0x000000000000000000000000000000000000006E")
#: Not a contract on chain: nodes answer for it in `eth_call` and `eth_estimateGas`.
NODE_INTERFACE = address("0x00000000000000000000000000000000000000C8")

WITHDRAW_ETHER = Method("withdrawEth(address)", "(uint256)")
SEND_TO_L1 = Method("sendTxToL1(address,bytes)", "(uint256)")
#: For callers without an address alone: number of sends, their root, and the nodes that the next will need.
SEND_TREE = Method("sendMerkleTreeState()", "(uint256,bytes32,bytes32[])")
SENT_TO_L1 = Event(
    "L2ToL1Tx(address,address indexed,uint256 indexed,uint256 indexed,uint256,uint256,uint256,uint256,bytes)"
)

REDEEM = Method("redeem(bytes32)", "(bytes32)")
KEEP_ALIVE = Method("keepalive(bytes32)", "(uint256)")
CANCEL = Method("cancel(bytes32)")
TIMEOUT = Method("getTimeout(bytes32)", "(uint256)")
TICKET_CREATED = Event("TicketCreated(bytes32 indexed)")
REDEEM_SCHEDULED = Event(
    "RedeemScheduled(bytes32 indexed,bytes32 indexed,uint64 indexed,uint64,address,uint256,uint256)"
)
LIFETIME_EXTENDED = Event("LifetimeExtended(bytes32 indexed,uint256)")
CANCELED = Event("Canceled(bytes32 indexed)")
#: What the precompile reverts with for a ticket that is not, or no longer, there.
NO_TICKET = Method("NoTicketWithID()").selector

OUTBOX_PROOF = Method("constructOutboxProof(uint64,uint64)", "(bytes32,bytes32,bytes32[])")
#: What the ticket's first try would take is this method's gas estimate.
ESTIMATE_TICKET = Method("estimateRetryableTicket(address,uint256,address,uint256,address,address,bytes)")

"""OP interop: messages and tokens between OP chains that share a dependency set, relayed with our own access lists."""

from xl2_adapters.op_stack.interop.access_list import Identifier, checksum, storage_keys
from xl2_adapters.op_stack.interop.backlog import Scope
from xl2_adapters.op_stack.interop.batch import BatchPolicy
from xl2_adapters.op_stack.interop.carrier import CarrierPolicy
from xl2_adapters.op_stack.interop.journal import Journal
from xl2_adapters.op_stack.interop.messages import AlreadyRelayed, Message, MessageExpired, Sent
from xl2_adapters.op_stack.interop.relay import Relay, RelayPolicy
from xl2_adapters.op_stack.interop.watch import WatchPolicy

__all__ = [
    "AlreadyRelayed",
    "BatchPolicy",
    "CarrierPolicy",
    "Identifier",
    "Journal",
    "Message",
    "MessageExpired",
    "Relay",
    "RelayPolicy",
    "Scope",
    "Sent",
    "WatchPolicy",
    "checksum",
    "storage_keys",
]

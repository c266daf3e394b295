"""
Access list: the identifier of a log on another chain becomes the storage keys that announce its use.

Pure. Promise: `CrossL2Inbox.validateMessage` finds its checksum's slot warm exactly for this identifier and payload;
the node reads the same keys and looks whether that log exists. Source: OP Stack specification, "interop/predeploys".
"""

from typing import Final

from attrs import field, frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, address, uint

_LOOKUP: Final = b"\x01"
_CHAIN_EXTENSION: Final = b"\x02"
_CHECKSUM: Final = b"\x03"
_LOW: Final = (1 << 64) - 1


@frozen(kw_only=True)
class Identifier:
    """Where a log stands: which contract on which chain, in which block, and which of its logs."""

    #: Contract that emitted it.
    origin: Address = field(converter=address)
    block: BlockNumber = field(validator=uint(64))
    #: Place among all logs of the block.
    log_index: int = field(validator=uint(32))
    #: Of the block.
    timestamp: Timestamp = field(validator=uint(64))
    #: EIP-155 id; the contract takes 256 bits.
    chain: ChainId = field(validator=uint(256))

    def fields(self) -> tuple[str, int, int, int, int]:
        """As the ABI's tuple wants it."""
        return "0x" + self.origin.hex(), self.block, self.log_index, self.timestamp, self.chain


def checksum(identifier: Identifier, payload: bytes) -> Hash32:
    """Commitment to a log: its place, its emitter and its payload (topics and data, joined)."""
    log_hash = keccak(identifier.origin + keccak(payload))
    placed = keccak(log_hash + bytes(12) + _place(identifier))
    return Hash32(_CHECKSUM + keccak(placed + identifier.chain.to_bytes(32))[1:])


def storage_keys(identifier: Identifier, payload: bytes) -> tuple[Hash32, ...]:
    """Keys under CrossL2Inbox: where the log is, the rest of a chain id past 64 bits, and the checksum."""
    chain = identifier.chain & _LOW
    lookup = Hash32(_LOOKUP + bytes(3) + chain.to_bytes(8) + _place(identifier))
    high = identifier.chain >> 64
    extension = (Hash32(_CHAIN_EXTENSION + bytes(7) + high.to_bytes(24)),) if high else ()
    return (lookup, *extension, checksum(identifier, payload))


def _place(identifier: Identifier) -> bytes:
    return identifier.block.to_bytes(8) + identifier.timestamp.to_bytes(8) + identifier.log_index.to_bytes(4)

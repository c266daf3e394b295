"""
Proofs: a message, or the outcome of a priority operation, with its way up to the log root of a batch.

Values only. Promise: nothing here is believed; `batches` verifies before it hands one out. `MessageProof.encode` is
what `LiveBatches` on L1 reads (protocol.md section 7).
"""

from attrs import field, frozen

from xl2.core.types import Address, Hash32, uint
from xl2.errors import ProofInvalid
from xl2_adapters.zk_stack.logs import L2Log, message_log, status_log

_MOST_NODES = 255


@frozen(kw_only=True)
class MessageProof:
    """A message of an account of the chain, in a batch."""

    batch: int = field(validator=uint(64))
    #: Place of its log in the batch's tree.
    index: int = field(validator=uint(64))
    #: Place of its transaction in the batch.
    tx_number: int = field(validator=uint(16))
    sender: Address
    message: bytes = field(repr=False)
    #: As the node told it: siblings from the leaf up, today behind a metadata word.
    path: tuple[Hash32, ...] = field(repr=False)

    @property
    def log(self) -> L2Log:
        """The log that stands for it."""
        return message_log(self.tx_number, self.sender, self.message)

    def encode(self) -> bytes:
        """
        Pack batch u64 ‖ index u64 ‖ transaction u16 ‖ n u8 ‖ n words ‖ message.

        Raises `ProofInvalid` for more than 255 words.
        """
        if len(self.path) > _MOST_NODES:
            raise ProofInvalid(f"a proof of {len(self.path)} words does not fit; {_MOST_NODES} do")
        front = self.batch.to_bytes(8) + self.index.to_bytes(8) + self.tx_number.to_bytes(2)
        return front + bytes([len(self.path)]) + b"".join(self.path) + self.message


@frozen(kw_only=True)
class OutcomeProof:
    """What became of a priority operation, in a batch."""

    batch: int = field(validator=uint(64))
    index: int = field(validator=uint(64))
    tx_number: int = field(validator=uint(16))
    canonical_hash: Hash32
    succeeded: bool
    path: tuple[Hash32, ...] = field(repr=False)

    @property
    def log(self) -> L2Log:
        """The log that tells it."""
        return status_log(self.tx_number, self.canonical_hash, succeeded=self.succeeded)

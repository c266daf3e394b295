"""
Header: a block as JSON-RPC tells it in, the RLP that its hash commits to out, with state root and time.

Promise: a header that leaves here hashes to the block hash it was given for, so a node cannot lie about a field.
Works for L1 and OP-Stack blocks of all forks from the Merge to Osaka; a block with fields from a later fork is refused
because the hash no longer fits. Which hash is the right one is left to whoever holds a checkpoint.
"""

from collections.abc import Mapping
from typing import Self

from attrs import frozen

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.types import BlockNumber, Hash32, Timestamp, hex_text
from xl2.errors import ProofInvalid

_BYTES = "bytes"
_NUMBER = "number"

#: Fields in the order of the RLP list, by their JSON-RPC names, and how each is written.
_FIELDS = (
    ("parentHash", _BYTES),
    ("sha3Uncles", _BYTES),
    ("miner", _BYTES),
    ("stateRoot", _BYTES),
    ("transactionsRoot", _BYTES),
    ("receiptsRoot", _BYTES),
    ("logsBloom", _BYTES),
    ("difficulty", _NUMBER),
    ("number", _NUMBER),
    ("gasLimit", _NUMBER),
    ("gasUsed", _NUMBER),
    ("timestamp", _NUMBER),
    ("extraData", _BYTES),
    ("mixHash", _BYTES),
    ("nonce", _BYTES),
)
#: Fields that forks appended; a block has the first few of them, without a gap.
_LATER_FIELDS = (
    ("baseFeePerGas", _NUMBER),  # London, EIP-1559
    ("withdrawalsRoot", _BYTES),  # Shanghai, EIP-4895; on the OP Stack from Isthmus the message passer's storage root
    ("blobGasUsed", _NUMBER),  # Cancun, EIP-4844
    ("excessBlobGas", _NUMBER),
    ("parentBeaconBlockRoot", _BYTES),  # Cancun, EIP-4788
    ("requestsHash", _BYTES),  # Prague, EIP-7685
)
_PARENT, _STATE_ROOT, _NUMBER_AT, _TIMESTAMP = 0, 3, 8, 11
_MAX_FIELDS = len(_FIELDS) + len(_LATER_FIELDS)


@frozen(kw_only=True)
class Header:
    """A block header whose hash has been checked."""

    #: What the hash commits to.
    encoded: bytes
    hash: Hash32
    parent_hash: Hash32
    number: BlockNumber
    state_root: Hash32
    timestamp: Timestamp

    @classmethod
    def parse(cls, encoded: bytes, *, block_hash: Hash32) -> Self:
        """Read a header from its RLP. Raises `ProofInvalid` unless it is one and hashes to `block_hash`."""
        found = keccak(encoded)
        if found != block_hash:
            raise ProofInvalid(f"header hashes to {hex_text(found)}, the block is {hex_text(block_hash)}")
        fields = rlp.items(rlp.decode(encoded, "header"), "header")
        if not len(_FIELDS) <= len(fields) <= _MAX_FIELDS:
            raise ProofInvalid(f"header has {len(fields)} fields, not {len(_FIELDS)} to {_MAX_FIELDS}")
        return cls(
            encoded=encoded,
            hash=block_hash,
            parent_hash=Hash32(rlp.word(fields[_PARENT], "parentHash of the header")),
            number=BlockNumber(rlp.uint(fields[_NUMBER_AT], 64, "number of the header")),
            state_root=Hash32(rlp.word(fields[_STATE_ROOT], "stateRoot of the header")),
            timestamp=Timestamp(rlp.uint(fields[_TIMESTAMP], 64, "timestamp of the header")),
        )

    @classmethod
    def of_block(cls, block: Mapping[str, object]) -> Self:
        """
        Header of a block as `eth_getBlockByHash` or `eth_getBlockByNumber` returned it.

        Raises `ProofInvalid` for a field that is missing or no hex, and if the fields do not hash to the block's own
        `hash`: the endpoint lies, or the block is of a fork this version does not know.
        """
        fields = [_field(block, *field) for field in _FIELDS]
        present = [field for field in _LATER_FIELDS if block.get(field[0]) is not None]
        if present != list(_LATER_FIELDS[: len(present)]):
            raise ProofInvalid(f"block has {[name for name, _ in present]}, and not the fields that forks added before")
        fields += [_field(block, *field) for field in present]
        return cls.parse(rlp.encode(fields), block_hash=Hash32(_field(block, "hash", _BYTES)))


def _field(block: Mapping[str, object], name: str, kind: str) -> bytes:
    """One field as it stands in the RLP: its bytes, or a number without leading zeros."""
    value = block.get(name)
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ProofInvalid(f"block has {name} = {value!r}, not hex")
    digits = value[2:]
    try:
        if kind == _BYTES:
            return bytes.fromhex(digits)
        number = int(digits, 16)
    except ValueError as bad:
        raise ProofInvalid(f"block has {name} = {value!r}, not hex") from bad
    return number.to_bytes((number.bit_length() + 7) // 8)

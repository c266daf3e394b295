"""
Transaction: an EIP-1559 transaction with storage keys of CrossL2Inbox in its access list, and its bytes.

Pure; the signature comes from a `Signer`. Promise: the bytes are those of EIP-2718 type 2 with the access list of
EIP-2930. When it is sent and with which nonce is left to `carrier`.
"""

from typing import Final

from attrs import field, frozen

from xl2.core import rlp
from xl2.core.types import Address, ChainId, Hash32, Wei, hex_text
from xl2.errors import ProofInvalid
from xl2_adapters.op_stack.interop.contracts import INBOX
from xl2_adapters.rpc import Json

_TYPE: Final = b"\x02"
_SIGNATURE: Final = 65


@frozen(kw_only=True)
class Unsigned:
    """What is to be signed."""

    chain: ChainId
    tx_nonce: int
    to: Address
    data: bytes = field(repr=False)
    gas_limit: int
    max_fee: Wei
    priority_fee: Wei
    #: Under CrossL2Inbox.
    keys: tuple[Hash32, ...] = field(default=(), repr=False)

    def preimage(self) -> bytes:
        """What the key signs the keccak-256 of."""
        return _TYPE + bytes(rlp.encode(self._fields()))

    def raw(self, signature: bytes) -> bytes:
        """
        The bytes that are broadcast; `signature`: r, s, v in 65 bytes, v 27 or 28.

        Raises `ProofInvalid` for what is no signature.
        """
        if len(signature) != _SIGNATURE or signature[64] not in (27, 28):
            raise ProofInvalid(f"the signer gave {len(signature)} bytes that are no signature with v 27 or 28")
        r, s = signature[:32].lstrip(b"\0"), signature[32:64].lstrip(b"\0")
        return _TYPE + rlp.encode([*self._fields(), _minimal(signature[64] - 27), r, s])

    def _fields(self) -> list[rlp.Item]:
        announced: list[rlp.Item] = [[INBOX, list(self.keys)]] if self.keys else []
        numbers = (self.chain, self.tx_nonce, self.priority_fee, self.max_fee, self.gas_limit)
        return [*map(_minimal, numbers), self.to, b"", self.data, announced]


def access_list(keys: tuple[Hash32, ...]) -> list[Json]:
    """The same access list as JSON-RPC has it, for calls that are only simulated."""
    announced: list[Json] = [hex_text(key) for key in keys]
    return [{"address": hex_text(INBOX), "storageKeys": announced}] if keys else []


def _minimal(number: int) -> bytes:
    """RLP's integer: big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8)

"""
Interop: accounts with their chain, as ERC-7930 writes them and ERC-7786 hands them over.

Promise: one account, one spelling: version 1, chain type EIP-155, a chain id of 1 to 8 bytes without leading zero, an
address of 20 bytes, and nothing after it. Anything else is refused, so that equal bytes mean equal accounts.
"""

from typing import Any, Self

from attrs import Attribute, field, frozen

from xl2.core.types import ADDRESS_SIZE, Address, ChainId, address, uint
from xl2.core.wire import Reader
from xl2.errors import InvalidInput

#: Version 1, chain type 0 (EIP-155).
_PREFIX = bytes.fromhex("00010000")
_MAX_CHAIN_SIZE = 8


def _chain(_: object, __: "Attribute[Any]", value: ChainId) -> None:
    if value == 0:
        raise InvalidInput("chain id is 0, which is no chain", field="chain", value=value)


@frozen(kw_only=True)
class InteropAddress:
    """An account on an EVM chain."""

    chain: ChainId = field(validator=[uint(64), _chain])
    account: Address = field(converter=address)

    def encode(self) -> bytes:
        """Write version and type 4 ‖ length u8 ‖ chain id ‖ length u8 ‖ address 20."""
        chain = self.chain.to_bytes((self.chain.bit_length() + 7) // 8)
        return b"".join((_PREFIX, len(chain).to_bytes(1), chain, ADDRESS_SIZE.to_bytes(1), self.account))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an address strictly. Raises `ProofInvalid` for any spelling but the one that `encode` writes."""
        read = Reader(data, "ERC-7930 address")
        read.expect(_PREFIX, "version and chain type")
        size = read.uint(1)
        read.check(1 <= size <= _MAX_CHAIN_SIZE, f"ERC-7930 address has a chain id of {size} bytes, not 1 to 8")
        chain = read.take(size)
        read.check(chain[0] != 0, f"ERC-7930 address has the chain id 0x{chain.hex()}, with a leading zero")
        read.expect(ADDRESS_SIZE.to_bytes(1), "length of the address")
        account = read.address()
        read.end()
        return cls(chain=ChainId(int.from_bytes(chain)), account=account)

"""
Interoperable addresses: (chain, account) to the bytes of ERC-7930 and back, for EVM chains.

Promise: one canonical form only; a leading zero, another type of chain or a byte left over is `InvalidInput`.
Source: ERC-7930: version u16 = 1 ‖ chain type u16 (0: eip155) ‖ length u8 ‖ chain id ‖ length u8 ‖ address.
"""

from xl2.core.types import ADDRESS_SIZE, Address, ChainId, hex_text
from xl2.errors import InvalidInput

_EIP155_V1 = bytes.fromhex("00010000")


def encode(chain: ChainId, account: Address) -> bytes:
    """Bytes of an account on an EVM chain."""
    reference = chain.to_bytes((chain.bit_length() + 7) // 8)
    return _EIP155_V1 + len(reference).to_bytes(1) + reference + ADDRESS_SIZE.to_bytes(1) + account


def parse(data: bytes) -> tuple[ChainId, Address]:
    """Chain and account. Raises `InvalidInput` for anything but the canonical form."""
    length = data[4] if len(data) > 4 else 0
    chain = ChainId(int.from_bytes(data[5 : 5 + length]))
    account = Address(data[-ADDRESS_SIZE:])
    if chain == 0 or data != encode(chain, account):
        raise InvalidInput(f"{hex_text(data)} is no EVM address of ERC-7930", field="recipient", value=data)
    return chain, account

"""
Transfer: what a token bridge says to its counterpart, as OpenZeppelin's `BridgeFungible` writes it.

Comes in: who sends how much to whom, or a message's payload. Goes out: the payload, or the transfer. Promise: only the
one canonical ABI encoding is read, so a payload shown to a user is the payload that moves his tokens. That the message
comes from the bridge, and what it may mint, is the bridge's rule.
"""

from typing import Self

from attrs import field, frozen
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from xl2.core.interop import InteropAddress
from xl2.core.types import Address, address, uint
from xl2.errors import InvalidInput, ProofInvalid

_TYPES = ("bytes", "bytes", "uint256")
#: Bridges book amounts in 112 bits.
AMOUNT_BITS = 112


@frozen(kw_only=True)
class Transfer:
    """Tokens that leave one account for another, on another chain."""

    #: Whose tokens were locked or burned; who gets them back if the transfer expires.
    sender: InteropAddress
    #: Account on the destination.
    recipient: Address = field(converter=address)
    #: In the token's smallest unit.
    amount: int = field(validator=uint(AMOUNT_BITS))

    def encode(self) -> bytes:
        """Write `abi.encode(bytes sender, bytes recipient, uint256 amount)`; the sender as ERC-7930."""
        return encode(_TYPES, (self.sender.encode(), self.recipient, self.amount))

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a payload. Raises `ProofInvalid` unless a bridge of ours would have written it so."""
        try:
            sender, recipient, amount = decode(_TYPES, payload)
            transfer = cls(sender=InteropAddress.parse(sender), recipient=recipient, amount=amount)
        # the decoder reads lengths of 2^64 and more as they come
        except (DecodingError, OverflowError, InvalidInput) as bad:
            raise ProofInvalid(f"payload is no transfer: {bad}") from bad
        if transfer.encode() != payload:
            raise ProofInvalid("payload is a transfer, but not in its canonical encoding")
        return transfer

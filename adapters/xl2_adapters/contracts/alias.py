"""Alias: who a contract on L1 is when its deposits speak on a rollup. The manual is `libraries/L1Alias.sol`."""

from xl2.core.types import Address

#: What OP Stack, Arbitrum and ZK Stack add to the address of a contract on L1 that sends a deposit.
_OFFSET = 0x1111000000000000000000000000000000001111


def speaker(contract: Address) -> Address:
    """Sender on a rollup of what this contract on L1 deposits. Addresses wrap, as the bridges' own sum does."""
    return Address(((int.from_bytes(contract) + _OFFSET) % (1 << 160)).to_bytes(20))


def behind(alias: Address) -> Address:
    """The contract on L1 that speaks as `alias` on a rollup."""
    return Address(((int.from_bytes(alias) - _OFFSET) % (1 << 160)).to_bytes(20))

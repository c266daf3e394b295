"""
Book: who lives at which address, as the configuration says.

In: chains, contracts and tokens of the configuration. Out: names for a review. Promise: an address that is not in the
book has no name here; nothing is looked up elsewhere, so a review cannot be talked into a friendly name by a contract.
"""

from collections.abc import Mapping

from attrs import field, frozen

from xl2.core.types import Address, Assurance, ChainId, checksum


@frozen(kw_only=True)
class Token:
    """An ERC-20 as the configuration describes it."""

    symbol: str
    decimals: int


@frozen(kw_only=True)
class Bridge:
    """A token bridge on one chain: what it moves, and at which class."""

    token: Address
    assurance: Assurance


@frozen(kw_only=True)
class Book:
    """Names of chains, roles of contracts, symbols of tokens."""

    chains: Mapping[ChainId, str] = field(factory=dict)
    #: Role (`Outbox`, `TokenBridge`, ...) by chain and address.
    roles: Mapping[tuple[ChainId, Address], str] = field(factory=dict)
    tokens: Mapping[tuple[ChainId, Address], Token] = field(factory=dict)
    bridges: Mapping[tuple[ChainId, Address], Bridge] = field(factory=dict)

    def chain(self, chain: ChainId) -> str:
        """The configuration's word for a chain, or that there is none."""
        return self.chains.get(chain, f"chain {chain}, which is not in the configuration")

    def knows(self, chain: ChainId) -> bool:
        """Whether the chain is in the configuration."""
        return chain in self.chains

    def role(self, chain: ChainId, account: Address) -> str | None:
        """Role of a contract, None for a stranger."""
        return self.roles.get((chain, account))

    def account(self, chain: ChainId, account: Address) -> str:
        """An address, and its role where it has one."""
        role = self.role(chain, account)
        return f"{checksum(account)} ({role})" if role else checksum(account)

    def units(self, chain: ChainId, token: Address, units: int) -> str:
        """An amount as people write it, where decimals are known; always with the plain number too."""
        known = self.tokens.get((chain, token))
        if known is None:
            return f"{units} units of token {checksum(token)}"
        whole, part = divmod(units, 10**known.decimals)
        fraction = f"{part:0{known.decimals}d}".rstrip("0") if part else ""
        return f"{whole}{'.' if fraction else ''}{fraction} {known.symbol} ({units} units)"

"""
Reviews: what a call means to the person who is to sign it, as values that a chain family can make.

Comes in: a transaction, and a book of who lives where, as the configuration says. Goes out: a `Meaning`. Promise of
whoever makes one: it says nothing that is not in the bytes or in the book; a value that moves money, power or time is
a field or a fact of it, and what cannot be read is said to be unreadable.
"""

from collections.abc import Callable, Mapping
from typing import Final

from attrs import field, frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.types import Address, Assurance, ChainId, Timestamp, Wei, checksum, hex_text
from xl2.ports.transactions import Transaction


@frozen(kw_only=True)
class Amount:
    """So many base units of one asset, and who may take or gets them."""

    #: Token contract; None is the chain's native currency.
    token: Address | None
    #: In the asset's smallest unit (wei for the native currency).
    units: int
    #: Who receives the amount, or is allowed to take it.
    to: Address
    #: True where the amount is an allowance and has not moved yet.
    allowance: bool = False


@frozen(kw_only=True)
class Caution:
    """Something that deserves a second look. `code` is stable, for policies; `text` is for people."""

    code: str
    text: str


def unexpected_value(tx: Transaction) -> tuple[Caution, ...]:
    """What to say of a call that takes no native value: what rides along is refused by the contract, or lost."""
    if not tx.value:
        return ()
    return (
        Caution(code="UNEXPECTED_VALUE", text=f"The call takes no value, yet {wei_and_ether(tx.value)} ride along."),
    )


@frozen(kw_only=True)
class Meaning:
    """What the calldata says, as far as it is known."""

    #: Role of the contract called (`Outbox`), or None: not one of the configuration's contracts.
    contract: str | None = None
    #: Name of the function, or None: unknown calldata, which is never guessed at.
    call: str | None = None
    #: One sentence.
    summary: str
    #: What the call carries: name and value, in the order a reader wants them.
    facts: tuple[tuple[str, str], ...] = ()
    amounts: tuple[Amount, ...] = ()
    #: Chain that a message goes to, and who is called or paid there.
    destination: ChainId | None = None
    recipient: Address | None = None
    #: Escrowed for whoever makes the message succeed.
    fee_wei: Wei = Wei(0)
    #: Last moment of delivery, on the destination's clock; 0 is never.
    expiry: Timestamp | None = None
    assurance: Assurance | None = None
    #: What becomes of the value if it goes wrong.
    on_failure: str = "If the transaction reverts, only its gas is spent."
    cautions: tuple[Caution, ...] = ()


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
    #: What the chains' families know of calls beside xl2's.
    families: tuple["Reviews", ...] = ()

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


@frozen(kw_only=True, eq=False)
class Reviews:
    """
    What a family knows of the calls of its rollups' own bridge, for the person who is to sign one.

    A call is named by the role of the contract and the function's signature. Its reader is given the transaction, the
    book and the decoded arguments; addresses come as text.
    """

    readers: Mapping[tuple[str, str], Callable[..., Meaning]] = field(factory=dict)
    #: Calls behind whose arguments a note may stand; their readers are given it last, empty or not.
    noted: frozenset[tuple[str, str]] = frozenset()
    #: Roles of contracts on the anchor, by the names that `ChainSettings.rollup` has for them ...
    anchor_roles: Mapping[str, str] = field(factory=dict)
    #: ... of those among these names that stand on the rollup itself ...
    rollup_roles: Mapping[str, str] = field(factory=dict)
    #: ... and at their fixed addresses on every rollup of the family.
    fixed_roles: Mapping[Address, str] = field(factory=dict)


#: Of a family whose rollups have no bridge of their own that xl2 uses.
NO_REVIEWS: Final = Reviews()


def shown_bytes(data: bytes, most: int = 36) -> str:
    """Bytes for a screen: whole when short, else the beginning and how much there is."""
    return hex_text(data) if len(data) <= most else f"{hex_text(data[:most])}… ({len(data)} bytes)"

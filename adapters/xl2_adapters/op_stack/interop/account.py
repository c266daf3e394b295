"""
Account: what our account on a destination can do now: its nonces, its money, and what gas costs there.

Promise: one request for all of it. Which nonces are ours in the journal is left to `carrier`.
"""

from collections.abc import Container, Iterator
from itertools import count

from attrs import frozen

from xl2.core.types import Address, Wei, checksum
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Call as Request


@frozen(kw_only=True)
class Price:
    """Caps of a transaction's fees (EIP-1559)."""

    max_fee: Wei
    priority_fee: Wei

    def replaces(self, old: "Price") -> "Price":
        """The lowest price, not below this one, at which a pool takes a replacement of `old`: pools want over 10 %."""
        return Price(
            max_fee=Wei(max(self.max_fee, old.max_fee * 9 // 8 + 1)),
            priority_fee=Wei(max(self.priority_fee, old.priority_fee * 9 // 8 + 1)),
        )


@frozen(kw_only=True)
class Account:
    """An account at the tip."""

    #: Nonces below it are used in blocks.
    used: int
    #: Nonces below it are used in blocks, or held by the node's pool without a gap.
    pending: int
    balance: Wei
    price: Price

    def free_nonces(self, ours: Container[int]) -> Iterator[int]:
        """Nonces that nobody holds, lowest first. `ours`: those of transactions of ours that are under way."""
        return (nonce for nonce in count(self.pending) if nonce not in ours)


async def account(evm: Evm, address: Address) -> Account:
    """Read an account at the tip."""
    who = checksum(address)
    block, tip, used, pending, balance = await evm.ask_many(
        [
            Request("eth_getBlockByNumber", ("latest", False)),
            Request("eth_maxPriorityFeePerGas"),
            Request("eth_getTransactionCount", (who, "latest")),
            Request("eth_getTransactionCount", (who, "pending")),
            Request("eth_getBalance", (who, "latest")),
        ]
    )
    base_fee = rpc_wire.quantity(rpc_wire.mapping(block, evm.endpoint).get("baseFeePerGas") or "0x0", evm.endpoint)
    priority_fee = rpc_wire.quantity(tip, evm.endpoint)
    return Account(
        used=rpc_wire.quantity(used, evm.endpoint),
        pending=rpc_wire.quantity(pending, evm.endpoint),
        balance=Wei(rpc_wire.quantity(balance, evm.endpoint)),
        # Twice the base fee survives six full blocks in a row.
        price=Price(max_fee=Wei(2 * base_fee + priority_fee), priority_fee=Wei(priority_fee)),
    )

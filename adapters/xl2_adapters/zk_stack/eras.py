"""
Eras: the calls of a ZK-stack chain's own bridge, as its contracts on L1 took them at first and as they do today.

Pure. What is to be asked comes in, (contract, calldata) goes out. Promise: one switch, made once from the settings:
where a `bridgehub` is named, deposits go through it and withdrawals come out of the nullifier; else the chain's Diamond
does both. What is proven, and the Diamond's getters, are the same in both. Sources: @matterlabs/zksync-contracts 0.6.1
(`IMailbox`, `IL1Bridge`) and 29.0.0 (`IBridgehub`, `IL1Nullifier`); tests compare the encodings with those ABIs. Only
the first was run against its contracts here.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import frozen

from xl2.core.types import Address, ChainId, Wei
from xl2.errors import ConfigInvalid
from xl2_adapters.abi import Method
from xl2_adapters.zk_stack.gas import GAS_PER_PUBDATA
from xl2_adapters.zk_stack.proofs import MessageProof

#: A view or a call: the contract on L1, and calldata.
Aimed = tuple[Address, bytes]

BASE_COST = Method("l2TransactionBaseCost(uint256,uint256,uint256)", "(uint256)")
REQUEST = Method("requestL2Transaction(address,uint256,bytes,uint256,uint256,bytes[],address)", "(bytes32)")
FINALIZE_ETHER = Method("finalizeEthWithdrawal(uint256,uint256,uint16,bytes,bytes32[])")
IS_ETHER_FINALIZED = Method("isEthWithdrawalFinalized(uint256,uint256)", "(bool)")

HUB_BASE_COST = Method("l2TransactionBaseCost(uint256,uint256,uint256,uint256)", "(uint256)")
HUB_REQUEST = Method(
    "requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))", "(bytes32)"
)
ASSET_ROUTER, NULLIFIER = Method("assetRouter()", "(address)"), Method("L1_NULLIFIER()", "(address)")
FINALIZE = Method("finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))")
IS_FINALIZED = Method("isWithdrawalFinalized(uint256,uint256,uint256)", "(bool)")


@frozen(kw_only=True)
class Request:
    """A priority operation that L1 is to be asked for."""

    to: Address
    value: Wei
    data: bytes
    gas_limit: int
    #: What goes along: `value`, the operation's gas, and what is refunded.
    paid: Wei
    refund_recipient: Address


class Era(Protocol):
    """One generation of the contracts."""

    @property
    def deposit_contract(self) -> Address:
        """Contract on L1 that takes deposits."""
        ...

    def base_cost(self, gas_price: Wei, gas_limit: int) -> Aimed:
        """View: wei that an operation's gas costs where L1's gas has this price."""
        ...

    def request(self, request: Request) -> Aimed:
        """Call, to carry `request.paid`: ask for an operation."""
        ...

    def finalize_ether(self, proof: MessageProof) -> Aimed:
        """Call: pay a withdrawal of ether out."""
        ...

    def is_ether_finalized(self, proof: MessageProof) -> Aimed:
        """View: whether it was paid out."""
        ...


@frozen(kw_only=True)
class DiamondEra:
    """The chain's own Diamond takes deposits and pays withdrawals (0.6.1, "blocks" for batches)."""

    diamond: Address

    @property
    def deposit_contract(self) -> Address:
        """The Diamond."""
        return self.diamond

    def base_cost(self, gas_price: Wei, gas_limit: int) -> Aimed:
        """See `Era`."""
        return self.diamond, BASE_COST.encode(gas_price, gas_limit, GAS_PER_PUBDATA)

    def request(self, request: Request) -> Aimed:
        """See `Era`."""
        fields: tuple[Any, ...] = (request.to, request.value, request.data, request.gas_limit, GAS_PER_PUBDATA, [])
        return self.diamond, REQUEST.encode(*fields, request.refund_recipient)

    def finalize_ether(self, proof: MessageProof) -> Aimed:
        """See `Era`."""
        shown = (proof.batch, proof.index, proof.tx_number, proof.message, list(proof.path))
        return self.diamond, FINALIZE_ETHER.encode(*shown)

    def is_ether_finalized(self, proof: MessageProof) -> Aimed:
        """See `Era`."""
        return self.diamond, IS_ETHER_FINALIZED.encode(proof.batch, proof.index)


@frozen(kw_only=True)
class BridgehubEra:
    """The bridgehub takes deposits for all its chains, and the nullifier pays withdrawals (29.0.0)."""

    chain: ChainId
    bridgehub: Address
    #: None: not named; the bridgehub's asset router knows it (`payouts`).
    nullifier: Address | None = None

    @property
    def deposit_contract(self) -> Address:
        """The bridgehub."""
        return self.bridgehub

    def base_cost(self, gas_price: Wei, gas_limit: int) -> Aimed:
        """See `Era`."""
        return self.bridgehub, HUB_BASE_COST.encode(self.chain, gas_price, gas_limit, GAS_PER_PUBDATA)

    def request(self, request: Request) -> Aimed:
        """See `Era`; for a chain whose gas is ether."""
        fields: tuple[Any, ...] = (
            self.chain, request.paid, request.to, request.value, request.data, request.gas_limit, GAS_PER_PUBDATA, [],
            request.refund_recipient,
        )  # fmt: skip
        return self.bridgehub, HUB_REQUEST.encode(fields)

    def finalize_ether(self, proof: MessageProof) -> Aimed:
        """See `Era`."""
        shown = (proof.batch, proof.index, proof.sender, proof.tx_number, proof.message, list(proof.path))
        return self._payer, FINALIZE.encode((self.chain, *shown))

    def is_ether_finalized(self, proof: MessageProof) -> Aimed:
        """See `Era`."""
        return self._payer, IS_FINALIZED.encode(self.chain, proof.batch, proof.index)

    @property
    def _payer(self) -> Address:
        if self.nullifier is None:
            raise ConfigInvalid(f"the nullifier of chain {self.chain} is not known", remedy="Name rollup.l1_nullifier.")
        return self.nullifier


def era_of(chain: ChainId, rollup: Mapping[str, Address]) -> Era:
    """
    The era of a chain, by its rollup's contracts: `diamond` alone, or with `bridgehub` (and `l1_nullifier`).

    Raises `ConfigInvalid` where the diamond is missing.
    """
    if "diamond" not in rollup:
        raise ConfigInvalid(
            f"chain {chain} has no contract 'diamond' of its rollup in its settings",
            remedy="Add rollup.diamond to the chain's settings.",
        )
    if "bridgehub" in rollup:
        return BridgehubEra(chain=chain, bridgehub=rollup["bridgehub"], nullifier=rollup.get("l1_nullifier"))
    return DiamondEra(diamond=rollup["diamond"])

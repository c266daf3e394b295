"""
Review: what a person or a policy sees before a transaction is signed.

In: a transaction that was read back from the very bytes to be signed, and what those bytes mean. Out: one frozen value
with a sentence, facts and cautions. Promise: a review says nothing that is not in the bytes or in the configuration;
what it does not know it calls unknown. Reading the bytes is left to `transaction` and `decode`, asking to `gate`.
"""

from attrs import field, frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.ports import Amount, Caution, Meaning


@frozen(kw_only=True)
class Review:
    """One transaction, before it is signed."""

    chain_id: ChainId
    #: The configuration's word for the chain.
    chain_name: str
    signer: Address
    #: None creates a contract.
    to: Address | None
    value_wei: Wei
    #: Most that the gas of this transaction can cost: gas limit x max fee per gas.
    max_gas_cost_wei: Wei
    tx_nonce: int
    meaning: Meaning
    #: The very bytes that will be hashed and signed (EIP-2718 type and RLP body).
    unsigned: bytes = field(repr=False)

    @property
    def summary(self) -> str:
        """The sentence to show first."""
        return self.meaning.summary

    @property
    def is_known(self) -> bool:
        """Whether contract and call are both known. A cautious policy refuses what is not."""
        return self.meaning.contract is not None and self.meaning.call is not None

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """All that deserves a second look."""
        return self.meaning.cautions

    def lines(self) -> list[tuple[str, str]]:
        """Name and value of all there is to know, for a screen."""
        meaning = self.meaning
        known = f"{meaning.contract or 'unknown contract'}, {meaning.call or 'unknown call'}"
        shown = [
            ("chain", f"{self.chain_name} ({self.chain_id})"),
            ("signer", checksum(self.signer)),
            ("contract", f"{checksum(self.to) if self.to else 'a new contract'}: {known}"),
            ("value", wei_and_ether(self.value_wei)),
            ("gas, at most", wei_and_ether(self.max_gas_cost_wei)),
            ("nonce", str(self.tx_nonce)),
            *meaning.facts,
            *(("amount", _amount(amount)) for amount in meaning.amounts),
            ("if it fails", meaning.on_failure),
        ]
        shown += [("caution", f"{caution.text} [{caution.code}]") for caution in meaning.cautions]
        return shown


def _amount(amount: Amount) -> str:
    units = amount.units
    what = wei_and_ether(units) if amount.token is None else f"{units} units of token {checksum(amount.token)}"
    verb = "may be taken by" if amount.allowance else "to"
    return f"{what} {verb} {checksum(amount.to)}"

"""
The edge to web3 and eth-account: a user's account becomes a signer, a user's `Web3` a chain's endpoint.

In: objects of those libraries. Out: values and ports of ours. Promise: this is the only module that knows either
library, and it is imported only where one of them is used; their errors do not pass it.
"""

from typing import Final

from attrs import field, frozen
from eth_account import Account
from eth_account.datastructures import SignedTransaction as EthSigned
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress, HexAddress, HexStr
from eth_typing import Hash32 as EthHash32

from xl2.core.hashing import keccak
from xl2.core.types import Address, checksum, hash32
from xl2.errors import InvalidInput
from xl2.ports import SignedTransaction, Transaction

#: r, s, v
_SIGNATURE_SIZE: Final = 65


@frozen
class AccountSigner:
    """A `Signer` over an eth-account account: keys in memory, deterministic signatures (RFC 6979)."""

    account: LocalAccount = field(repr=False)

    @property
    def address(self) -> Address:
        """Account of the key."""
        return Address(bytes.fromhex(self.account.address.removeprefix("0x")))

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign an EIP-1559 transaction. `what` is for reviews, which happen before."""
        del what
        signed: EthSigned = self.account.sign_transaction(
            {
                "type": 2,
                "chainId": transaction.chain,
                "nonce": transaction.tx_nonce,
                "to": ChecksumAddress(HexAddress(HexStr(checksum(transaction.to)))),
                "value": transaction.value,
                "data": transaction.data,
                "gas": transaction.gas_limit,
                "maxFeePerGas": transaction.max_fee,
                "maxPriorityFeePerGas": transaction.priority_fee,
            }
        )
        return SignedTransaction(
            transaction=transaction,
            sender=self.address,
            raw=bytes(signed.raw_transaction),
            hash=hash32(bytes(signed.hash)),
        )

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """Sign the keccak-256 of these bytes: r, s, v in 65 bytes, v 27 or 28, s in the lower half."""
        signature = bytes(self.account.unsafe_sign_hash(EthHash32(keccak(preimage))).signature)
        if len(signature) != _SIGNATURE_SIZE:
            raise InvalidInput(f"the account signed with {len(signature)} bytes, not {_SIGNATURE_SIZE}")
        return signature


def signer(key: str | bytes | LocalAccount) -> AccountSigner:
    """
    Make a signer of a private key (32 bytes or their hex text) or of an eth-account account.

    Raises `InvalidInput` for what is no key; the value is never repeated.
    """
    if isinstance(key, LocalAccount):
        return AccountSigner(key)
    try:
        return AccountSigner(Account.from_key(key))
    except (ValueError, TypeError) as bad:
        # `from None`: eth-account's own error shows the key.
        del bad
        raise InvalidInput(
            "this is no private key (its value is not shown)",
            field="key",
            remedy="Give 32 bytes, or 0x and 64 hex digits, or an eth-account account.",
        ) from None


def rpc_url(provider: object) -> str:
    """
    URL behind a user's `Web3` or `AsyncWeb3`, which our own client then speaks to.

    Raises `InvalidInput` for a provider that is not HTTP: reads are pinned to blocks and batched, so they go by HTTP.
    """
    # Whoever has a Web3 has paid for its import; who only signs need not.
    from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3  # noqa: PLC0415

    if isinstance(provider, (Web3, AsyncWeb3)):
        inner = provider.provider
        if isinstance(inner, (HTTPProvider, AsyncHTTPProvider)) and inner.endpoint_uri:
            return str(inner.endpoint_uri)
        raise InvalidInput(
            f"the provider is a {type(inner).__name__}, not an HTTP one",
            field="provider",
            remedy="Pass Web3(HTTPProvider(url)) or AsyncWeb3(AsyncHTTPProvider(url)), or the URL itself.",
        )
    raise InvalidInput(
        f"a {type(provider).__name__} is no Web3", field="provider", remedy="Pass a Web3, an AsyncWeb3, or a URL."
    )

"""
Remote: a signer of Web3Signer's kind, behind HTTP, as a `Signer`.

Comes in: a transaction, or bytes whose hash is to be signed. Goes out: what the signer made of it, compared with what
it was given by `signed`. Promise: nothing waits without a limit, no redirect is followed, the URL shows by its host
alone. A signer that does not answer is `KeyLost`; one that says no is `NotAccepted`; one that signs something else is
`WrongSignature`.

Which call signs what (docs.web3signer.consensys.io, JSON-RPC and REST): `eth_sign` puts "Ethereum Signed Message" in
front, so it can sign neither a transaction nor EIP-712; `POST /api/v1/eth1/sign/{public key}` signs the keccak-256 of
`data`, so it signs both, given the bytes before the hash; `eth_signTransaction` puts the chain id of the signer's own
command line into the transaction, so it serves one chain.
"""

from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
from eth_keys.datatypes import PublicKey
from eth_utils.exceptions import ValidationError

from xl2.core.types import Address, checksum, hex_text
from xl2.errors import ConfigInvalid, KeyLost, NotAccepted
from xl2.mask import masked
from xl2.ports import KeySettings, SignedTransaction, Signer, Transaction
from xl2_adapters.keys.signed import assembled, checked, compared, preimage_of
from xl2_adapters.rpc_wire import endpoint_name

ETH1_SIGN: Final = "eth1_sign"
_SIGN_PATH: Final = "/api/v1/eth1/sign/"
_KEYS_PATH: Final = "/api/v1/eth1/publicKeys"
_MAX_BYTES: Final = 4 << 20
_QUOTED: Final = 200


def remote(key: KeySettings) -> Signer:
    """Make a signer; nothing is asked before something is to be signed. Raises `ConfigInvalid`."""
    if key.address is None:
        raise ConfigInvalid(
            f"keys.{key.name}: a remote key needs its address",
            remedy="Add `address`; what is signed is compared with it.",
        )
    key.hide(str(key.table["remote"]))
    return RemoteSigner(
        key.name,
        str(key.table["remote"]),
        key.address,
        by_hash=key.table.get("transactions") == ETH1_SIGN,
        timeout_seconds=float(key.table.get("timeout_seconds", 10.0)),
    )


class RemoteSigner:
    """A key that another process keeps. Implements `xl2.ports.Signer`."""

    def __init__(self, key: str, url: str, account: Address, *, by_hash: bool, timeout_seconds: float) -> None:
        """`key`: its name. `by_hash`: sign transactions by `eth1/sign`, on any chain."""
        self._key = key
        self._url = url.rstrip("/")
        self._name = endpoint_name(url)
        self._address = account
        self._by_hash = by_hash
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._public_key: str | None = None

    def __repr__(self) -> str:
        """Key, host and account: what may be shown."""
        return f"RemoteSigner({self._key}, {self._name}, {checksum(self._address)})"

    @property
    def address(self) -> Address:
        """Account of the configuration; whatever is signed is compared with it."""
        return self._address

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Have these very fields signed. `what` is for reviews, which happen before."""
        del what
        if self._by_hash:
            signature = await self.sign_hash_of(preimage_of(transaction))
            return assembled(transaction, signature, self._address)
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_signTransaction",
            "params": [_request(transaction, self.address)],
        }
        return compared(self._hex(self._result(await self._ask("/", asked))), transaction, self._address)

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """Have the keccak-256 of these bytes signed."""
        if self._public_key is None:
            self._public_key = await self._find_public_key()
        body = await self._ask(_SIGN_PATH + self._public_key, {"data": hex_text(preimage)})
        return checked(self._hex(body.decode("utf-8", "replace").strip()), preimage, self._address)

    async def _find_public_key(self) -> str:
        """The signer names keys by public key; ours is the one whose account is ours."""
        for known in self._listed(await self._ask(_KEYS_PATH, None)):
            try:
                found = PublicKey(bytes.fromhex(known.removeprefix("0x")))
            except (ValueError, ValidationError):
                continue
            if found.to_canonical_address() == self._address:
                return known
        raise self._lost(f"has no key of {checksum(self._address)}")

    def _listed(self, body: bytes) -> list[str]:
        try:
            listed = orjson.loads(body)
        except orjson.JSONDecodeError:
            listed = None
        if not isinstance(listed, list):
            raise self._lost("did not answer with a list of public keys")
        return [one for one in listed if isinstance(one, str)]

    async def _ask(self, path: str, question: dict[str, Any] | None) -> bytes:
        """POST a question, or GET where there is none. Raises `KeyLost`, and `NotAccepted` for a plain no."""
        method, headers = ("GET", None) if question is None else ("POST", {"Content-Type": "application/json"})
        data = None if question is None else orjson.dumps(question)
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.request(
                    method, self._url + path, data=data, headers=headers, allow_redirects=False
                ) as response,
            ):
                body = await _whole(response)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # `from None`: aiohttp's error shows the URL.
            raise self._lost(f"does not answer ({type(error).__name__})") from None
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise NotAccepted(f"keys.{self._key}: the signer {self._name} refused with HTTP {status}")
        if status != HTTPStatus.OK:
            raise self._lost(f"answered with HTTP {status}")
        return body

    def _result(self, body: bytes) -> str:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise self._lost("did not answer with JSON-RPC")
        error = answer.get("error")
        if error is not None:
            said = masked(str(error.get("message") if isinstance(error, dict) else error))[:_QUOTED]
            raise NotAccepted(
                f"keys.{self._key}: the signer {self._name} refused: {said!r}",
                remedy=f"See the signer's own log; it must hold the key of {checksum(self._address)}.",
            )
        return str(answer.get("result"))

    def _hex(self, text: str) -> bytes:
        try:
            return bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            raise self._lost(f"answered with {masked(text)[:40]!r}, which is no hex") from None

    def _lost(self, what: str) -> KeyLost:
        return KeyLost(
            f"keys.{self._key}: the signer {self._name} {what}",
            key=self._key,
            remedy="Bring the signer back, or correct `remote`; nothing was signed, and what is seen is remembered.",
        )


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, up to a limit: what is longer is no answer, and fails where it is read."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_BYTES:
            break
    return body


def _request(transaction: Transaction, sender: Address) -> dict[str, str]:
    """The transaction as `eth_signTransaction` takes it. Web3Signer puts its own chain id in; others take ours."""
    return {
        "from": hex_text(sender),
        "to": hex_text(transaction.to),
        "chainId": hex(transaction.chain),
        "nonce": hex(transaction.tx_nonce),
        "gas": hex(transaction.gas_limit),
        "maxFeePerGas": hex(transaction.max_fee),
        "maxPriorityFeePerGas": hex(transaction.priority_fee),
        "value": hex(transaction.value),
        "data": hex_text(transaction.data),
    }

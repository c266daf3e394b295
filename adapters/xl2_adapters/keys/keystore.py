"""
Keystore: a file of version 3 (Web3 Secret Storage) and its password become a signer.

Promise: what is wrong (no such file, read by everybody, no keystore, wrong password, another account) is said when it
is opened, with file, key and mend, and without password or key. A file that is only not there yet, under a known
account, makes a signer all the same: it is opened when something is signed, and `KeyLost` is said until then.
Source: ethereum.org "Web3 Secret Storage Definition"; decryption by eth-account.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

import orjson
from eth_account import Account

from xl2.core.types import Address
from xl2.errors import ConfigInvalid, KeyLost
from xl2.ports import KeySettings, SignedTransaction, Signer, Transaction
from xl2_adapters.keys.account import same_account
from xl2_adapters.keys.password import password_of, private_bytes
from xl2_adapters.web3_edge import AccountSigner, signer

_MAX_BYTES: Final = 65_536
_VERSION: Final = 3
#: Most memory that a file may ask for, in bytes; common ones ask for 256 MiB.
_MAX_SCRYPT_BYTES: Final = 1 << 30
_MAX_PBKDF2_ROUNDS: Final = 20_000_000


def keystore(key: KeySettings) -> Signer:
    """Open a keystore. Raises `ConfigInvalid`."""
    try:
        return _opened(key)
    except KeyLost as lost:
        if key.address is None:
            raise ConfigInvalid(lost.what, remedy=lost.remedy) from lost
        return LaterKeystore(key, key.address, lost)


class LaterKeystore:
    """A keystore that could not be read at the start. Implements `xl2.ports.Signer` and `xl2.ports.OpenedLater`."""

    def __init__(self, key: KeySettings, account: Address, lost: KeyLost) -> None:
        """Nothing is opened before something is signed. `lost`: why it was not opened now."""
        self._lost = lost
        self._key = key
        self._address = account
        self._found: AccountSigner | None = None
        self._turn = asyncio.Lock()

    @property
    def address(self) -> Address:
        """Account that the configuration says it is; compared with the file before anything is signed."""
        return self._address

    @property
    def not_opened(self) -> KeyLost | None:
        """Why it is not opened yet; None: it is."""
        return self._lost if self._found is None else None

    async def sign_transaction(self, transaction: Transaction, what: str) -> SignedTransaction:
        """Sign. Raises `KeyLost` while the file cannot be read."""
        return await (await self._signer()).sign_transaction(transaction, what)

    async def sign_hash_of(self, preimage: bytes) -> bytes:
        """Sign. Raises `KeyLost` while the file cannot be read."""
        return await (await self._signer()).sign_hash_of(preimage)

    async def _signer(self) -> AccountSigner:
        async with self._turn:
            if self._found is None:
                # Deriving the key takes a second of processor on purpose.
                self._found = await asyncio.to_thread(_opened, self._key)
            return self._found


def _opened(key: KeySettings) -> AccountSigner:
    path = key.folder / key.table["keystore"]
    content = _content(key, path)
    password = password_of(key)
    key.hide(password)
    try:
        secret = Account.decrypt(content, password)
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError, ArithmeticError) as bad:
        # `from None`: a frame of eth-account's error holds the password.
        raise _not_opened(key, path, bad) from None
    key.hide(bytes(secret).hex())
    made = signer(bytes(secret))
    same_account(key, made.address, f"the keystore {path}")
    return made


def _content(key: KeySettings, path: Path) -> dict[str, Any]:
    try:
        text = private_bytes(key, path, "the keystore", _MAX_BYTES)
    except OSError as error:
        what = f"keys.{key.name}: the keystore {path} cannot be read: {error.strerror}"
        remedy = (
            f"Put the file there, correct `keystore` of keys.{key.name}, or who may read it; "
            "`xl2 keys new FILE` makes a new one."
        )
        raise KeyLost(what, key=key.name, remedy=remedy) from error
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    wrong = _wrong_with(found)
    if wrong:
        raise ConfigInvalid(
            f"keys.{key.name}: {path} is no keystore of version {_VERSION}: {wrong}",
            remedy="Name a keystore made by `xl2 keys new`, geth, clef or eth-account.",
        )
    content: dict[str, Any] = found
    return content


def _wrong_with(found: Any) -> str:
    """Why this is no keystore that can be opened here; empty where it is one."""
    if not isinstance(found, dict):
        return "it is no JSON object"
    lower = {str(name).lower(): value for name, value in found.items()}
    if lower.get("version") != _VERSION:
        return f"its version is {lower.get('version')!r}"
    crypto = lower.get("crypto")
    parameters = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    return _too_much(parameters) if isinstance(parameters, dict) else "it has no crypto.kdfparams"


def _too_much(parameters: dict[str, Any]) -> str:
    """Why opening the file is more work than is done here; empty where it is not."""
    numbers = {name: parameters.get(name, 0) for name in ("n", "r", "p", "c", "dklen")}
    if not all(type(number) is int and number >= 0 for number in numbers.values()):
        return "its kdfparams are no numbers"
    # Whoever wrote the file chooses how much work opening it is; there is an end to that.
    if 128 * numbers["n"] * numbers["r"] * max(numbers["p"], 1) > _MAX_SCRYPT_BYTES:
        return f"its scrypt parameters ask for more than {_MAX_SCRYPT_BYTES >> 20} MiB"
    if numbers["c"] > _MAX_PBKDF2_ROUNDS:
        return f"it asks for {numbers['c']} rounds of pbkdf2"
    return ""


def _not_opened(key: KeySettings, path: Path, bad: Exception) -> ConfigInvalid:
    if "MAC mismatch" in str(bad):
        return ConfigInvalid(
            f"keys.{key.name}: the keystore {path} does not open with this password",
            remedy="Correct the password; the file itself is whole.",
        )
    return ConfigInvalid(
        f"keys.{key.name}: the keystore {path} cannot be opened ({type(bad).__name__})",
        remedy="It is damaged, or made by something unusual: take it from a backup, or export it anew.",
    )

"""
Making: a new private key, or one that is brought, becomes a keystore.

Promise: the file is written whole or not at all, readable by this user alone, and never over another. Entry point
`keystores` of the group `xl2.edges`.
"""

import secrets
from pathlib import Path

import orjson
from eth_account import Account

from xl2 import whole
from xl2.core.types import Address
from xl2.errors import InvalidInput
from xl2.ports import KeySettings
from xl2_adapters.keys.password import password_of
from xl2_adapters.web3_edge import signer


def password_from(*, file: Path | None, descriptor: int | None) -> str:
    """A password from a file or a descriptor. Raises `ConfigInvalid`."""
    table = {"password_file": file, "password_fd": descriptor}
    return password_of(KeySettings(name="", address=None, folder=Path(), table=table))


def make(path: Path, password: str, key: str | None = None, *, work: int | None = None) -> Address:
    """
    Write a keystore; the account.

    :param key: the private key in hex; None: a new one.
    :param work: rounds of scrypt, a power of two; eth-account's own choice unless given.
    :raises InvalidInput: the key is none, the password is empty, or there is a file already.
    """
    if not password or "\n" in password:
        raise InvalidInput("the password is empty, or more than one line", field="password")
    if key is None:
        key = "0x" + secrets.token_hex(32)
    account = signer(key.strip()).address
    content = Account.encrypt(bytes.fromhex(key.strip().removeprefix("0x")), password, kdf="scrypt", iterations=work)
    _write(path, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return account


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never over a file that is there."""
    try:
        whole.write_new(path, content)
    except FileExistsError:
        raise InvalidInput(
            f"there is a file {path} already, and a key in it would be lost",
            field="file",
            value=str(path),
            remedy="Name another file.",
        ) from None
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror}"
        remedy = "Name a file in a folder that exists and may be written."
        raise InvalidInput(what, field="file", value=str(path), remedy=remedy) from error

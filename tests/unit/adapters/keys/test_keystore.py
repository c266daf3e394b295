"""A keystore opens with its password and with nothing else, and whatever is wrong is said without a secret."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from xl2.core.hashing import keccak
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.errors import ConfigInvalid, KeyLost
from xl2.ports import KeySettings, Transaction
from xl2_adapters.keys.keystore import keystore
from xl2_adapters.keys.signed import checked, compared

KEY = "0x" + "c0ffee" + "1d" * 29
PASSWORD = "swordfish über alles"
ACCOUNT = Address(bytes.fromhex(Account.from_key(KEY).address[2:]))
TRANSACTION = Transaction(
    chain=ChainId(901), tx_nonce=7, to=ACCOUNT, data=b"\x01\x02", value=Wei(3), gas_limit=50_000, max_fee=Wei(9),
    priority_fee=Wei(1),
)  # fmt: skip
#: The pbkdf2 example of the "Web3 Secret Storage Definition".
DEFINITION = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


def written(path: Path, content: Mapping[str, Any] | str | bytes, mode: int = 0o600) -> Path:
    data = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "key.json", Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, kdf="scrypt", iterations=1 << 10))
    written(tmp_path / "password", PASSWORD + "\n")
    return tmp_path


def settings(folder: Path, address: Address | None = None, **table: Any) -> KeySettings:
    table = {"keystore": Path("key.json"), "password_file": Path("password"), **table}
    return KeySettings(name="relayer", address=address, folder=folder, table=table)


def refusal(key: KeySettings) -> str:
    with pytest.raises(ConfigInvalid) as refused:
        keystore(key)
    said = f"{refused.value.what} {refused.value.remedy}"
    assert "keys.relayer" in said
    assert PASSWORD not in said
    assert KEY[2:] not in said
    return said


async def test_a_keystore_of_eth_account_signs_as_its_account(folder: Path) -> None:
    signer = keystore(settings(folder))

    signed = await signer.sign_transaction(TRANSACTION, "a test")

    assert signer.address == ACCOUNT
    assert compared(signed.raw, TRANSACTION, ACCOUNT) == signed
    assert checked(await signer.sign_hash_of(b"some bytes"), b"some bytes", ACCOUNT)
    assert keccak(signed.raw) == signed.hash


def test_the_example_of_the_definition_opens(tmp_path: Path) -> None:
    written(tmp_path / "key.json", DEFINITION)
    written(tmp_path / "password", "testpassword\r\n")

    found = keystore(settings(tmp_path)).address

    theirs = Account.from_key("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
    assert checksum(found) == theirs.address


def test_the_password_may_come_from_a_file_descriptor_once_for_the_process(folder: Path) -> None:
    read, write = os.pipe()
    os.write(write, PASSWORD.encode())
    os.close(write)
    key = settings(folder, password_file=None, password_fd=read)

    assert keystore(key).address == ACCOUNT
    assert keystore(key).address == ACCOUNT


def test_a_descriptor_that_is_not_open_is_refused_with_how_to_open_one(folder: Path) -> None:
    said = refusal(settings(folder, password_file=None, password_fd=987))

    assert "987<" in said


def test_nobody_is_asked_where_there_is_no_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    assert "no terminal" in refusal(settings(folder, password_file=None, prompt=True))


def test_who_sits_at_a_terminal_is_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answered(words: str) -> str:
        asked.append(words)
        return PASSWORD

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", answered)

    assert keystore(settings(folder, password_file=None, prompt=True)).address == ACCOUNT
    assert asked == ["Password of keys.relayer: "]


def test_a_wrong_password_is_said_as_one(folder: Path) -> None:
    written(folder / "password", "sesame")

    assert "does not open with this password" in refusal(settings(folder))


@pytest.mark.parametrize("name", ["key.json", "password"])
def test_what_everybody_may_read_is_refused_with_the_mend(folder: Path, name: str) -> None:
    (folder / name).chmod(0o644)

    said = refusal(settings(folder))

    assert "has mode 0644" in said
    assert f"chmod 600 {folder / name}" in said


@pytest.mark.parametrize("name", ["key.json", "password"])
def test_a_file_that_is_not_there_is_said_with_its_path(folder: Path, name: str) -> None:
    (folder / name).unlink()

    said = refusal(settings(folder))

    assert str(folder / name) in said
    assert "No such file" in said


async def test_a_keystore_that_comes_later_signs_later(folder: Path) -> None:
    (folder / "key.json").rename(folder / "elsewhere")

    signer = keystore(settings(folder, ACCOUNT))

    assert signer.address == ACCOUNT
    with pytest.raises(KeyLost, match="cannot be read"):
        await signer.sign_hash_of(b"")
    (folder / "elsewhere").rename(folder / "key.json")
    assert checked(await signer.sign_hash_of(b""), b"", ACCOUNT)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no JSON object"),
        (b"\xff\xfe", "no JSON object"),
        ("[]", "no JSON object"),
        ({"version": 4}, "its version is 4"),
        ({"version": 3}, "no crypto.kdfparams"),
        ({"version": 3, "crypto": {"kdfparams": {"n": "1"}}}, "no numbers"),
        ({"version": 3, "crypto": {"kdfparams": {"n": 1 << 24, "r": 8, "p": 1}}}, "more than 1024 MiB"),
        ({"version": 3, "crypto": {"kdfparams": {"c": 1 << 40}}}, "rounds of pbkdf2"),
        ({"version": 3, "crypto": {"kdfparams": {}}}, "cannot be opened (KeyError)"),
        ({**DEFINITION, "crypto": {**DEFINITION["crypto"], "ciphertext": "zz"}}, "cannot be opened"),  # type: ignore[dict-item]
        ({**DEFINITION, "crypto": {**DEFINITION["crypto"], "kdf": "none"}}, "cannot be opened"),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_keystore_is_refused_with_why(folder: Path, content: Any, sentence: str) -> None:
    written(folder / "key.json", content)

    assert sentence in refusal(settings(folder))


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xff", b"x" * 5_000])
def test_what_is_no_password_is_refused(folder: Path, content: bytes) -> None:
    written(folder / "password", content)

    assert "holds no password" in refusal(settings(folder))


def test_the_key_of_another_account_is_refused(folder: Path) -> None:
    other = Address(bytes(19) + b"\x01")

    said = refusal(settings(folder, other))

    assert checksum(other) in said
    assert checksum(ACCOUNT) in said


def test_what_was_found_on_the_way_is_hidden_from_logs(folder: Path) -> None:
    hidden: list[str] = []
    table = {"keystore": Path("key.json"), "password_file": Path("password")}

    keystore(KeySettings(name="relayer", address=None, folder=folder, table=table, hide=hidden.append))

    assert hidden == [PASSWORD, KEY[2:]]

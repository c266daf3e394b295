"""What the configuration says of a key is read strictly, and none of its values is repeated."""

import json
from pathlib import Path

import attrs
import pytest

from tests.unit.config.files import written
from xl2.config import Config, load, secrets_in
from xl2.config.keys import Keystore, PluginKey, RemoteKey, opened_by
from xl2.core.types import Address
from xl2.errors import ConfigInvalid, NotFound
from xl2.plain import plain

CHAIN = '[chains.a]\nchain_id = 901\nfamily = "op"\nrpc_url = "http://me:pw-of-rpc@127.0.0.1:8545/path-with-key"\n'
ACCOUNT = Address(b"\x31" * 20)
AT = f'address = "0x{ACCOUNT.hex()}"'


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    return load(written(folder, CHAIN + text), environ or {})


def test_a_keystore_a_remote_signer_and_a_plug_in_are_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        f"""
[keys.a]
keystore = "a.json"
password_file = "a.password"
[keys.b]
remote = "https://signer:9000"
{AT}
transactions = "eth1_sign"
[keys.c]
plugin = "hsm"
{AT}
slot = 3
""",
    )

    assert config.keys["a"] == Keystore(keystore=Path("a.json"), password_file=Path("a.password"))
    assert isinstance(config.keys["b"], RemoteKey)
    assert opened_by(config.keys["b"]) == (
        "remote",
        {"remote": "https://signer:9000", "transactions": "eth1_sign", "timeout_seconds": 10.0},
    )
    assert config.keys["c"] == PluginKey(plugin="hsm", address=ACCOUNT, table={"slot": 3})
    assert opened_by(config.keys["c"]) == ("hsm", {"slot": 3})


def test_the_environment_reaches_into_a_keys_table(tmp_path: Path) -> None:
    config = read(tmp_path, '[keys.a]\nkeystore = "a.json"\n', {"XL2_KEYS__A__PASSWORD_FD": "3"})

    assert config.keys["a"] == Keystore(keystore=Path("a.json"), password_fd=3)
    given = {"XL2_KEYS__A__PASSWORD_FILE": "/run/credentials/relayer-password"}
    assert read(tmp_path, '[keys.a]\nkeystore = "a.json"\n', given).keys["a"] == Keystore(
        keystore=Path("a.json"), password_file=Path("/run/credentials/relayer-password")
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[keys.a]\nkeystore = "k"', "xl2.toml:5: keys.a: a keystore has one of password_file, password_fd, prompt"),
        ('[keys.a]\nkeystore = "k"\nprompt = true\npassword_fd = 3', "not 2"),
        ('[keys.a]\nkeystore = "k"\npassword_fd = -1', "keys.a.password_fd: -1 is no file descriptor"),
        ('[keys.a]\nkeystore = "k"\npassword = "open sesame"', "keys.a.password: unknown key: password"),
        ('[keys.a]\nprivate_key = "open sesame"', "keys.a: a key's table has one of keystore, remote, plugin"),
        ('[keys.a]\nkeystore = "k"\nremote = "open sesame"', "this one has 2 of them"),
        ('[keys]\na = ["open sesame"]', "neither text nor a table"),
        ('[keys.a]\nremote = "http://x"', "xl2.toml:5: keys.a.address: the key 'address' is missing"),
        (f'[keys.a]\nremote = "open sesame"\n{AT}', "keys.a.remote: its URL begins with http:// or https://"),
        (
            f'[keys.a]\nremote = "http://x"\n{AT}\ntransactions = "eth_sign"',
            "neither eth_signTransaction nor eth1_sign",
        ),
        (f'[keys.a]\nremote = "http://x"\n{AT}\ntimeout_seconds = 0', "0.0 is no time to wait"),
        ("[keys.a]\nplugin = 3", "keys.a.plugin: 3 is not text"),
        ('[keys]\na = "open sesame"', "keys.a: a private key is 0x and 64 hex digits"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_with_its_line_and_not_its_value(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(tmp_path, text)

    assert sentence in refused.value.what
    assert "sesame" not in refused.value.what


def test_a_key_that_another_keeps_is_never_given_out(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="another keeps it"):
        read(tmp_path, '[keys.a]\nkeystore = "k"\nprompt = true').secret("a")


def test_every_secret_of_a_tree_is_found_and_none_shows(tmp_path: Path) -> None:
    key = "0x" + "9e" * 32
    config = read(
        tmp_path,
        f'[keys.b]\nremote = "http://me:pw-of-signer@signer"\n{AT}\n[keys.c]\nplugin = "hsm"\npin = "pin-of-hsm"\n',
        {"XL2_KEYS__A": key, "XL2_RELAYER__TOKEN": "token-of-the-view"},
    )

    found = " ".join(secrets_in(config))

    for secret in (key, "pw-of-rpc", "path-with-key", "pw-of-signer", "pin-of-hsm", "token-of-the-view"):
        assert secret in found
        assert secret not in f"{config!r} {config} {config.keys} {[str(one) for one in config.keys.values()]}"
        assert secret not in json.dumps(plain(config))
        assert secret not in json.dumps(attrs.asdict(config), default=str)
        assert secret not in str(list(config.settings()))

"""Keys: whoever keeps one is found by name, nobody's key signs for another account, and known keys stay on devnets."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.heard import Heard
from xl2.app import installed as room
from xl2.app.attesters import Attesters
from xl2.app.clients import signer_of
from xl2.app.development_keys import ACCOUNTS, DEVNET_IDS
from xl2.app.doctor import _key, _keys_elsewhere
from xl2.app.keys import account_of, open_key
from xl2.app.paying import watched_signer
from xl2.config import Config, load
from xl2.core.types import Address, address
from xl2.errors import ConfigInvalid, KeyLost, NotFound
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind, KeySettings
from xl2.testing import MemorySigner
from xl2_devnet import accounts

OWN = "0x" + "b0b" + "7" * 61
OWN_ACCOUNT = address(Account.from_key(OWN).address)
KNOWN = accounts.account("alice").private_key
CHAIN = '[chains.{name}]\nchain_id = {chain}\nfamily = "op"\nrpc_url = "http://127.0.0.1:1"\n'


def config(folder: Path, text: str = "", *, chains: tuple[int, ...] = (901,), **environ: str) -> Config:
    path = folder / "xl2.toml"
    path.write_text("".join(CHAIN.format(name=f"c{chain}", chain=chain) for chain in chains) + text, encoding="utf-8")
    return load(path, {f"XL2_KEYS__{name.upper()}": value for name, value in environ.items()})


def test_a_raw_key_comes_from_the_environment(tmp_path: Path) -> None:
    read = config(tmp_path, user=OWN)

    assert open_key(read, "user").address == OWN_ACCOUNT == account_of(read, "user")


@pytest.mark.parametrize("password", ['password_file = "secret"', "password_fd = 99"])
def test_a_keystore_is_opened_from_the_folder_of_the_configuration(tmp_path: Path, password: str) -> None:
    (tmp_path / "key.json").write_text(
        json.dumps(Account.encrypt(bytes.fromhex(OWN[2:]), "sesame", kdf="scrypt", iterations=1 << 10))
    )
    (tmp_path / "secret").write_text("sesame")
    for name in ("key.json", "secret"):
        (tmp_path / name).chmod(0o600)
    read = config(tmp_path, f'[keys.user]\nkeystore = "key.json"\n{password}\n')

    assert account_of(read, "user") is None
    if "fd" in password:
        with pytest.raises(ConfigInvalid, match=r"keys\.user: file descriptor 99"):
            open_key(read, "user")
    else:
        assert open_key(read, "user").address == OWN_ACCOUNT
        assert signer_of(read)().address == OWN_ACCOUNT


def test_the_account_of_a_key_elsewhere_is_known_without_asking_anybody(tmp_path: Path) -> None:
    table = f'[keys.user]\nremote = "http://127.0.0.1:9"\naddress = "0x{OWN_ACCOUNT.hex()}"\n'

    assert account_of(config(tmp_path, table), "user") == OWN_ACCOUNT


def test_attesters_are_told_without_opening_what_may_ask_for_a_password(tmp_path: Path) -> None:
    text = f"""
[[chains.c901.verifiers]]
number = 0
kind = "attested"
address = "0x{"11" * 20}"
signers = ["0x{OWN_ACCOUNT.hex()}"]
threshold = 1
[keys.mine]
keystore = "there-is-none.json"
prompt = true
"""
    read = config(tmp_path, text, attester=OWN)

    assert [one.address for one in Attesters(read, {}).of(next(iter(read.settings())))] == [OWN_ACCOUNT]


@pytest.fixture(autouse=True)
def looked_for_anew() -> Iterator[None]:
    """What one test installs is there for no other."""
    room.installed.cache_clear()
    yield
    room.installed.cache_clear()


def test_what_is_installed_is_read_once_however_many_keys_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Counter[str]()

    def counted(group: str, name: str) -> Any:
        asked[name] += 1
        return entry_points(group=group, name=name)

    monkeypatch.setattr(room, "entry_points", counted)
    read = config(tmp_path, user=OWN, attester=OWN)

    for name in ("user", "attester", "user"):
        open_key(read, name)

    assert list(asked.values()) == [1]


def plug(monkeypatch: pytest.MonkeyPatch, maker: Any) -> list[KeySettings]:
    given: list[KeySettings] = []

    class Entry:
        name = "hsm"

        def load(self) -> Any:
            def make(key: KeySettings) -> Any:
                given.append(key)
                return maker(key)

            return make

    def found(group: str, name: str) -> Sequence[Entry | EntryPoint]:
        return [Entry()] if (group, name) == ("xl2.signers", "hsm") else list(entry_points(group=group, name=name))

    monkeypatch.setattr(room, "entry_points", found)
    return given


PLUGIN = '[keys.user]\nplugin = "hsm"\nslot = 3\npin = "1234"\n'


def test_a_plug_in_is_given_its_own_table_and_is_a_signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = plug(monkeypatch, lambda _: MemorySigner(OWN_ACCOUNT))

    assert open_key(config(tmp_path, PLUGIN), "user").address == OWN_ACCOUNT
    assert given[0].table == {"slot": 3, "pin": "1234"}
    assert "1234" not in repr(given[0])


def test_a_plug_in_of_another_distribution_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "hsm_for_xl2-1.0.dist-info").mkdir(parents=True)
    (site / "hsm_for_xl2-1.0.dist-info" / "METADATA").write_text("Name: hsm-for-xl2\nVersion: 1.0\n", encoding="utf-8")
    entry = "[xl2.signers]\nhsm = hsm_for_xl2:open_key\n"
    (site / "hsm_for_xl2-1.0.dist-info" / "entry_points.txt").write_text(entry, encoding="utf-8")
    (site / "hsm_for_xl2.py").write_text(
        "from xl2.testing import MemorySigner\n"
        "def open_key(key):\n"
        "    key.hide(key.table['pin'])\n"
        "    return MemorySigner.named(f'slot {key.table[\"slot\"]} of {key.name}')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(site)

    signer = open_key(config(tmp_path, PLUGIN), "user")

    assert signer.address == MemorySigner.named("slot 3 of user").address


@pytest.mark.parametrize("made", [None, "text", MemorySigner(Address(b"short"))])
def test_a_plug_in_that_gives_no_signer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    plug(monkeypatch, lambda _: made)

    with pytest.raises(ConfigInvalid, match="no address of 20 bytes"):
        open_key(config(tmp_path, PLUGIN), "user")


def test_a_plug_in_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, lambda _: MemorySigner(OWN_ACCOUNT))

    with pytest.raises(ConfigInvalid, match="another account"):
        open_key(config(tmp_path, PLUGIN + f'address = "0x{"22" * 20}"\n'), "user")


def test_a_plug_in_that_is_not_installed_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        open_key(config(tmp_path, PLUGIN), "user")

    assert "keys.user: no 'hsm' is installed" in refused.value.what
    assert "keystore, raw, remote" in refused.value.remedy


def test_the_known_accounts_are_those_of_the_mnemonic_and_of_the_devnet() -> None:
    words = "test test test test test test test test test test test junk"
    Account.enable_unaudited_hdwallet_features()

    derived = {
        address(Account.from_mnemonic(words, account_path=f"m/44'/60'/0'/0/{place}").address) for place in range(20)
    }

    assert derived == ACCOUNTS
    assert {address(known.address) for known in accounts.ACCOUNTS} <= ACCOUNTS


@pytest.mark.parametrize("known", accounts.ACCOUNTS, ids=lambda known: known.role)
def test_every_key_of_the_devnet_is_refused_on_a_public_chain(tmp_path: Path, known: accounts.Account) -> None:
    read = config(tmp_path, chains=(901, 10), user=known.private_key)

    with pytest.raises(ConfigInvalid) as refused:
        open_key(read, "user")

    assert "keys.user is the well-known development key" in refused.value.what
    assert "c10 (10)" in refused.value.what
    assert "901" not in refused.value.what
    assert known.private_key[2:] not in refused.value.what + refused.value.remedy


@pytest.mark.parametrize("chain", [900, 905, 999, 1337, 31337])
def test_known_keys_sign_on_devnets(tmp_path: Path, chain: int) -> None:
    assert chain in DEVNET_IDS
    assert open_key(config(tmp_path, chains=(chain,), user=KNOWN), "user").address in ACCOUNTS


def test_a_devnet_table_declares_a_devnet_whatever_its_ids_are(tmp_path: Path) -> None:
    assert open_key(config(tmp_path, "[devnet]\n", chains=(1, 10), user=KNOWN), "user").address in ACCOUNTS


def test_own_keys_sign_on_public_chains(tmp_path: Path) -> None:
    assert open_key(config(tmp_path, chains=(1, 10), user=OWN), "user").address == OWN_ACCOUNT


def test_a_known_account_that_a_program_brings_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="the account is the well-known development key"):
        signer_of(config(tmp_path, chains=(10,)), account=KNOWN)()


def test_a_remote_key_of_a_known_account_is_refused_too(tmp_path: Path) -> None:
    known = accounts.account("alice").address
    table = f'[keys.user]\nremote = "http://127.0.0.1:9"\naddress = "{known}"\n'

    with pytest.raises(ConfigInvalid, match="well-known development key"):
        open_key(config(tmp_path, table, chains=(10,)), "user")


def test_a_private_key_in_place_of_a_name_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        open_key(config(tmp_path), OWN)

    assert OWN[2:] not in refused.value.what + refused.value.remedy
    assert "use it no more" in refused.value.remedy


@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o640, True), (0o600, False)])
def test_a_file_with_keys_that_others_may_read_gets_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    read = config(tmp_path, f'[keys]\nuser = "{OWN}"\n')
    read.source.chmod(mode)

    open_key(read, "user")
    open_key(read, "user")

    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == warned
    if warned:
        assert f"{read.source} holds private keys (user)" in lines[0]
        assert f"chmod 600 {read.source}" in lines[0]
        assert OWN[2:] not in lines[0]


def test_keys_of_the_environment_or_of_a_devnet_need_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_key(config(tmp_path, user=OWN), "user")
    open_key(config(tmp_path, f'[keys]\nuser = "{KNOWN}"\n[devnet]\n'), "user")

    assert caplog.records == []


async def test_the_doctor_has_a_key_sign_and_says_what_is_ill(tmp_path: Path) -> None:
    own = await _key(config(tmp_path, user=OWN), "user", {})
    gone = f'[keys.user]\nkeystore = "none"\npassword_fd = 99\naddress = "0x{OWN_ACCOUNT.hex()}"\n'
    asked = '[keys.user]\nkeystore = "none"\nprompt = true\n'

    assert own == f"signs as {Account.from_key(OWN).address}"
    assert "not opened now" in await _key(config(tmp_path, asked), "user", {})
    with pytest.raises(KeyLost, match="none cannot be read"):
        await _key(config(tmp_path, gone), "user", {})


def test_a_keystore_that_is_not_there_yet_is_told_by_its_name_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = f'[keys.user]\nkeystore = "none"\npassword_fd = 99\naddress = "0x{OWN_ACCOUNT.hex()}"\n'

    made = open_key(config(tmp_path, gone), "user")

    assert made.address == OWN_ACCOUNT
    (line,) = caplog.messages
    assert line.startswith(f"keys.user: the keystore {tmp_path / 'none'} cannot be read: No such file")
    assert "Put the file there" in line


def test_a_relayers_keystore_that_is_not_there_yet_is_an_alarm_at_the_start_and_no_second_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = f'[keys.user]\nkeystore = "none"\npassword_fd = 99\naddress = "0x{OWN_ACCOUNT.hex()}"\n'
    heard = Heard()

    watched_signer(config(tmp_path, gone), "user", Alarms(heard))()

    (alarm,) = heard.of(AlarmKind.KEY_LOST)
    assert "keys.user: the keystore" in alarm.what
    assert "Put the file there" in alarm.what
    assert caplog.messages == []


def test_the_doctor_says_of_a_watchers_key_that_is_not_here_who_needs_it(tmp_path: Path) -> None:
    spoken = _keys_elsewhere(config(tmp_path, '[watcher]\nkey = "guardian"\n'))

    (check,) = spoken
    assert check.what == "key guardian"
    assert "refuses to start at watcher.key" in check.said
    assert _keys_elsewhere(config(tmp_path, '[watcher]\nkey = "guardian"\n', guardian=OWN)) == []
    assert _keys_elsewhere(config(tmp_path)) == []

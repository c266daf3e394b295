"""Keys enter by files, descriptors and questions, never by the words of a command."""

import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from eth_account import Account

from tests.canaries import KEYSTORE_PASSWORD, PRIVATE_KEY, shown_in
from xl2.cli.keys import keys
from xl2.cli.outcome import REFUSED, STOP, guarded
from xl2.cli.program import xl2 as program
from xl2_adapters.keys import making

Run = Callable[..., tuple[int, str]]
ACCOUNT = Account.from_key(PRIVATE_KEY).address


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in a folder with a password file; its exit code, and all that it printed."""
    monkeypatch.chdir(tmp_path)
    password = Path("password")
    password.write_text(KEYSTORE_PASSWORD, encoding="utf-8")
    password.chmod(0o600)
    make = making.make
    # Real ones take a second each on purpose.
    monkeypatch.setattr(making, "make", lambda path, password, key=None: make(path, password, key, work=1 << 10))

    def ran(*words: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = guarded(program, ["keys", *words])
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert shown_in(said) == []
        return code, said

    return ran


def test_a_new_key_is_a_keystore_that_its_password_opens_and_this_user_alone_reads(run: Run) -> None:
    code, said = run("new", "k.json", "--password-file", "password", "--json")

    content = json.loads(Path("k.json").read_text(encoding="utf-8"))
    made = Account.from_key(Account.decrypt(content, KEYSTORE_PASSWORD)).address
    assert (code, json.loads(said)) == (0, {"account": made, "file": "k.json"})
    assert stat.S_IMODE(Path("k.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in Path().iterdir()) == ["k.json", "password"]


def test_two_new_keys_are_two(run: Run) -> None:
    said = {run("new", f"{name}.json", "--password-file", "password")[1].split()[1] for name in "abc"}

    assert len(said) == 3


def test_a_key_is_brought_by_stdin_and_its_place_in_the_configuration_is_shown(run: Run) -> None:
    code, said = run("import", "k.json", "--password-file", "password", stdin=PRIVATE_KEY + "\n")

    assert code == 0
    for line in ("[keys.NAME]", 'keystore = "k.json"', f'address = "{ACCOUNT}"', 'password_file = "password"'):
        assert line in said


def test_a_password_may_come_by_a_descriptor(run: Run) -> None:
    read, write = os.pipe()
    os.write(write, b"sesame")
    os.close(write)

    assert run("import", "k.json", "--password-fd", str(read), stdin=PRIVATE_KEY[2:])[0] == 0
    content = json.loads(Path("k.json").read_text(encoding="utf-8"))
    assert Account.from_key(Account.decrypt(content, "sesame")).address == ACCOUNT


def test_at_a_terminal_key_and_password_are_asked_for_and_not_echoed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    del run
    asked: list[tuple[str, bool]] = []

    def answered(words: str, *, hide_input: bool, **_: Any) -> str:
        asked.append((words, hide_input))
        return PRIVATE_KEY if "Private" in words else KEYSTORE_PASSWORD

    monkeypatch.setattr(click, "prompt", answered)
    monkeypatch.setattr("xl2.cli.keys.sys.stdin", type("Terminal", (io.StringIO,), {"isatty": lambda _: True})())

    result = guarded(keys, ["import", "k.json"])

    assert result == 0
    assert asked == [("Private key", True), ("Password of the keystore", True)]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("new", "password", "--password-file", "password"), REFUSED, "there is a file password already"),
        (("new", "none/k.json", "--password-file", "password"), REFUSED, "none/k.json cannot be written"),
        (("new", "k.json"), REFUSED, "no terminal"),
        (("new", "k.json", "--password-file", "none"), STOP, "the new key: the password file none cannot be read"),
        (("import", "k.json", "--password-file", "password"), REFUSED, "this is no private key"),
        (("new", PRIVATE_KEY, "--password-file", "password"), REFUSED, "where a file belongs"),
    ],
    ids=["over another", "no folder", "nobody to ask", "no password", "no key", "a key for a file"],
)
def test_what_cannot_be_written_leaves_nothing_behind(
    run: Run, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ended, said = run(*words)

    assert ended == code
    assert sentence in said
    assert [path.name for path in Path().iterdir()] == ["password"]
    assert Path("password").read_text(encoding="utf-8") == KEYSTORE_PASSWORD


def test_keys_are_listed_without_opening_any(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XL2_KEYS__USER", PRIVATE_KEY)
    text = '[chains.a]\nchain_id = 901\nfamily = "op"\nrpc_url = "http://x"\n'
    text += (
        f'[keys.there]\nremote = "http://x"\naddress = "{ACCOUNT}"\n[keys.later]\nkeystore = "none"\nprompt = true\n'
    )
    Path("xl2.toml").write_text(text, encoding="utf-8")

    code, said = run("list", "--json")

    assert code == 0
    assert json.loads(said) == [
        {"name": "there", "kept": "remote", "account": ACCOUNT},
        {"name": "later", "kept": "keystore", "account": None},
        {"name": "user", "kept": "raw", "account": ACCOUNT},
    ]


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb of the program, those of other packages too."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


def parameters() -> list[tuple[str, click.Parameter]]:
    return [
        (f"{' '.join(path)} {parameter.opts[0]}", parameter)
        for path, command in commands(program)
        for parameter in command.params
    ]


def test_no_word_of_any_command_is_a_key_or_a_password() -> None:
    found = parameters()
    assert len(found) > 80

    named = [
        (where, one) for where, one in found if re.search("key|secret|passw|mnemonic|seed|token", where, re.IGNORECASE)
    ]
    taken = [
        where
        for where, one in named
        # The name of a key; a file or descriptor that holds a password; an ERC-20.
        if not (
            (one.opts[0] == "--key" and isinstance(one, click.Option) and "name under [keys]" in (one.help or ""))
            or one.opts[0] in ("--password-file", "--password-fd")
            or one.opts[0].lower() in ("token", "--token", "--token-there")
        )
        and re.search("key|secret|passw|mnemonic|seed|token", one.opts[0], re.IGNORECASE)
    ]

    assert taken == []
    assert {where for where, one in named if one.opts[0] == "--key"} >= {"send --key", "relayer run --key"}


@pytest.mark.parametrize("verb", [where for where, one in parameters() if one.opts[0] == "--key"])
def test_a_private_key_in_place_of_a_keys_name_is_refused_and_not_repeated(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '[chains.a]\nchain_id = 901\nfamily = "op"\nrpc_url = "http://127.0.0.1:1"\n'
    Path("xl2.toml").write_text(text, encoding="utf-8")

    ran = CliRunner().invoke(program, [*verb.split(), PRIVATE_KEY])

    assert ran.exit_code != 0
    assert shown_in(ran.output + str(ran.exception)) == []

"""What the program is made of: verbs, their help, their pages."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import attrs
import click
import pytest

from tests.unit.test_pages import PAGES, code
from xl2.cli.outcome import guarded
from xl2.cli.program import VERBS, xl2
from xl2.core.types import Assurance, ChainId
from xl2.plain import plain
from xl2.wallet import Token

#: A command in the code of a page: its verbs, and what follows.
COMMAND = re.compile(r"(?:^|`|/|\$ )xl2 ([a-z]+(?: [a-z|]+)*)([^`\n#]*)", re.MULTILINE)
OPTION = re.compile(r"(?<=\s)--[a-z][a-z0-9-]*")

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
#: Issue: `--help` in less than half a second of CPU.
HELP_CPU_SECONDS = 0.5


def commands() -> list[tuple[str, click.Command]]:
    found = []
    for verb in xl2.list_commands(click.Context(xl2)):
        command = xl2.get_command(click.Context(xl2), verb)
        assert command is not None
        found.append((verb, command))
        if isinstance(command, click.Group):
            found += [(f"{verb} {name}", inner) for name, inner in command.commands.items()]
    return found


def test_help_takes_less_than_half_a_second_of_processor_time() -> None:
    # The first warms the byte code: what is measured is the program, not the compiler. Others at work on the same
    # processor make a run dearer and none cheaper, so that the cheapest is the program's own.
    assert any(_help_cpu_seconds() < HELP_CPU_SECONDS for _ in range(8))


def _help_cpu_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "xl2.cli", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_every_verb_of_the_issue_is_there() -> None:
    wanted = {"send", "transfer", "status", "explain", "relay", "relayer run", "attester run", "doctor"}
    wanted |= {"devnet up", "devnet down", "devnet status", "demo"}

    assert wanted <= {name for name, _ in commands()}


@pytest.mark.parametrize("name", [name for name, command in commands() if not isinstance(command, click.Group)])
def test_every_verb_takes_json_and_says_what_it_does(name: str) -> None:
    command = dict(commands())[name]

    assert "--json" in [option for parameter in command.params for option in parameter.opts]
    assert command.help


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_the_page_of_the_command_line_tells_of_every_verb_and_option(name: str, command: click.Command) -> None:
    assert f"`xl2 {name}" in PAGE
    if name.partition(" ")[0] not in VERBS:
        return  # other packages tell of their own options
    for parameter in command.params:
        for option in parameter.opts:
            assert not option.startswith("--") or option in PAGE, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_tells_to_run_is_there_with_its_options(page: Path) -> None:
    for words, rest in COMMAND.findall(code(page)):
        verb, *more = words.split()
        for alternative in more[0].split("|") if more else [""]:
            command = _found([verb, *([alternative, *more[1:]] if alternative else [])])
            known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
            assert set(OPTION.findall(rest)) <= known | {"--help"}, f"xl2 {words}{rest}"


def _found(words: list[str]) -> click.Command:
    """The command that these words begin with; what follows are its arguments."""
    command: click.Command = xl2
    for word in words:
        if isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), word)
            assert inner is not None, f"there is no xl2 {' '.join(words)}"
            command = inner
    return command


def test_the_line_of_help_is_the_verbs_own() -> None:
    for verb in VERBS:
        command = xl2.get_command(click.Context(xl2), verb)

        assert command is not None
        assert command.name == verb


def test_a_word_that_is_no_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(xl2, ["sned"]) == 2
    assert "No such command 'sned'" in capsys.readouterr().err


def test_no_configuration_is_said_with_the_way_to_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XL2_CONFIG", raising=False)

    code = guarded(xl2, ["status", "0x" + "00" * 32, "--json"])

    error = json.loads(capsys.readouterr().out)["error"]
    assert (code, error["code"]) == (5, "ConfigInvalid")
    assert "xl2 devnet up" in error["remedy"]


def test_json_is_the_value_field_by_field() -> None:
    @attrs.frozen
    class Value:
        token: Token
        who: bytes
        word: bytes
        kind: Assurance
        many: tuple[ChainId, ...]
        hidden: str = attrs.field(repr=False, default="secret")

    value = Value(Token(symbol="DMT", decimals=18), b"\x11" * 20, b"\x22" * 32, Assurance.SETTLED, (ChainId(1),))

    assert plain(value) == {
        "token": {"symbol": "DMT", "decimals": 18},
        "who": "0x" + "11" * 20,
        "word": "0x" + "22" * 32,
        "kind": "settled",
        "many": [1],
    }

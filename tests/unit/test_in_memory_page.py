"""The page about testing in memory: its example runs, and it names only what there is."""

import re
from pathlib import Path

import pytest

from xl2.testing import MemoryChain, World

PAGE = Path(__file__).parents[2] / "docs/how-to/test-in-memory.md"


def test_the_example_runs_and_prints_that_the_message_is_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

    exec(compile(example, str(PAGE), "exec"), {"__name__": "example"})  # noqa: S102 - our own page

    assert capsys.readouterr().out == "delivered\n"


def test_every_word_of_the_table_is_there() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    chain, world = World().chain(901), World()

    words = {word for row in rows for word in re.findall(r"`(?:world\.)?([a-z_]+)", row.split("|")[1])}

    assert words
    assert [word for word in words if not hasattr(chain, word) and not hasattr(world, word)] == []
    assert isinstance(chain, MemoryChain)

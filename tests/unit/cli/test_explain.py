"""What a relayer will do with a message is said as it is: at a time, with its lane, or not at all."""

from typing import Any

import pytest

from xl2.cli.explain import _looks


@pytest.mark.parametrize(
    ("due", "attempts", "said"),
    [
        (None, 0, "no"),
        (99.0, 0, "with its lane's next look"),
        (160.0, 0, "1970-01-01 00:02:40"),
        (160.0, 1, "1970-01-01 00:02:40, after 1 attempt in vain"),
        (160.0, 3, "1970-01-01 00:02:40, after 3 attempts in vain"),
    ],
)
def test_when_it_looks_again(due: float | None, attempts: int, said: str) -> None:
    relayer: dict[str, Any] = {"next_attempt": due, "attempts": attempts}

    assert _looks(relayer, now=100.0) == said

"""A file that is no evidence is refused in words of its reader, not of Python."""

from pathlib import Path

import pytest

from xl2.errors import InvalidInput
from xl2.watcher.record import read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{\n  nothing", "it is no JSON from line 2, column 3 on"),
        ("{}", "'facts' is missing in it, or is no fact's name"),
        ('{"facts": [{"fact": "rumour"}]}', "'rumour' is missing in it, or is no fact's name"),
        ('{"facts": 7, "ends": {}, "margin_seconds": 1}', "a value in it is not what a watcher writes"),
        ('{"facts": [], "ends": {}, "margin_seconds": 1}', "it has no facts"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(text, "utf-8")

    with pytest.raises(InvalidInput, match="is no evidence of a contradiction") as refused:
        read(file)

    assert refused.value.what.endswith(why)
    assert "xl2 watcher run" in refused.value.remedy

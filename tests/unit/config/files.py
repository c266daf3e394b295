"""A configuration in a file, and why it is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from xl2.config import load
from xl2.errors import ConfigInvalid


def written(folder: Path, text: str, name: str = "xl2.toml") -> Path:
    """The file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, environ: Mapping[str, str] | None = None) -> str:
    """What is said of a file that does not load."""
    with pytest.raises(ConfigInvalid) as refused:
        load(path, environ or {})
    return refused.value.what

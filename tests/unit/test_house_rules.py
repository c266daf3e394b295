"""One idea a file: none too long to be read at once, none named for holding what has no other place."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 400
EMPTY_WORDS = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
SOURCES = [
    path
    for folder in (
        "xl2",
        "adapters/xl2_adapters",
        "anvil/xl2_devnet",
        "contracts/xl2_contracts",
        "contracts/src",
        "contracts/test",
        "contracts/canary",
        "contracts/devnet",
        "bench",
        "tests",
        "tools",
    )
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".sol"}
]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES
    assert path.stem.lower() not in EMPTY_WORDS

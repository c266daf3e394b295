"""What the pages name is there: files that are linked or quoted, and targets of make."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changelog.d/*.md"), ROOT / "contracts/README.md"}
)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")
#: A path from the repository's root, in backticks: starts with one of our folders, has no placeholder in it.
QUOTED = re.compile(r"`((?:xl2|adapters|anvil|contracts|tests|tools|docs|requirements|\.ci)/[\w./-]*)`")
TARGET = re.compile(r"\bmake ([a-z]+)\b(?=[`\s:;,.)])")

#: What the project promises to be able to do by one plain word.
PLAIN_TARGETS = {
    "demo",
    "test",
    "fmt",
    "lint",
    "types",
    "layers",
    "contracts",
    "forge",
    "bench",
    "devnet",
    "docs",
    "soak",
}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(page: Path) -> str:
    """Only what the page shows as code: in prose, `make` is a word like others."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text("utf-8"), re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]

    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_quoted_path_is_there(page: Path) -> None:
    absent = [path for path in QUOTED.findall(page.read_text("utf-8")) if not (ROOT / path).exists()]

    assert not absent


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_target_of_make_exists(page: Path) -> None:
    made = (ROOT / "Makefile").read_text("utf-8")

    absent = [target for target in TARGET.findall(code(page)) if not re.search(rf"^{target}:", made, re.MULTILINE)]

    assert not absent


def test_make_alone_lists_every_plain_target() -> None:
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for target in PLAIN_TARGETS:
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target

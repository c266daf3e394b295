"""The Python that the pages show runs against a devnet, as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.clients import file_of
from xl2_devnet.devnet_file import Description

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def devnet(undisputed: Description) -> Description:
    """The one that the programs run on."""
    return undisputed


def blocks(page: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL))


@pytest.mark.parametrize(
    ("page", "role", "said"),
    [
        ("quickstart.md", "erin", ("it is delivered in block", "it is delivered and that is final")),
        ("how-to/canonical-bridges.md", "dave", ("it has arrived",)),
        ("how-to/wallet-hooks.md", "frank", ("included on chain 901",)),
    ],
)
def test_the_programs_of_a_page_run(
    devnet: Description, tmp_path: Path, page: str, role: str, said: tuple[str, ...]
) -> None:
    file_of(devnet, tmp_path, key=role)

    ran = subprocess.run(
        [sys.executable, "-c", blocks(page)], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert any(words in ran.stdout for words in said), ran.stdout

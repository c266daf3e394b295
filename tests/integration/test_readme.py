"""The README's program runs as it stands, and does what it says."""

import re
import subprocess
import sys
from pathlib import Path

from xl2_devnet.devnet_file import Description

README = Path(__file__).parents[2] / "README.md"
MAX_LINES = 10


def program() -> str:
    """The one Python block of the README."""
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    return str(block)


def test_the_program_is_ten_lines_without_its_imports() -> None:
    lines = [line for line in program().splitlines() if line.strip() and not line.startswith("import ")]

    assert len(lines) <= MAX_LINES


def test_the_program_runs_verbatim_beside_a_devnets_file(devnet: Description, tmp_path: Path) -> None:
    (tmp_path / "devnet.json").write_bytes(devnet.to_json())

    ran = subprocess.run(
        [sys.executable, "-c", program()], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert "delivered on chain 902 in block" in ran.stdout
    assert ran.stdout.count("attester 0x") == 3

"""The page about adding a chain: a package made of its blocks is found, and passes the conformance suite."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/add-your-chain.md"
BLOCK = re.compile(r"```(?:python|toml)\n# ([\w./]+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package that the page writes, as an installer would leave it."""
    for path, text in BLOCK.findall(PAGE.read_text("utf-8")):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    (tmp_path / "mychain" / "__init__.py").touch()
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(package: Path, *arguments: str, timeout: int) -> subprocess.CompletedProcess[str]:
    above = [str(package), os.environ.get("PYTHONPATH", "")]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, above))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=package,
        env=environ,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_every_block_of_the_page_is_a_file_of_the_package() -> None:
    text = PAGE.read_text("utf-8")

    assert len(BLOCK.findall(text)) == len(re.findall(r"```(?:python|toml|bash|json)\n", text)) == 5


def test_the_families_of_the_page_are_found_by_their_names(package: Path) -> None:
    program = (
        "from importlib.metadata import entry_points\n"
        "for entry in sorted(entry_points(group='xl2.adapters')):\n"
        "    if entry.name.startswith('mychain'):\n"
        "        made = entry.load()()\n"
        "        print(entry.name, [made.why_not(kind) is None for kind in ('attested', 'proven', 'routed')])\n"
    )

    ran = run(package, "-c", program, timeout=120)

    assert ran.stdout == "mychain [True, False, True]\nmychain-plain [True, False, False]\n", ran.stderr


@pytest.mark.timeout(280)
def test_the_adapter_of_the_page_passes_the_conformance_suite(package: Path) -> None:
    # A check that hangs is told by its name, not by this test's own end.
    asked = ("-q", "--timeout=120", "-p", "no:cacheprovider", "test_mychain.py")
    ran = run(package, "-m", "pytest", *asked, timeout=270)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None
    assert int(passed[1]) >= 18
    assert "skipped" not in ran.stdout

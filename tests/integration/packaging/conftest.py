"""A machine with nothing but Python, the wheel, and what the wheel says it needs."""

import json
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest
from attrs import frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]


@frozen(kw_only=True)
class Bare:
    """A virtual environment outside the repository, and a way to run Python in it."""

    python: Path
    home: Path

    def run(self, program: str) -> str:
        """What `program` prints; its traceback fails the test."""
        answer = subprocess.run(
            [self.python, "-I", "-c", program], cwd=self.home, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def evaluate(self, program: str) -> object:
        """As `run`, and what was printed read as JSON."""
        return json.loads(self.run(program))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    home = tmp_path_factory.mktemp("bare")
    venv.create(home / "venv", with_pip=False, symlinks=True)
    python = home / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, cwd=home)
    link_declared_dependencies(next((home / "venv" / "lib").iterdir()) / "site-packages")
    return Bare(python=python, home=home)


def build(target: str, into: Path) -> Path:
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    subprocess.run(hatchling, cwd=ROOT, check=True, capture_output=True)
    (built,) = into.iterdir()
    return built


def link_declared_dependencies(site_packages: Path) -> None:
    """Make importable what the distribution declares and what that declares in turn, and nothing else; no network."""
    waiting, done = ["xl2"], set[str]()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in done:
            continue
        done.add(name)
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
        if name != "xl2":
            link(metadata.distribution(name), site_packages)


def link(distribution: metadata.Distribution, site_packages: Path) -> None:
    for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        place = site_packages / top
        if not place.exists():
            place.symlink_to(Path(str(distribution.locate_file(top))).resolve())


@pytest.fixture(scope="session")
def tracked() -> set[str]:
    """Paths of all files in git's index."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(answer.stdout.split("\0")) - {""}

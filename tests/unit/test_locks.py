"""The locks are whole and name no host: whichever registry a machine is set to, it must serve these very bytes."""

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYTHON_LOCK = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
NPM_LOCK = json.loads((ROOT / "contracts" / "package-lock.json").read_text("utf-8"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINNED = re.compile(r"^([a-z0-9._-]+)==\S+", re.MULTILINE | re.IGNORECASE)


def npm_packages() -> dict[str, dict[str, str]]:
    return {path: package for path, package in NPM_LOCK["packages"].items() if path}


def declared() -> list[str]:
    project = PYPROJECT["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    return [*project["dependencies"], *extras, *PYPROJECT["dependency-groups"]["dev"]]


def test_every_python_package_has_its_hashes() -> None:
    starts = [pin.start() for pin in PINNED.finditer(PYTHON_LOCK)]

    assert len(starts) > 50
    for start, end in pairwise([*starts, len(PYTHON_LOCK)]):
        assert "--hash=sha256:" in PYTHON_LOCK[start:end], PYTHON_LOCK[start:].splitlines()[0]


@pytest.mark.parametrize("line", declared())
def test_what_is_declared_is_locked(line: str) -> None:
    locked = {canonicalize_name(pin[1]): pin[0].partition("==")[2] for pin in PINNED.finditer(PYTHON_LOCK)}
    requirement = Requirement(line)

    assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])


def test_every_npm_package_has_its_hash() -> None:
    assert npm_packages()
    for path, package in npm_packages().items():
        assert package["integrity"].startswith("sha512-"), path


@pytest.mark.parametrize("version", NPM_LOCK["packages"][""]["dependencies"].values())
def test_what_the_contracts_are_built_with_is_exact(version: str) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_python_lock_names_no_host() -> None:
    assert "://" not in PYTHON_LOCK
    assert "--index" not in PYTHON_LOCK


def test_the_npm_lock_names_no_host_to_fetch_from() -> None:
    for path, package in npm_packages().items():
        assert "resolved" not in package, path

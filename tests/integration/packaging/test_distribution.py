"""What a user gets who installs the one wheel: four packages, their artifacts, and no name that is not ours."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.integration.packaging.conftest import ROOT, Bare

PACKAGES = ("xl2", "xl2_adapters", "xl2_contracts", "xl2_devnet")
UNCLAIMED = ("adapters", "anvil", "bench", "contracts", "tests", "tools")


def test_the_wheel_claims_four_names_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_carries_its_licences_and_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    for text in ("LICENSE-APACHE", "LICENSE-MIT", "THIRD_PARTY.md"):
        assert any(name.endswith(f".dist-info/licenses/{text}") for name in names)


def test_every_file_of_the_packages_that_git_knows_is_in_the_wheel(wheel: Path, tracked: set[str]) -> None:
    roots = {"xl2/": "", "adapters/xl2_adapters/": "adapters/", "anvil/xl2_devnet/": "anvil/"}
    roots["contracts/xl2_contracts/"] = "contracts/"
    expected = {
        name.removeprefix(root) for name in tracked for folder, root in roots.items() if name.startswith(folder)
    }
    with zipfile.ZipFile(wheel) as archive:
        missing = expected - set(archive.namelist())

    assert not missing


def test_every_module_imports_with_what_the_wheel_declares(bare: Bare) -> None:
    # `__main__` runs when imported; a plugin of pytest is imported by pytest, which has itself.
    imported = bare.evaluate(f"""
import importlib, json, pkgutil
names = []
for top in {PACKAGES!r}:
    package = importlib.import_module(top)
    names.append(top)
    for module in pkgutil.walk_packages(package.__path__, top + "."):
        if not module.name.endswith(("__main__", "pytest_plugin")):
            importlib.import_module(module.name)
            names.append(module.name)
print(json.dumps(names))
""")

    assert isinstance(imported, list)
    assert set(PACKAGES) < set(imported)


@pytest.mark.parametrize("name", UNCLAIMED)
def test_names_that_are_not_ours_stay_free(bare: Bare, name: str) -> None:
    found = bare.evaluate(
        f"import importlib.util, json; print(json.dumps(importlib.util.find_spec({name!r}) is not None))"
    )

    assert found is False


def test_artifacts_are_read_from_the_wheel(bare: Bare) -> None:
    read = bare.evaluate("""
import json, xl2_contracts
print(json.dumps({name: len(xl2_contracts.artifact(name).bytecode) for name in xl2_contracts.names()}))
""")

    assert isinstance(read, dict)
    assert "Outbox" in read
    assert all(size > 0 for size in read.values())


def test_the_source_distribution_carries_what_the_artifacts_are_compiled_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "contracts" / "src").rglob("*.sol")}
    assert sources <= names
    assert {"contracts/foundry.toml", "contracts/package-lock.json", "Makefile"} <= names
    assert not any("node_modules" in name or name.startswith("contracts/out") for name in names)

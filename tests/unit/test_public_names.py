"""What each package says it offers is what it has."""

import importlib
import pkgutil
import types

import pytest

TOPS = ("xl2", "xl2_adapters", "xl2_contracts", "xl2_devnet")


def packages() -> list[str]:
    found = list(TOPS)
    for top in TOPS:
        path = importlib.import_module(top).__path__
        found += [module.name for module in pkgutil.walk_packages(path, f"{top}.") if module.ispkg]
    return found


def own_names(package: types.ModuleType) -> set[str]:
    """Public names of a package that are neither its submodules nor things it imported for itself."""
    return {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name != "annotations"
    }


@pytest.mark.parametrize("name", packages())
def test_every_name_of_all_is_there(name: str) -> None:
    package = importlib.import_module(name)

    absent = [public for public in getattr(package, "__all__", ()) if not hasattr(package, public)]

    assert not absent


@pytest.mark.parametrize("name", packages())
def test_all_names_nothing_twice(name: str) -> None:
    names = list(getattr(importlib.import_module(name), "__all__", ()))

    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [package for package in packages() if package not in TOPS])
def test_what_a_package_re_exports_it_names_in_all(name: str) -> None:
    package = importlib.import_module(name)

    if not hasattr(package, "__all__"):
        assert not own_names(package), "re-exports by hand, with __all__"
        return

    assert own_names(package) <= set(package.__all__)

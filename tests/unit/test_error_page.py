"""The page of errors lists the tree as it is."""

import re
from pathlib import Path

import pytest

from xl2 import errors

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE))
TREE = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Xl2Error) and kind is not errors.Xl2Error
}


def test_every_error_has_a_row_and_every_row_an_error() -> None:
    assert set(ROWS) == set(TREE)


@pytest.mark.parametrize("name", TREE)
def test_a_row_says_what_the_error_stands_below(name: str) -> None:
    assert ROWS[name] == TREE[name].__mro__[1].__name__


@pytest.mark.parametrize("name", TREE)
def test_an_error_is_drawn_in_the_tree_and_has_a_remedy(name: str) -> None:
    assert re.search(rf"── {name}\b", errors.__doc__ or "")
    assert TREE[name].default_remedy.endswith(".")

"""A floor is one number for every chain, or a table of them by name."""

from pathlib import Path

import pytest

from tests.unit.config.files import written
from xl2.config import Config, load
from xl2.errors import ConfigInvalid

CHAIN = '[chains.a]\nchain_id = 901\nfamily = "op"\nrpc_url = "http://x"\n[relayer]\n'


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    return load(written(folder, CHAIN + text), environ or {})


@pytest.mark.parametrize(
    ("text", "a", "others"),
    [
        ("", 0, 0),
        ("low_balance_wei = 7", 7, 7),
        ("low_balance_wei = { a = 7 }", 7, 0),
        ("low_balance_wei = { default = 5, a = 0 }", 0, 5),
        ("[relayer.low_balance_wei]\ndefault = 5", 5, 5),
    ],
)
def test_each_chain_has_its_own_or_the_default(tmp_path: Path, text: str, a: int, others: int) -> None:
    floors = read(tmp_path, text).relayer.low_balance_wei

    assert (floors.of("a"), floors.of("b")) == (a, others)


def test_the_environment_sets_one_for_all(tmp_path: Path) -> None:
    assert read(tmp_path, "", {"XL2_RELAYER__LOW_BALANCE_WEI": "9"}).relayer.low_balance_wei.of("a") == 9


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("low_balance_wei = -1", "relayer.low_balance_wei: -1 is not a whole number of wei"),
        ("low_balance_wei = true", "True is not a whole number of wei"),
        ('low_balance_wei = { a = "1" }', "'1' of a is not a whole number of wei"),
        ("low_balance_wei = { b = 1 }", "relayer.low_balance_wei.b: there is no chain 'b'"),
    ],
)
def test_what_is_no_floor_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(tmp_path, text)

    assert sentence in refused.value.what

"""Whatever is wrong with a configuration, and wherever a secret slipped in, none is repeated."""

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.canaries import (
    DATABASE_PASSWORD,
    HTTP_TOKEN,
    PLUGIN_PIN,
    PRIVATE_KEY,
    RPC_KEY,
    RPC_PASSWORD,
    SIGNER_PASSWORD,
    shown_in,
)
from xl2.config import load
from xl2.errors import ConfigInvalid

RPC = f"http://me:{RPC_PASSWORD}@127.0.0.1:1/v3/{RPC_KEY}"
DATABASE = f"postgresql://xl2:{DATABASE_PASSWORD}@127.0.0.1/xl2"
SIGNER = f"http://me:{SIGNER_PASSWORD}@127.0.0.1:1"
SECRETS = {"key": PRIVATE_KEY, "bare key": PRIVATE_KEY[2:], "rpc": RPC, "database": DATABASE, "signer": SIGNER}


def tree() -> dict[str, Any]:
    return {
        "chains": {"a": {"chain_id": 901, "family": "op", "rpc_url": RPC, "rpc_urls": [RPC + "2"], "ws_url": "ws://x"}},
        "keys": {
            "user": PRIVATE_KEY,
            "far": {"remote": SIGNER, "address": "0x" + "11" * 20},
            "hsm": {"plugin": "hsm", "pin": PLUGIN_PIN},
        },
        "relayer": {"store": DATABASE, "token": HTTP_TOKEN},
    }


def paths(inner: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a tree that holds a value."""
    if isinstance(inner, dict):
        return [found for name, value in inner.items() for found in paths(value, (*path, name))]
    return [path]


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The tree with one value changed."""
    made = tree()
    place: Any = made
    for step in path[:-1]:
        place = place.setdefault(step, {})
    place[path[-1]] = value
    return made


def refusal(folder: Path, given: dict[str, Any]) -> str:
    """All that the error shows; nothing where the tree is taken."""
    file = folder / "xl2.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    try:
        return repr(load(file, {}))
    except ConfigInvalid as refused:
        return "".join(traceback.format_exception(refused)) + refused.remedy + repr(refused)


def test_the_tree_itself_is_taken_and_shows_none(tmp_path: Path) -> None:
    said = refusal(tmp_path, tree())

    assert said.startswith("Config(")
    assert shown_in(said) == []


@pytest.mark.parametrize("path", paths(tree()), ids=".".join)
@pytest.mark.parametrize("wrong", [lambda value: [value], lambda value: {"x": value}, lambda _: 5, lambda _: None])
def test_a_value_of_another_type_is_refused_without_it(tmp_path: Path, path: tuple[str, ...], wrong: Any) -> None:
    value: Any = tree()
    for step in path:
        value = value[step]

    assert shown_in(refusal(tmp_path, changed(path, wrong(value)))) == []


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "path",
    [
        ("key",),
        ("journal",),
        ("fee_margin_percent",),
        ("unknown",),
        ("chains", "a", "chain_id"),
        ("chains", "a", "anchor"),
        ("chains", "a", "network"),
        ("chains", "a", "family"),
        ("chains", "a", "quorum"),
        ("chains", "a", "contracts"),
        ("chains", "a", "contracts", "outbox"),
        ("chains", "b"),
        ("tokens",),
        ("keys",),
        ("keys", "far", "address"),
        ("keys", "far", "transactions"),
        ("keys", "store"),
        ("relayer", "payee"),
        ("relayer", "classes"),
        ("relayer", "low_balance_wei"),
        ("relayer", "batch"),
        ("attester", "urls", "x"),
        ("attester", "urls", PRIVATE_KEY),
        ("log", "form"),
        ("log", "level"),
    ],
    ids=lambda path: ".".join(path).replace(PRIVATE_KEY, "key"),
)
def test_a_secret_in_a_wrong_place_is_not_repeated(tmp_path: Path, path: tuple[str, ...], secret: str) -> None:
    assert shown_in(refusal(tmp_path, changed(path, secret)).split("Config(")[0]) == []


@pytest.mark.parametrize(
    "text", [f'[keys]\nuser = "{PRIVATE_KEY}', f"keys.user = {PRIVATE_KEY}x", f"{RPC}"], ids=["quote", "word", "url"]
)
def test_a_file_that_does_not_parse_is_refused_without_its_lines(tmp_path: Path, text: str) -> None:
    file = tmp_path / "xl2.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigInvalid) as refused:
        load(file, {})

    assert shown_in("".join(traceback.format_exception(refused.value))) == []


@pytest.mark.parametrize(
    "name",
    ["XL2_KEYS__USER__X", "XL2_CHAINS__A__RPC_URL", "XL2_RELAYER__PAYEE", "XL2_KEYS", "XL2_RELAYER__X", "XL2____"],
)
def test_the_environment_is_not_repeated_either(tmp_path: Path, name: str) -> None:
    file = tmp_path / "xl2.json"
    file.write_text(json.dumps(tree()), encoding="utf-8")

    with pytest.raises(ConfigInvalid) as refused:
        load(file, {name: PRIVATE_KEY})

    assert shown_in("".join(traceback.format_exception(refused.value))) == []

"""The devnet's file: written whole, read back, and a configuration of xl2."""

from pathlib import Path

import pytest

from xl2.config.load import load
from xl2.errors import ConfigInvalid
from xl2_devnet.accounts import ACCOUNTS
from xl2_devnet.clocks import Clocks
from xl2_devnet.devnet_file import ChainEntry, Description, read, write

L1 = ChainEntry(
    name="l1",
    chain_id=900,
    family="l1",
    rpc_url="http://127.0.0.1:1",
    node_url="http://127.0.0.1:1",
    block_seconds=1,
    contracts={"router_901": "0x" + "11" * 20},
)
L2 = ChainEntry(
    name="op-a",
    chain_id=901,
    family="op",
    rpc_url="http://127.0.0.1:2",
    node_url="http://127.0.0.1:3",
    block_seconds=0.5,
    anchor="l1",
    contracts={"outbox": "0x" + "22" * 20},
    rollup={"portal": "0x" + "33" * 20},
    predeploys={"L1Block": "0x4200000000000000000000000000000000000015"},
    verifiers=({"number": 128, "kind": "proven", "address": "0x" + "44" * 20, "remote": "op-a"},),
)
DEVNET = Description(
    chains={"l1": L1, "op-a": L2}, clocks=Clocks(l2_block_seconds=0.5), pid=7, pid_started=8, ready_seconds=0.25
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "devnet.json", DEVNET)

    assert read(tmp_path / "devnet.json") == DEVNET


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    write(tmp_path / "devnet.json", DEVNET)
    write(tmp_path / "devnet.json", DEVNET)

    assert [path.name for path in tmp_path.iterdir()] == ["devnet.json"]


def test_the_file_is_a_configuration_of_xl2(tmp_path: Path) -> None:
    write(tmp_path / "devnet.json", DEVNET)

    config = load(tmp_path / "devnet.json", {})

    a = config.chain("op-a")
    assert (a.chain, a.family, a.anchor, a.rpc_url) == (901, "op", 900, "http://127.0.0.1:2")
    assert a.rollup["portal"] == b"\x33" * 20
    assert a.verifiers[0].number == 128
    assert config.secret(config.key).reveal() == ACCOUNTS[9].private_key


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"devnet": {"schema": 2}}', '{"devnet": 1, "chains": {}}'])
def test_what_is_no_devnets_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)

    with pytest.raises(ConfigInvalid, match=r"other\.json is not the file of a devnet"):
        read(path)


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "devnet.json"
    path.write_bytes(DEVNET.to_json().replace(b'"schema": 2', b'"schema": 99'))

    with pytest.raises(ConfigInvalid, match="has schema 99"):
        read(path)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(tmp_path / "devnet.json")

    assert "xl2 devnet up" in refused.value.remedy


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"nowhere/devnet\.json cannot be written"):
        write(tmp_path / "nowhere" / "devnet.json", DEVNET)

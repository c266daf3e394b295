"""A chain that names a known network needs its URL and xl2's contracts only, and never contradicts the network."""

from pathlib import Path

from tests.unit.config.files import refusal, written
from xl2.config import load
from xl2.networks import network

ETHEREUM = '[chains.main]\nnetwork = "ethereum"\nrpc_url = "http://127.0.0.1:8545"\n'
BASE = '[chains.b]\nnetwork = "base"\nrpc_url = "http://127.0.0.1:8546"\n'


def test_ids_family_anchor_and_contracts_come_from_the_network(tmp_path: Path) -> None:
    chain = load(written(tmp_path, ETHEREUM + BASE), {}).chain("b")

    assert (chain.chain, chain.family, chain.anchor) == (8453, "op", 1)
    assert chain.rollup == network("base").rollup


def test_an_address_in_the_file_stands_over_the_networks(tmp_path: Path) -> None:
    other = "0x" + "11" * 20
    text = ETHEREUM + BASE + f'[chains.b.rollup]\nportal = "{other}"\n'

    rollup = load(written(tmp_path, text), {}).chain("b").rollup

    assert rollup["portal"] == bytes.fromhex(other[2:])
    assert rollup["dispute_game_factory"] == network("base").rollup["dispute_game_factory"]


def test_an_unknown_network_is_told_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, ETHEREUM + BASE.replace("base", "bse")))

    assert "xl2.toml:5: chains.b.network: no network 'bse' is known" in told
    assert "op-mainnet" in told


def test_an_id_that_is_not_the_networks_is_told(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, ETHEREUM + BASE + "chain_id = 8454\n"))

    assert "chains.b.chain_id: 8454 is not that of the network base, 8453" in told


def test_an_anchor_that_is_not_configured_is_asked_for(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, BASE))

    assert "base settles on chain 1, which is not configured; add [chains.ethereum]" in told

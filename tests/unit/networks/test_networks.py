"""Known networks are complete, say where each value comes from, and are found by name or chain id."""

import pytest

from xl2.errors import NotFound
from xl2.networks import Network, network, networks

ROLLUPS = [one for one in networks().values() if one.anchor]


def test_optimism_base_arbitrum_and_zksync_are_known_with_their_test_networks() -> None:
    assert {one.chain_id for one in networks().values()} == {
        1, 10, 8453, 42161, 42170, 324, 11155111, 11155420, 84532, 421614, 300,
    }  # fmt: skip


def test_no_two_networks_share_an_id_or_a_title() -> None:
    assert len({one.chain_id for one in networks().values()}) == len(networks())
    assert len({one.title for one in networks().values()}) == len(networks())


def test_a_network_is_found_by_its_name_and_by_its_chain_id() -> None:
    assert network("base") is network(8453) is network("8453") is network("eip155:8453")


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="no network 'bse' is known") as refused:
        network("bse")

    assert "base" in refused.value.remedy


@pytest.mark.parametrize("one", ROLLUPS, ids=lambda one: one.name)
def test_a_rollup_settles_on_a_known_anchor_of_its_own_kind(one: Network) -> None:
    anchor = networks()[one.anchor]

    assert anchor.family == "l1"
    assert anchor.testnet == one.testnet


@pytest.mark.parametrize("one", networks().values(), ids=lambda one: one.name)
def test_every_value_has_a_source_with_a_date(one: Network) -> None:
    said = " ".join(source.of for source in one.sources)

    assert "ids" in said
    for group in ("rollup", "predeploys", "windows", "finality"):
        assert not getattr(one, group) or group in said

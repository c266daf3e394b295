"""An amount is said as a command takes it, and as a person reads it."""

import pytest

from xl2.core.amounts import wei_and_ether, wei_and_gwei


@pytest.mark.parametrize(
    ("wei", "said"),
    [
        (0, "0 wei (0 ether)"),
        (1, "1 wei (0.000000000000000001 ether)"),
        (10**17, "100000000000000000 wei (0.1 ether)"),
        (10**18, "1000000000000000000 wei (1 ether)"),
        (10**20, "100000000000000000000 wei (100 ether)"),
        (10**30 + 1, "1000000000000000000000000000001 wei (1000000000000.000000000000000001 ether)"),
        (18_791_472_980_000_000, "18791472980000000 wei (0.01879147298 ether)"),
    ],
)
def test_wei_stands_beside_ether(wei: int, said: str) -> None:
    assert wei_and_ether(wei) == said


@pytest.mark.parametrize(
    ("wei", "said"),
    [
        (0, "0 wei (0 gwei)"),
        (1, "1 wei (0.000000001 gwei)"),
        (1_500_000_000, "1500000000 wei (1.5 gwei)"),
        (10**11, "100000000000 wei (100 gwei)"),
    ],
)
def test_what_a_gas_costs_stands_beside_gwei(wei: int, said: str) -> None:
    assert wei_and_gwei(wei) == said

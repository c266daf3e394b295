"""Fixtures of each tier that has a devnet: what a module's own one is told, and somebody whom no chain knows."""

import secrets

import pytest
from eth_utils import to_checksum_address

from xl2_devnet.controls import Controls


@pytest.fixture(scope="module")
def controls() -> Controls:
    """What the module's devnet is told while it runs."""
    return Controls()


@pytest.fixture
def fresh_address() -> str:
    """An address that no chain has seen."""
    return to_checksum_address(secrets.token_bytes(20))

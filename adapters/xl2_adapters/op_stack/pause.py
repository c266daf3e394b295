"""Pause: where `SuperchainConfig` 1.1.0 says that nothing may be withdrawn, for every era that rests on it."""

from xl2.core.hashing import keccak
from xl2.core.types import Address, Hash32
from xl2_adapters.abi import Method
from xl2_adapters.layout import Fact

#: keccak256("superchainConfig.paused") - 1.
PAUSED_SLOT = Hash32((int.from_bytes(keccak(b"superchainConfig.paused")) - 1).to_bytes(32))
PAUSED = Method("paused()", "(bool)")


def pause_fact(config: Address) -> Fact:
    """The pause, by slot and by getter."""
    return Fact(contract=config, name="SuperchainConfig.paused", slot=PAUSED_SLOT, bits=8, getter=PAUSED)

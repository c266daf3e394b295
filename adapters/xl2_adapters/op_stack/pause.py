"""Pause: where `SuperchainConfig` 1.1.0 says that nothing may be withdrawn, for every era that rests on it."""

from xl2.core.hashing import keccak
from xl2.core.types import Hash32
from xl2_adapters.abi import Method

#: keccak256("superchainConfig.paused") - 1.
PAUSED_SLOT = Hash32((int.from_bytes(keccak(b"superchainConfig.paused")) - 1).to_bytes(32))
PAUSED = Method("paused()", "(bool)")

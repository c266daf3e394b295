"""
Hashing: bytes in, the 32-byte keccak-256 digest out, the one hash of the protocol.

Promise: this is Ethereum's keccak-256 (not NIST SHA3-256), from eth-hash, which picks the backend installed.
"""

from eth_hash.auto import keccak as _keccak

from xl2.core.types import Hash32


def keccak(data: bytes) -> Hash32:
    """keccak-256 of `data`."""
    return Hash32(_keccak(data))

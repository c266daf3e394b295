"""
Recipients: contracts of no language for a destination, each with one habit, as creation code.

Promise: one that accepts a message counts its id in the slot of that name, so the chain itself tells how often a
message was executed.
"""

from tests.bytecode import creation
from xl2.core.hashing import keccak

_SELECTOR = keccak(b"receiveMessage(bytes32,bytes,bytes)")[:4].hex()

# PUSH1 4 CALLDATALOAD DUP1 SLOAD PUSH1 1 ADD SWAP1 SSTORE; then the selector is returned as a word.
_TAKE = f"600435 80 54 6001 01 90 55 63{_SELECTOR} 60e01b 5f52 60205ff3"
_REVERT = "5f5ffd"
VALVE = "reverts while it is closed"


def _creation(runtime: str) -> bytes:
    return creation(bytes.fromhex(runtime.replace(" ", "")))


#: By habit.
RECIPIENTS: dict[str, bytes] = {
    "counts": _creation(_TAKE),
    # Closed at first. Without calldata it opens or closes (slot 0 = not slot 0); with calldata it reverts while closed.
    VALVE: _creation(f"36 600a 57 5f54 15 5f55 00 5b 5f54 6013 57 {_REVERT} 5b {_TAKE}"),
    "reverts": _creation(_REVERT),
    # INVALID takes all the gas there is.
    "burns all gas": _creation("fe"),
    "returns a megabyte": _creation("62100000 5f f3"),
    "reverts with a megabyte": _creation("62100000 5f fd"),
    # NUMBER >> 4 & 3: for 48 blocks it goes on, for sixteen it reverts.
    "flips by block": _creation(f"43 6004 1c 6003 16 600d 57 {_REVERT} 5b {_TAKE}"),
}

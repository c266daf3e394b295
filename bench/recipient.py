"""
Recipient: the contract that every measured message calls.

Promise: a call to it costs 5,048 gas when its slot 0 is cold and not zero, as the peers' recipient did; it adds one
to slot 0 and returns the selector that ERC-7786 asks for.
"""

from collections.abc import Sequence

from bench.machine import Machine
from xl2.core.hashing import keccak
from xl2.core.types import Address, checksum
from xl2_adapters.rpc import Call

#: What one call costs, beside the call itself.
COST = 5_048

_SELECTOR = keccak(b"receiveMessage(bytes32,bytes,bytes)")[:4]
#: slot0 += 1, in 5,010 gas: PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE.
_ADD = bytes.fromhex("5f546001015f55")
#: Return the selector in a word, in 22 gas: PUSH4 PUSH1 224 SHL PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
_ANSWER = bytes.fromhex("63") + _SELECTOR + bytes.fromhex("60e01b5f5260205ff3")
#: JUMPDEST, one gas each.
_PADDING = b"\x5b" * (COST - 5_010 - 22)
CODE = _ADD + _PADDING + _ANSWER


def address_of(index: int) -> Address:
    """Where recipient number `index` stands."""
    return Address(keccak(b"recipient" + index.to_bytes(4))[:20])


async def place(machine: Machine, recipients: Sequence[Address]) -> None:
    """Put the contract at these addresses, slot 0 not zero."""
    one = "0x" + (1).to_bytes(32).hex()
    codes = [Call("anvil_setCode", (checksum(to), "0x" + CODE.hex())) for to in recipients]
    slots = [Call("anvil_setStorageAt", (checksum(to), "0x" + bytes(32).hex(), one)) for to in recipients]
    await machine.rpc.batch([*codes, *slots])

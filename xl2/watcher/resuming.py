"""
Resuming: what is paused in, the call that gives it back out.

Promise: it is written for the owner of the contract, whom no key of a watcher is: nothing here, and nothing in this
package, makes the call. Signatures are those of `contracts/src/interfaces/IHeads.sol` and `IPausable.sol`.
"""

from attrs import frozen
from eth_abi.abi import encode

from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId, Hash32, hex_text
from xl2.watcher.contradiction import Pause, PauseAsset, PauseLane, PauseVerifier


@frozen(kw_only=True)
class Resuming:
    """A call that only the owner of a contract may make."""

    chain: ChainId
    #: `Heads`, or `TokenBridge`.
    contract: str
    to: Address
    #: As people write it, with its argument.
    call: str
    data: bytes


def resuming(pause: Pause, heads: Address) -> Resuming:
    """What gives back what this pauses. `heads`: the registry of the chain."""
    match pause:
        case PauseLane():
            log = halted_log(pause.lane, pause.chain)
            data = _data("resume(bytes32)", "bytes32", log)
            return Resuming(chain=pause.chain, contract="Heads", to=heads, call=f"resume({hex_text(log)})", data=data)
        case PauseVerifier():
            data = _data("reinstate(uint8)", "uint8", pause.number)
            return Resuming(chain=pause.chain, contract="Heads", to=heads, call=f"reinstate({pause.number})", data=data)
        case PauseAsset():
            data = keccak(b"resume()")[:4]
            return Resuming(chain=pause.chain, contract="TokenBridge", to=pause.bridge, call="resume()", data=data)


def halted_log(lane: Lane, chain: ChainId) -> Hash32:
    """The log that a pause of a lane stops at an end: its own where it arrives, its receipts' where it leaves."""
    return lane.log if lane.destination == chain else lane.receipt_log


def _data(signature: str, kind: str, value: object) -> bytes:
    return keccak(signature.encode())[:4] + encode([kind], [value])

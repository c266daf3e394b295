"""
Canonical tokens: which token stands for which on the other side of a standard bridge.

Promise: a pair is given out only if the bridged token itself names the other token and the bridge on its own side: a
standard bridge keeps no list and asks nothing, and tokens sent to a stranger's address would be lost there. Source:
`OptimismMintableERC20`, `StandardBridge._isCorrectTokenPair`.
"""

from attrs import frozen

from xl2.core.types import ZERO_ADDRESS, Address, address, checksum
from xl2.errors import InvalidInput, Refused, Reverted
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm

REMOTE = Method("remoteToken()", "(address)")
BRIDGE = Method("bridge()", "(address)")


@frozen(kw_only=True)
class Side:
    """One side of a standard bridge."""

    evm: Evm
    bridge: Address
    #: In words, for errors.
    name: str


@frozen(kw_only=True)
class Pair:
    """A token on the side that it leaves, and what stands for it on the other."""

    here: Address
    there: Address
    #: The one here is the bridged one: it is burned, and needs no approval.
    is_burned: bool


async def pair_of(token: Address, there: Address | None, here_side: Side, there_side: Side) -> Pair:
    """
    The pair of a token that leaves one side.

    Raises `InvalidInput` where the other token must be named and is not, or is no contract; `Refused` where the two do
    not name each other.
    """
    await _require_code(token, here_side)
    home = await _remote_of(token, here_side)
    if home is not None:
        if there not in (None, home):
            raise Refused(
                f"token {checksum(token)} on {here_side.name} stands for {checksum(home)} on {there_side.name}, "
                f"not for {checksum(there or ZERO_ADDRESS)}",
                remedy=f"Leave the other token out, or name {checksum(home)}.",
            )
        await _require_code(home, there_side)
        return Pair(here=token, there=home, is_burned=True)
    if there is None:
        raise InvalidInput(
            f"which token on {there_side.name} stands for {checksum(token)} is not known: the bridge keeps no list",
            field="token_there",
            remedy="Name the token of the other chain; an OptimismMintableERC20Factory makes one where there is none.",
        )
    await _require_code(there, there_side)
    named = await _remote_of(there, there_side)
    if named != token:
        stands = "no bridged token of this bridge" if named is None else f"standing for {checksum(named)}"
        raise Refused(
            f"token {checksum(there)} on {there_side.name} is {stands}, not for {checksum(token)}",
            remedy="Nothing was sent: in a wrong pair tokens are lost. Name the token that was made for this one.",
        )
    return Pair(here=token, there=there, is_burned=False)


async def _remote_of(token: Address, side: Side) -> Address | None:
    """Token that a bridged token of this side's bridge stands for; None for any other contract."""
    try:
        remote = await side.evm.view(token, REMOTE.encode())
        bridge = await side.evm.view(token, BRIDGE.encode())
    except Reverted:
        return None
    if not remote or not bridge:
        # A contract with a fallback answers anything, with nothing.
        return None
    named = address(BRIDGE.decode(bridge, side.evm.endpoint)[0])
    return address(REMOTE.decode(remote, side.evm.endpoint)[0]) if named == side.bridge else None


async def _require_code(token: Address, side: Side) -> None:
    if not await side.evm.code(token):
        raise InvalidInput(
            f"{checksum(token)} is no contract on {side.name}",
            field="token",
            value=checksum(token),
            remedy="Name the token's address on that chain.",
        )

"""
Tokens: an ERC-7802 token (SuperchainERC20) moved by SuperchainTokenBridge, burnt on one chain and minted on another.

Promise: what would be burnt here and could not be minted there is refused before it is signed: the token must stand at
the same address on both chains and let the bridge mint. The message that a move sends is relayed like any other.
Source: ERC-7802; OP Stack specification, "interop/token-bridging".
"""

from typing import Final

from attrs import field, frozen

from xl2.core.types import ZERO_ADDRESS, Address, ChainId, address, checksum, hex_text, uint
from xl2.errors import InvalidInput, Reverted, Unaffordable
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop.contracts import BALANCE, SEND_ERC20, SUPPORTS, TOKEN_BRIDGE

#: Interface id of ERC-7802.
_CROSSCHAIN: Final = bytes.fromhex("33331994")


@frozen(kw_only=True)
class Move:
    """So much of a token, to an account on another chain."""

    token: Address = field(converter=address)
    to: Address = field(converter=address)
    #: In the token's smallest unit.
    amount: int = field(validator=uint(256))


def call(move: Move, destination: ChainId) -> tuple[Address, bytes]:
    """Whom to call on the origin, and with what; the bridge burns without an approval."""
    return TOKEN_BRIDGE, SEND_ERC20.encode(hex_text(move.token), hex_text(move.to), move.amount, destination)


async def checked(origin: Evm, destination: Evm, move: Move, sender: Address) -> None:
    """
    Raise where the move would burn what cannot be minted.

    Raises `InvalidInput` for nobody as recipient, nothing as amount, or a token that is no ERC-7802 token on one of the
    chains; `Unaffordable` where the sender has less.
    """
    if move.to == ZERO_ADDRESS:
        raise InvalidInput("the recipient is address zero", field="to", value=move.to)
    if move.amount == 0:
        raise InvalidInput("the amount is 0", field="amount", value=0)
    for evm in (origin, destination):
        if not await _moves(evm, move.token):
            raise InvalidInput(
                f"{checksum(move.token)} is no ERC-7802 token on chain {evm.chain}",
                field="token",
                value=move.token,
                remedy="A token moves only where it stands at one address on both chains and lets the bridge mint.",
            )
    (held,) = BALANCE.decode(await origin.view(move.token, BALANCE.encode(hex_text(sender))), origin.endpoint)
    if held < move.amount:
        what = f"{checksum(sender)} has {held} of {checksum(move.token)} on chain {origin.chain}, not {move.amount}"
        raise Unaffordable(what, needed=move.amount, available=held)


async def _moves(evm: Evm, token: Address) -> bool:
    if not await evm.code(token):
        return False
    try:
        answer = await evm.view(token, SUPPORTS.encode(_CROSSCHAIN))
    except Reverted:
        return False
    # ERC-165: true is the word 1; a contract that answers otherwise does not know the question.
    return answer == (1).to_bytes(32)

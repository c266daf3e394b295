"""
ERC-20: what rollups' own bridges ask of a token, and the call that lets one of them take it.

Promise: a bridge is allowed to take exactly what is to cross, and no call is made where it may already. What a bridge
does with it is the family's. Source: EIP-20.
"""

from xl2.core.types import Address, ChainId, checksum
from xl2.errors import Unaffordable
from xl2.ports import Call
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm

BALANCE = Method("balanceOf(address)", "(uint256)")
ALLOWANCE = Method("allowance(address,address)", "(uint256)")
APPROVE = Method("approve(address,uint256)", "(bool)")


async def check_balance(evm: Evm, token: Address, owner: Address, amount: int) -> None:
    """Raises `Unaffordable` where the owner has less."""
    (balance,) = BALANCE.decode(await evm.view(token, BALANCE.encode(owner)), evm.endpoint)
    if balance < amount:
        what = f"{checksum(owner)} has {balance} of token {checksum(token)} on chain {evm.chain}, needed {amount}"
        raise Unaffordable(what, needed=amount, available=balance)


async def approvals(
    evm: Evm, token: Address, *, owner: Address, spender: Address, amount: int, rollup: ChainId
) -> tuple[Call, ...]:
    """What lets the bridge of a rollup take exactly so much of the owner's; nothing where it may already."""
    answer = await evm.view(token, ALLOWANCE.encode(owner, spender))
    if ALLOWANCE.decode(answer, evm.endpoint)[0] >= amount:
        return ()
    what = f"let the bridge of chain {rollup} take {amount} of token {checksum(token)}"
    return (Call(chain=evm.chain, to=token, data=APPROVE.encode(spender, amount), what=what),)

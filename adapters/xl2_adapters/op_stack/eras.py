"""
Eras: which generation of the OP Stack's contracts on L1 a contract of ours is made for, by what it says itself.

Comes in: the address of an `ISettledRule` on a reader, or of an `IRollup` on L1. Goes out: the rollup's state roots as
that contract judges them. Promise: an era is taken from the contract's own getters, and the slots that its proofs rest
on were compared with the same facts by call before the first use.
"""

from typing import Any

from xl2.core.types import Address, address, checksum
from xl2.errors import ConfigInvalid, Reverted
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.game_proof import Pins as GamePins
from xl2_adapters.op_stack.game_proof import ProvenGames
from xl2_adapters.op_stack.games import Games
from xl2_adapters.rollup import ClaimedRoots, ProvableRoots

PORTAL = Method("portal()", "(address)")


async def provable_roots(*, l1: Evm, rollup: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
    """State roots as a rule judges them. Raises `ConfigInvalid` for a contract of no era that is known."""
    if await _named(reader, rule, PORTAL) is not None:
        pins = await GamePins.read(reader, rule)
        return ProvenGames(games=Games(l1=l1, rollup=rollup, portal=pins.portal), pins=pins)
    raise _unknown(reader, rule, "a rule")


async def claimed_roots(*, l1: Evm, rollup: Evm, judge: Address) -> ClaimedRoots[Any]:
    """State roots as a rollup's contract on L1 judges them. Raises `ConfigInvalid` as above."""
    portal = await _named(l1, judge, PORTAL)
    if portal is not None:
        return Games(l1=l1, rollup=rollup, portal=portal)
    raise _unknown(l1, judge, "a rollup's contract")


async def _named(chain: Evm, contract: Address, method: Method) -> Address | None:
    """What a contract names by a getter; None where it has no such getter."""
    try:
        answer = await chain.view(contract, method.encode())
    except Reverted:
        return None
    return address(method.decode(answer, chain.endpoint)[0])


def _unknown(chain: Evm, contract: Address, what: str) -> ConfigInvalid:
    return ConfigInvalid(
        f"{checksum(contract)} on chain {chain.chain} is not {what} of an era of the OP Stack that is known here",
        remedy="Update xl2, or correct the verifier's address.",
    )

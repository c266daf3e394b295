"""
Eras: which generation of the OP Stack's contracts on L1 a contract of ours is made for, by what it says itself.

Comes in: the address of an `ISettledRule` on a reader, or of an `IRollup` on L1. Goes out: the rollup's state roots as
that contract judges them. Promise: an era is taken from the getters of the contract, and of the portal that it names;
the slots that proofs rest on were compared with the same facts by call before the first use (`layout`).
"""

from typing import Any

from xl2.core.types import Address, address, checksum
from xl2.errors import ConfigInvalid, Reverted
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.layout import check_layout
from xl2_adapters.op_stack import (
    game_layout,
    game_proof,
    output_layout,
    output_proof,
    registry_layout,
    registry_proof,
)
from xl2_adapters.op_stack.game_list import FACTORY
from xl2_adapters.op_stack.game_proof import ProvenGames
from xl2_adapters.op_stack.games import Games
from xl2_adapters.op_stack.output_proof import ProvenOutputs
from xl2_adapters.op_stack.outputs import ORACLE as L2_ORACLE
from xl2_adapters.op_stack.outputs import Outputs
from xl2_adapters.op_stack.pins import read_pins
from xl2_adapters.op_stack.registry import REGISTRY as ANCHOR_STATE_REGISTRY
from xl2_adapters.op_stack.registry import RegistryGames
from xl2_adapters.op_stack.registry_proof import ProvenRegistry
from xl2_adapters.rollup import ClaimedRoots, ProvableRoots

ORACLE = Method("oracle()", "(address)")
REGISTRY = Method("registry()", "(address)")
PORTAL = Method("portal()", "(address)")


async def provable_roots(*, l1: Evm, rollup: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
    """
    State roots as a rule judges them.

    Raises `ConfigInvalid` for a contract of no era that is known, `LayoutDiffers` where L1's slots are not the rule's.
    """
    if await _named(reader, rule, ORACLE) is not None:
        of_outputs = await read_pins(output_proof.Pins, output_proof.PINS, reader, rule)
        await check_layout(l1, await output_layout.facts(l1, of_outputs))
        outputs = Outputs(l1=l1, rollup=rollup, oracle=of_outputs.oracle, pause=of_outputs.superchain_config)
        return ProvenOutputs(outputs=outputs, pins=of_outputs)
    if await _named(reader, rule, REGISTRY) is not None:
        of_registry = await read_pins(registry_proof.Pins, registry_proof.PINS, reader, rule)
        await check_layout(l1, await registry_layout.facts(l1, of_registry))
        judged = RegistryGames(l1=l1, rollup=rollup, portal=of_registry.portal)
        return ProvenRegistry(games=judged, pins=of_registry)
    if await _named(reader, rule, PORTAL) is not None:
        of_games = await read_pins(game_proof.Pins, game_proof.PINS, reader, rule)
        await check_layout(l1, await game_layout.facts(l1, of_games))
        return ProvenGames(games=Games(l1=l1, rollup=rollup, portal=of_games.portal), pins=of_games)
    raise _unknown(reader, rule, "a rule")


async def claimed_roots(*, l1: Evm, rollup: Evm, judge: Address) -> ClaimedRoots[Any]:
    """
    State roots as a rollup's contract on L1 judges them. Raises `ConfigInvalid` as above.

    Such a contract names its portal alone; a portal is of the era whose getters it has.
    """
    portal = await _named(l1, judge, PORTAL)
    if portal is None:
        raise _unknown(l1, judge, "a rollup's contract")
    oracle = await _named(l1, portal, L2_ORACLE)
    if oracle is not None:
        return Outputs(l1=l1, rollup=rollup, oracle=oracle, pause=portal)
    if await _named(l1, portal, ANCHOR_STATE_REGISTRY) is not None:
        return RegistryGames(l1=l1, rollup=rollup, portal=portal)
    if await _named(l1, portal, FACTORY) is not None:
        return Games(l1=l1, rollup=rollup, portal=portal)
    raise _unknown(l1, portal, "a portal")


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

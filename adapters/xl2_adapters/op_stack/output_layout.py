"""
Output layout: what `ProvenOutputs` reads by slot and the contracts on L1 tell by call, for `layout` to compare.

Comes in: the pins of a rule. Goes out: facts of the oracle, of its newest output, of the pause, of the portal.
"""

from attrs import evolve

from xl2_adapters.evm import Evm
from xl2_adapters.layout import Fact
from xl2_adapters.op_stack.output_proof import ORACLE_SLOT, OUTPUT_LIST, PERIOD_SLOT, Pins, output_slot
from xl2_adapters.op_stack.outputs import NEXT_INDEX, ORACLE, OUTPUT_AT, PERIOD
from xl2_adapters.op_stack.pause import pause_fact


async def facts(l1: Evm, pins: Pins) -> list[Fact]:
    """Facts about the contracts that are pinned, and about the newest output if there is one."""
    oracle, name = pins.oracle, "L2OutputOracle.l2Outputs"
    length = Fact(contract=oracle, name=f"{name}.length", slot=OUTPUT_LIST, getter=NEXT_INDEX)
    period = Fact(contract=oracle, name="L2OutputOracle.finalizationPeriodSeconds", slot=PERIOD_SLOT, getter=PERIOD)
    named = Fact(contract=pins.portal, name="OptimismPortal.l2Oracle", slot=ORACLE_SLOT, getter=ORACLE)
    found = [length, period, named, pause_fact(pins.superchain_config)]
    (count,) = NEXT_INDEX.decode(await l1.view(oracle, NEXT_INDEX.encode()), l1.endpoint)
    if not count:
        return found
    newest = count - 1
    root = Fact(
        contract=oracle, name=f"{name}[{newest}]", slot=output_slot(newest), getter=OUTPUT_AT, arguments=(newest,)
    )
    time = evolve(root, slot=output_slot(newest, 1), bits=128, value=1)
    return [*found, root, time, evolve(time, shift=128, value=2)]

"""
Hand over: the end of a deployment, when a timelock becomes the owner of everything that has one.

A plan that has created and wired all contracts of a chain comes in; the same plan, with a timelock and every ownership
given to it, goes out. Promise: nothing that the plan created keeps another owner, and the timelock has no admin but
itself. What its proposer, the deployer, schedules may be carried out by anybody, after the delay and not before
(docs/reference/protocol.md, section 9). Who may pause is a guardian: `deploy_xl2` names it.
"""

from xl2_devnet.abi import xl2
from xl2_devnet.clocks import Clocks
from xl2_devnet.plan import Plan

#: Of OpenZeppelin's `TimelockController`: as its executor everybody, as its admin nobody.
_ZERO = "0x" + "00" * 20


def plan_hand_over(plan: Plan, clocks: Clocks) -> str:
    """Create a timelock, and make it the owner of all that the plan created; its address."""
    owned = [(address, contract) for address, contract in plan.created.items() if contract.has("transferOwnership")]
    timelock = plan.create(xl2("TimelockController"), clocks.timelock_seconds, [plan.account], [_ZERO], _ZERO)
    for address, contract in owned:
        plan.call(address, contract, "transferOwnership", timelock)
    return timelock

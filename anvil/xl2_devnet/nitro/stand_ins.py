"""
Nitro stand-ins: our own small contracts on L1, where Arbitrum's cannot be fetched.

A plan comes in; the addresses of one chain's contracts go out, by the names that `l1` uses. Promise: who talks to
a Nitro chain's L1 finds the same functions, events, checks, aliases and proven slots. Not here: disputes, upgrades,
tokens as gas, batches in blobs. An assertion with a rival stays unconfirmed for good.
"""

from xl2_devnet.abi import stand_in
from xl2_devnet.accounts import account
from xl2_devnet.clocks import Clocks
from xl2_devnet.nitro.l1 import LIARS, STAKE
from xl2_devnet.plan import Plan, created_by


def plan_stand_ins(plan: Plan, clocks: Clocks) -> dict[str, str]:
    """Deploy and link one chain's stand-ins."""
    proposer = account("proposer").address
    validators = [proposer, *(account(role).address for role in LIARS)]
    stake_token = plan.create(stand_in("StakeTokenStandIn"))
    bridge_implementation = plan.create(stand_in("BridgeStandIn"))
    # Each knows others that come behind it, in this order.
    own = plan.tx_nonce
    sequencer_inbox_at, inbox_at, _, outbox_at, rollup_at = (created_by(plan.account, own + n) for n in range(1, 6))
    wired = stand_in("BridgeStandIn").call("initialize", rollup_at, inbox_at, outbox_at, sequencer_inbox_at)
    bridge = plan.create(stand_in("ERC1967Proxy"), bridge_implementation, wired)
    sequencer_inbox = plan.create(stand_in("SequencerInboxStandIn"), bridge, proposer, clocks.force_inclusion_blocks)
    inbox = plan.create(stand_in("InboxStandIn"), bridge, sequencer_inbox)
    implementation = plan.create(stand_in("OutboxStandIn"))
    initialize = stand_in("OutboxStandIn").call("initialize", bridge, rollup_at)
    outbox = plan.create(stand_in("ERC1967Proxy"), implementation, initialize)
    rollup = plan.create(
        stand_in("RollupStandIn"), bridge, outbox, stake_token, STAKE, clocks.confirm_blocks, validators
    )
    return {
        "rollup": rollup,
        "inbox": inbox,
        "outbox": outbox,
        "outbox_implementation": implementation,
        "bridge": bridge,
        "bridge_implementation": bridge_implementation,
        "sequencer_inbox": sequencer_inbox,
        "stake_token": stake_token,
    }

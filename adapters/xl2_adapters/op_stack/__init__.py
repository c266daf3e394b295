"""
OP Stack: the family of Optimism and Base. Entry point `op` of `xl2.adapters`.

Read `chain` (what differs from other families), `eras` (which contracts stand on L1), then one era: `rule` (when a
claim is settled), `games` (finding one), `game_proof` (proving it).
"""

from xl2_adapters.op_stack.family import OpStack

__all__ = ["OpStack"]

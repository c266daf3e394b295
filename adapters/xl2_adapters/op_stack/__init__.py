"""
OP Stack: the family of Optimism and Base. Entry point `op` of `xl2.adapters`.

Read `rule` (when a claim is settled), `games` (finding one), `settled` (proving it), `log_head`, `proven`, `routed`.
"""

from xl2_adapters.op_stack.family import OpStack

__all__ = ["OpStack"]

"""
ZK stack: the family of ZKsync Era and its kin. Entry point `zk` of `xl2.adapters`.

Read `logs` (what a chain says to L1), `batches` (when that counts there), `announcements` (heads among it), `chain`;
for the chain's own bridge `eras`, `canonical`.
"""

from xl2_adapters.zk_stack.family import ZkStack

__all__ = ["ZkStack"]

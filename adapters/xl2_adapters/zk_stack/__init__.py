"""
ZK stack: the family of ZKsync Era and its kin. Entry point `zk` of `xl2.adapters`.

Read `logs` (what a chain says to L1), `batches` (when that counts there), `announcements` (heads among it), `chain`.
"""

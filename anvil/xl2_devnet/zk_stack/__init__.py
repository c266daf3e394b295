"""The ZK stack on the devnet: the Diamond on L1, emulated system contracts, priority operations, batches.

Read `rollup` first, which builds and runs the parts.
"""

"""The OP Stack on the devnet: Optimism's contracts on L1, its predeploys on the L2, deposits, dispute games.

Read `rollup` first, which builds and runs the parts.
"""

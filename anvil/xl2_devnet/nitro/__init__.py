"""Arbitrum Nitro on the devnet: its own contracts on L1 or stand-ins, emulated precompiles, tickets, assertions.

Read `rollup` first, which builds and runs the parts.
"""

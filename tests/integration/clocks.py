"""
Clocks of devnets that a module has for itself.

Promise: none makes a test depend on how fast the machine is. What is counted in blocks comes sooner, with as much
history kept; what is counted in seconds is short where nobody has to act within it, or else so long that it ends only
when a test turns L1's clock on.
"""

from typing import Final

from attrs import evolve

from xl2_devnet import BRISK

#: Twice as many blocks a second.
QUICK: Final = evolve(
    BRISK,
    l1_block_seconds=0.125,
    l2_block_seconds=0.125,
    proposal_seconds=0.25,
    states_kept=2 * BRISK.states_kept,
    l1_states_kept=2 * BRISK.l1_states_kept,
)
#: Where nobody proposes a false root, no challenger can be too late.
UNDISPUTED: Final = evolve(QUICK, max_clock_seconds=1)
#: Games and delays end when they are made to.
BY_HAND: Final = evolve(QUICK, max_clock_seconds=600, proof_maturity_seconds=60, game_finality_seconds=60)

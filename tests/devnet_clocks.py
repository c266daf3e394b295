"""
Clocks of devnets that a module has for itself.

Promise: none makes a test depend on how fast the machine is. What is counted in blocks comes sooner, with as much
history kept; what is counted in seconds is short where nobody has to act within it, or else so long that it ends only
when a test turns L1's clock on.
"""

from typing import Final

from attrs import evolve

from xl2_devnet import BRISK

#: Where nobody proposes a false root, no challenger can be too late.
UNDISPUTED: Final = evolve(BRISK, max_clock_seconds=1)
#: A game's time is over when a test lets it be, so that a challenger on a busy machine is never too late.
DISPUTED: Final = evolve(BRISK, max_clock_seconds=60)
#: More than the portal's two delays by any of these two.
DELAYS_SECONDS: Final = BRISK.proof_maturity_seconds + BRISK.game_finality_seconds + 1

#: Twice as many blocks a second.
QUICK: Final = evolve(
    BRISK,
    l1_block_seconds=0.125,
    l2_block_seconds=0.125,
    proposal_seconds=0.25,
    states_kept=2 * BRISK.states_kept,
    l1_states_kept=2 * BRISK.l1_states_kept,
)
QUICK_UNDISPUTED: Final = evolve(QUICK, max_clock_seconds=1)
#: Games and delays end when they are made to.
BY_HAND: Final = evolve(QUICK, max_clock_seconds=600, proof_maturity_seconds=60, game_finality_seconds=60)

#: What is final is eighty blocks behind the tip, on L1 as on L2s, so that a reorg of sixty-four does not reach it. And
#: states are kept for as long as with a fourth of the blocks, since these are hurried.
DEEP: Final = evolve(UNDISPUTED, slots_in_an_epoch=40, states_kept=1_600, l1_states_kept=512)
#: After so many blocks what was newest is final there.
DEEP_FINAL: Final = 84

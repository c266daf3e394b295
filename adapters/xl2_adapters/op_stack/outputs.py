"""
Outputs: what the output oracle of a rollup holds, as L1 knew it at one block. The era before dispute games.

Comes in: oracle and L1 block. Goes out: the newest output whose finalization period is over by that block's time, and
that our own node of the rollup confirms. Promise: an output that the challenger deleted is never found, as the oracle's
own count is asked at the same block; one that our node does not confirm is passed over with a warning, never used.
Proving it to others is left to `output_proof`.
"""

import logging
from collections.abc import AsyncIterator, Sequence

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import NotYet, Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.output_root import OutputRoot, true_output
from xl2_adapters.op_stack.pause import PAUSED
from xl2_adapters.op_stack.rule import Output, why_output_not_settled
from xl2_adapters.rollup import SettledRoot

log = logging.getLogger(__name__)

#: Outputs looked at before giving up: more than a month of hourly proposals.
_MAX_OUTPUTS = 1_000
_OUTPUTS_AT_ONCE = 64

#: Of the legacy portal alone: `OptimismPortal` 2.8.1.
ORACLE = Method("l2Oracle()", "(address)")
NEXT_INDEX = Method("nextOutputIndex()", "(uint256)")
#: A struct of fixed size is encoded as its fields.
OUTPUT_AT = Method("getL2Output(uint256)", "(bytes32,uint128,uint128)")
PERIOD = Method("finalizationPeriodSeconds()", "(uint256)")


@frozen(kw_only=True)
class SettledOutput(SettledRoot):
    """An output that is settled at an L1 block, and its preimage."""

    proposed: Output
    output: OutputRoot


@frozen(kw_only=True)
class Outputs:
    """The outputs of one rollup. Implements `xl2_adapters.rollup.ClaimedRoots`, for a `LiveOutputs`."""

    l1: Evm
    rollup: Evm
    oracle: Address
    #: Where a pause of withdrawals is told: the portal, or the superchain's config.
    pause: Address

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledOutput:
        """
        Newest settled output at an L1 block about a block of the rollup that is not above `upto`.

        Raises `NotYet` where there is none, with the reason of the newest, or where its block's state is not kept.
        """
        (period,) = PERIOD.decode(await self.l1.view(self.oracle, PERIOD.encode(), at.number), self.l1.endpoint)
        (is_paused,) = PAUSED.decode(await self.l1.view(self.pause, PAUSED.encode(), at.number), self.l1.endpoint)
        if is_paused:
            raise NotYet(f"no output of chain {self.rollup.chain} is settled: withdrawals are paused")
        reasons: list[str] = []
        async for proposed in self._newest_first(at.number):
            refused = why_output_not_settled(proposed, period, at.timestamp)
            if refused is None and proposed.number > upto:
                refused = f"it is about block {proposed.number}, known is the rollup up to {upto}"
            if refused is not None:
                reasons.append(f"output {proposed.index} is not settled at l1 block {at.number}: {refused}")
                continue
            output = await true_output(self.rollup, proposed.number, upto)
            if output.hash == proposed.root:
                return SettledOutput(
                    number=proposed.number,
                    state_root=output.state_root,
                    name=f"output {proposed.index}",
                    proposed=proposed,
                    output=output,
                )
            fields = {"oracle": checksum(self.oracle), "claim": hex_text(proposed.root), "block": proposed.number}
            log.warning("a settled output claims another root than our node has", extra={"fields": fields})
            # Told before all others: either the rollup or our node is wrong.
            reasons.insert(0, f"output {proposed.index} claims another root than our node has")
        reason = reasons[0] if reasons else "none was proposed yet"
        raise NotYet(f"no usable output of chain {self.rollup.chain}: {reason}")

    def claim(self, root: SettledOutput) -> bytes:
        """Output index u64 ‖ output root's preimage, as `LiveOutputs` reads it."""
        return root.proposed.index.to_bytes(8) + root.output.encode()

    async def _newest_first(self, at: BlockNumber) -> AsyncIterator[Output]:
        (count,) = NEXT_INDEX.decode(await self.l1.view(self.oracle, NEXT_INDEX.encode(), at), self.l1.endpoint)
        for end in range(count, max(0, count - _MAX_OUTPUTS), -_OUTPUTS_AT_ONCE):
            indices = range(end - 1, max(0, end - _OUTPUTS_AT_ONCE) - 1, -1)
            try:
                outputs = await self._outputs(list(indices), at)
            except Reverted as odd:
                # A node that has begun the next block may have counted an output of it.
                raise NotYet(f"the l1 node contradicts itself about block {at}: {odd.what}") from odd
            for output in outputs:
                yield output

    async def _outputs(self, indices: Sequence[int], at: BlockNumber) -> list[Output]:
        answers = await self.l1.views([(self.oracle, OUTPUT_AT.encode(index)) for index in indices], at)
        found = []
        for index, answer in zip(indices, answers, strict=True):
            root, proposed_at, number = OUTPUT_AT.decode(answer, self.l1.endpoint)
            found.append(Output(index=index, root=Hash32(root), proposed_at=proposed_at, number=BlockNumber(number)))
        return found

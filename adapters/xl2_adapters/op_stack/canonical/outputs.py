"""
Canonical outputs: an oracle's outputs as roots that withdrawals are proven against (portals before version 3).

Promise: an output is named only if it is what our own node has; a proof whose output was deleted or replaced since is
said to be void. There is one proof a withdrawal, whoever made it, and whoever wants finalizes.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.types import ZERO_ADDRESS, Address, BlockNumber, Hash32, Timestamp, hex_text
from xl2.errors import Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.roots import Awaited, Root, Standing
from xl2_adapters.op_stack.output_root import true_output

ORACLE = Method("l2Oracle()", "(address)")
PAUSED = Method("paused()", "(bool)")
PROVEN = Method("provenWithdrawals(bytes32)", "(bytes32,uint128,uint128)")
FINALIZE = Method("finalizeWithdrawalTransaction((uint256,address,address,uint256,uint256,bytes))")

INDEX_AFTER = Method("getL2OutputIndexAfter(uint256)", "(uint256)")
LATEST_INDEX = Method("latestOutputIndex()", "(uint256)")
LATEST_BLOCK = Method("latestBlockNumber()", "(uint256)")
OUTPUT = Method("getL2Output(uint256)", "((bytes32,uint128,uint128))")
WINDOW = Method("FINALIZATION_PERIOD_SECONDS()", "(uint256)")
INTERVAL = Method("SUBMISSION_INTERVAL()", "(uint256)")
BLOCK_TIME = Method("L2_BLOCK_TIME()", "(uint256)")
TIME_OF = Method("computeL2Timestamp(uint256)", "(uint256)")

#: Outputs looked at before giving up: proposers are few and permitted, so one false one is much already.
_MAX_OUTPUTS = 64


@frozen(kw_only=True)
class Outputs:
    """The outputs of one portal's oracle. Implements `Roots`."""

    anchor: Evm
    rollup: Evm
    portal: Address
    oracle: Address

    async def root_for(self, number: BlockNumber, at: Block, upto: BlockNumber) -> Root | Awaited:
        """See `Roots.root_for`."""
        awaited = Awaited(what=f"an output about block {number} or a later one", seconds=await self._due(number, at))
        try:
            first = await self._int(INDEX_AFTER.encode(number), INDEX_AFTER, at)
        except Reverted:
            return awaited
        last = await self._int(LATEST_INDEX.encode(), LATEST_INDEX, at)
        for index in range(first, min(last, first + _MAX_OUTPUTS) + 1):
            claim, _, about = await self._output(index, at)
            block = BlockNumber(about)
            if block > upto:
                return Awaited(what=f"our node to have block {block}, which output {index} is about", seconds=None)
            output = await true_output(self.rollup, block, upto)
            if output.hash == claim:
                return Root(index=index, name=f"output {index}", number=block, output=output)
            awaited = Awaited(
                what=f"{awaited.what}; output {index} claims {hex_text(claim)}, our node has {hex_text(output.hash)}",
                seconds=None,
            )
        return awaited

    async def standings(self, withdrawal: Hash32, at: Block) -> Sequence[Standing]:
        """See `Roots.standings`."""
        answer = await self.anchor.view(self.portal, PROVEN.encode(withdrawal), at.number)
        claim, proven_at, index = PROVEN.decode(answer, self.anchor.endpoint)
        if not proven_at:
            return []
        void, awaits = await self._why_void(index, Hash32(claim), at), None
        if void is None:
            awaits = await self._awaited(index, proven_at, at)
        return [
            Standing(
                prover=ZERO_ADDRESS,
                proven_at=Timestamp(proven_at),
                root=f"output {index}",
                void=void,
                awaits=awaits,
            )
        ]

    async def least_seconds(self, at: Block) -> int | None:
        """See `Roots.least_seconds`."""
        return await self._int(WINDOW.encode(), WINDOW, at) + 1

    async def next_root_seconds(self, at: Block) -> int | None:
        """See `Roots.next_root_seconds`."""
        interval = await self._int(INTERVAL.encode(), INTERVAL, at)
        return interval * await self._int(BLOCK_TIME.encode(), BLOCK_TIME, at)

    def finalize_data(self, withdrawal: tuple[object, ...], prover: Address) -> bytes:  # noqa: ARG002 - the protocol's
        """See `Roots.finalize_data`."""
        return FINALIZE.encode(withdrawal)

    async def _why_void(self, index: int, claim: Hash32, at: Block) -> str | None:
        try:
            now, _, _ = await self._output(index, at)
        except Reverted:
            return f"output {index} was deleted"
        return None if now == claim else f"output {index} was replaced"

    async def _awaited(self, index: int, proven_at: int, at: Block) -> Awaited | None:
        _, proposed_at, _ = await self._output(index, at)
        window = await self._int(WINDOW.encode(), WINDOW, at)
        seconds = max(proven_at, proposed_at) + window + 1 - at.timestamp
        if seconds > 0:
            return Awaited(what="the window after proof and output", seconds=seconds)
        paused = PAUSED.decode(await self.anchor.view(self.portal, PAUSED.encode(), at.number), self.anchor.endpoint)[0]
        return Awaited(what="the end of the pause of withdrawals", seconds=None) if paused else None

    async def _due(self, number: BlockNumber, at: Block) -> int | None:
        """When an output about a block is due at the latest, by the oracle's own timetable."""
        latest = await self._int(LATEST_BLOCK.encode(), LATEST_BLOCK, at)
        interval = await self._int(INTERVAL.encode(), INTERVAL, at)
        due = latest + max(1, -(-(number - latest) // interval)) * interval
        return max(1, await self._int(TIME_OF.encode(due), TIME_OF, at) - at.timestamp)

    async def _output(self, index: int, at: Block) -> tuple[Hash32, int, int]:
        """Claim, time of the proposal, block of the rollup. Raises `Reverted` where there is none."""
        answer = await self.anchor.view(self.oracle, OUTPUT.encode(index), at.number)
        claim, proposed_at, number = OUTPUT.decode(answer, self.anchor.endpoint)[0]
        return Hash32(claim), proposed_at, number

    async def _int(self, data: bytes, method: Method, at: Block) -> int:
        return int(method.decode(await self.anchor.view(self.oracle, data, at.number), self.anchor.endpoint)[0])

"""
Output proof: a settled output becomes the proof of it under one L1 block, for whoever knows that block's hash.

Comes in: L1 header and output. Goes out: the bytes that `ProvenOutputs` reads (protocol.md section 7). Promise: the
rule was applied to what was proven, not to what was called; so what leaves passes there, or the contract's pins have
moved and it says so.
"""

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.op_stack.outputs import Outputs, SettledOutput
from xl2_adapters.op_stack.pause import PAUSED_SLOT
from xl2_adapters.op_stack.rule import Output, why_output_not_settled

#: L2OutputOracle 1.8.0: length of `l2Outputs`, and where its elements begin: root 32, then time u128 and block u128.
OUTPUT_LIST = Hash32((3).to_bytes(32))
_OUTPUTS = int.from_bytes(keccak(OUTPUT_LIST))
#: `finalizationPeriodSeconds`.
PERIOD_SLOT = Hash32((8).to_bytes(32))
#: OptimismPortal 2.8.1: `l2Oracle`.
ORACLE_SLOT = Hash32((54).to_bytes(32))
_U128 = (1 << 128) - 1

PINS = (
    Method("oracle()", "(address)"),
    Method("oracleImplementation()", "(address)"),
    Method("superchainConfig()", "(address)"),
    Method("superchainConfigImplementation()", "(address)"),
    Method("portal()", "(address)"),
    Method("portalImplementation()", "(address)"),
)


@frozen(kw_only=True)
class Pins:
    """What a `ProvenOutputs` was deployed for."""

    oracle: Address
    oracle_implementation: Address
    superchain_config: Address
    superchain_config_implementation: Address
    portal: Address
    portal_implementation: Address


@frozen(kw_only=True)
class ProvenOutputs:
    """Outputs of one rollup, for a `ProvenOutputs`. Implements `xl2_adapters.rollup.ProvableRoots`."""

    outputs: Outputs
    pins: Pins

    async def newest_settled(self, at: Block, upto: BlockNumber) -> SettledOutput:
        """Newest settled output."""
        return await self.outputs.newest_settled(at, upto)

    async def rule_proof(self, root: SettledOutput, header: Header) -> bytes:
        """The whole proof. Raises `ProofInvalid` where L1's state does not hold what the output was said to be."""
        pins, index = self.pins, root.proposed.index
        proof = HeaderProof(self.outputs.l1, header)
        slots = [OUTPUT_LIST, output_slot(index), output_slot(index, 1), PERIOD_SLOT]
        words = await proof.proxy(pins.oracle, pins.oracle_implementation, slots)
        await proof.proxy(pins.superchain_config, pins.superchain_config_implementation, [], absent=[PAUSED_SLOT])
        (named,) = await proof.proxy(pins.portal, pins.portal_implementation, [ORACLE_SLOT])
        if named != pins.oracle.rjust(32, b"\0"):
            raise ProofInvalid(
                f"portal {checksum(pins.portal)} goes by oracle {hex_text(named[12:])}, the verifier is made for "
                f"{checksum(pins.oracle)}",
                remedy="The rollup was upgraded: the verifier stays silent until a new one is registered.",
            )
        self._check_rule(root, header, words)
        return index.to_bytes(8) + root.output.encode() + proof.encode()

    def _check_rule(self, settled: SettledOutput, header: Header, words: list[Hash32]) -> None:
        """Apply the rule to the words that were proven."""
        count, claimed, when, period = (int.from_bytes(word) for word in words)
        proven = Output(
            index=settled.proposed.index,
            root=Hash32(claimed.to_bytes(32)),
            proposed_at=when & _U128,
            number=BlockNumber(when >> 128),
        )
        if proven != settled.proposed or proven.index >= count:
            raise ProofInvalid(
                f"l1 block {header.number} proves other facts of output {proven.index} of {count} than it was said: "
                f"{hex_text(words[1])}, {hex_text(words[2])}"
            )
        if settled.output.hash != proven.root:
            raise ProofInvalid(f"output {proven.index} claims another output root than the rollup's node has")
        refused = why_output_not_settled(proven, period, header.timestamp)
        if refused is not None:
            raise NotYet(f"output {proven.index} is not settled at l1 block {header.number}: {refused}")


def output_slot(index: int, word: int = 0) -> Hash32:
    """Slot of an output: word 0 is its root, word 1 its time and block."""
    return Hash32(((_OUTPUTS + 2 * index + word) % (1 << 256)).to_bytes(32))

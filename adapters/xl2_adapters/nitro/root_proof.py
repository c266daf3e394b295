"""
Root proof: a confirmed block of a Nitro chain becomes what contracts elsewhere read of it.

Comes in: a root, and for readers that know only an L1 block hash that block's header. Goes out: the bytes of
`ProvenRoots` and of `LiveRoots` (protocol.md section 7). Promise: the outbox's word was proven under the L1 header and
compared with the root, and the outbox runs the implementation whose slots the rule knows; at connect, a proof of the
slot is compared with what the outbox says when it is called.
"""

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, address, checksum, hex_text
from xl2.errors import ConfigInvalid, ProofInvalid, Reverted
from xl2.ports import Block
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.layout import Fact
from xl2_adapters.nitro.outbox import ROOTS, Outbox, root_slot
from xl2_adapters.nitro.roots import NitroRoot, Roots

OUTBOX = Method("outbox()", "(address)")
OUTBOX_IMPLEMENTATION = Method("outboxImplementation()", "(address)")
PINS = (OUTBOX, OUTBOX_IMPLEMENTATION)


@frozen(kw_only=True)
class ProvenRoots:
    """Confirmed blocks, for a `ProvenRoots`. Implements `xl2_adapters.rollup.ProvableRoots`."""

    roots: Roots
    #: What runs behind the outbox's proxy, as the rule knows it.
    implementation: Address

    async def newest_settled(self, at: Block, upto: BlockNumber) -> NitroRoot:
        """Newest confirmed block."""
        return await self.roots.newest_settled(at, upto)

    async def rule_proof(self, root: NitroRoot, header: Header) -> bytes:
        """Claim ‖ account of the outbox ‖ its implementation ‖ its word for the root, under the L1 header."""
        outbox = self.roots.outbox
        proof = HeaderProof(outbox.l1, header)
        (word,) = await proof.proxy(outbox.address, self.implementation, [root_slot(root.send_root)])
        if word != root.header.hash:
            raise ProofInvalid(
                f"l1 block {header.number} proves block {hex_text(word)} for {root.name}, our node has "
                f"{hex_text(root.header.hash)}"
            )
        return encode_claim(root) + proof.encode()


@frozen(kw_only=True)
class LiveRoots:
    """Confirmed blocks, for a `LiveRoots` on L1. Implements `xl2_adapters.rollup.ClaimedRoots`."""

    roots: Roots

    async def newest_settled(self, at: Block, upto: BlockNumber) -> NitroRoot:
        """Newest confirmed block."""
        return await self.roots.newest_settled(at, upto)

    def claim(self, root: NitroRoot) -> bytes:
        """Which root is meant, and the header that the outbox's word for it commits to."""
        return encode_claim(root)


def encode_claim(root: NitroRoot) -> bytes:
    """Send root 32 ‖ length u16 ‖ header of the block (RLP)."""
    encoded = root.header.encoded
    return root.send_root + len(encoded).to_bytes(2) + encoded


async def pins_of(reader: Evm, rule: Address) -> tuple[Address, Address]:
    """Outbox and its implementation, as a `ProvenRoots` was deployed for. Raises `ConfigInvalid` for another rule."""
    try:
        answers = await reader.views([(rule, method.encode()) for method in PINS])
        outbox, implementation = (
            method.decode(answer, reader.endpoint)[0] for method, answer in zip(PINS, answers, strict=True)
        )
    except Reverted as other:
        raise _no_rule(rule, "settled rule", reader) from other
    return address(outbox), address(implementation)


async def outbox_of(anchor: Evm, rollup: Address) -> Address:
    """Outbox that a `LiveRoots` on L1 asks. Raises `ConfigInvalid` for another contract."""
    try:
        (outbox,) = OUTBOX.decode(await anchor.view(rollup, OUTBOX.encode()), anchor.endpoint)
    except Reverted as other:
        raise _no_rule(rollup, "rollup", anchor) from other
    return address(outbox)


async def layout(outbox: Outbox) -> list[Fact]:
    """The slot that proofs rest on, by the newest root; nothing while there is none."""
    tip = await outbox.l1.head(Finality.LATEST)
    newest = await anext(outbox.confirmed(tip.number), None)
    if newest is None:
        return []
    slot, name = root_slot(newest.send_root), "AbsOutbox.roots"
    return [Fact(contract=outbox.address, name=name, slot=slot, getter=ROOTS, arguments=(newest.send_root,))]


def _no_rule(contract: Address, what: str, where: Evm) -> ConfigInvalid:
    return ConfigInvalid(
        f"{checksum(contract)} on chain {where.chain} is no {what} of a Nitro chain: it names no outbox",
        remedy="Correct the contract's address, or the family of the chain that it is about.",
    )

"""
Root proof: a confirmed block of a Nitro chain becomes what contracts elsewhere read of it.

Comes in: a root, and for readers that know only an L1 block hash that block's header. Goes out: the bytes of
`ProvenRoots` and of `LiveRoots` (protocol.md section 7). Promise: the outbox's word was proven under the L1 header and
compared with the root, the bridge allows that outbox, and both run the implementations whose slots the rule knows; at
connect, proofs of the slots are compared with what the two say when they are called.
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
from xl2_adapters.nitro.outbox import ALLOWED, ROOTS, Outbox, allowed_slot, root_slot
from xl2_adapters.nitro.roots import NitroRoot, Roots

OUTBOX = Method("outbox()", "(address)")
OUTBOX_IMPLEMENTATION = Method("outboxImplementation()", "(address)")
BRIDGE = Method("bridge()", "(address)")
BRIDGE_IMPLEMENTATION = Method("bridgeImplementation()", "(address)")
PINS = (OUTBOX, OUTBOX_IMPLEMENTATION, BRIDGE, BRIDGE_IMPLEMENTATION)

_ALLOWED = (1).to_bytes(32)


@frozen(kw_only=True)
class Pins:
    """What a `ProvenRoots` was deployed for: two proxies of L1, and what runs behind them as the rule knows it."""

    outbox: Address
    outbox_implementation: Address
    bridge: Address
    bridge_implementation: Address


@frozen(kw_only=True)
class ProvenRoots:
    """Confirmed blocks, for a `ProvenRoots`. Implements `xl2_adapters.rollup.ProvableRoots`."""

    roots: Roots
    pins: Pins

    async def newest_settled(self, at: Block, upto: BlockNumber) -> NitroRoot:
        """Newest confirmed block."""
        return await self.roots.newest_settled(at, upto)

    async def rule_proof(self, root: NitroRoot, header: Header) -> bytes:
        """
        Claim, the outbox's word for the root, the bridge's for the outbox, under the L1 header.

        Each word behind its contract's account and implementation. Raises `ProofInvalid` where one is another.
        """
        outbox, pins = self.roots.outbox, self.pins
        proof = HeaderProof(outbox.l1, header)
        (word,) = await proof.proxy(outbox.address, pins.outbox_implementation, [root_slot(root.send_root)])
        if word != root.header.hash:
            raise ProofInvalid(
                f"l1 block {header.number} proves block {hex_text(word)} for {root.name}, our node has "
                f"{hex_text(root.header.hash)}"
            )
        (allowed,) = await proof.words(pins.bridge, [allowed_slot(outbox.address)])
        if allowed != _ALLOWED:
            raise ProofInvalid(
                f"bridge {checksum(pins.bridge)} on l1 no longer allows outbox {checksum(outbox.address)} at block "
                f"{header.number}",
                remedy="The rollup has another outbox: the verifier stays silent until a new one is registered.",
            )
        await proof.proxy(pins.bridge, pins.bridge_implementation, [allowed_slot(outbox.address)])
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


async def pins_of(reader: Evm, rule: Address) -> Pins:
    """What a `ProvenRoots` says of itself. Raises `ConfigInvalid` for another rule."""
    try:
        answers = await reader.views([(rule, method.encode()) for method in PINS])
        outbox, outbox_implementation, bridge, bridge_implementation = (
            address(method.decode(answer, reader.endpoint)[0]) for method, answer in zip(PINS, answers, strict=True)
        )
    except Reverted as other:
        raise _no_rule(rule, "settled rule", reader) from other
    return Pins(
        outbox=outbox,
        outbox_implementation=outbox_implementation,
        bridge=bridge,
        bridge_implementation=bridge_implementation,
    )


async def outbox_of(anchor: Evm, rollup: Address) -> Address:
    """Outbox that a `LiveRoots` on L1 asks. Raises `ConfigInvalid` for another contract."""
    try:
        (outbox,) = OUTBOX.decode(await anchor.view(rollup, OUTBOX.encode()), anchor.endpoint)
    except Reverted as other:
        raise _no_rule(rollup, "rollup", anchor) from other
    return address(outbox)


async def check_bridge(outbox: Outbox, pins: Pins) -> None:
    """Raise `ConfigInvalid` where the outbox answers to another bridge than the one that a rule asks about it."""
    (answer,) = BRIDGE.decode(await outbox.l1.view(outbox.address, BRIDGE.encode()), outbox.l1.endpoint)
    if address(answer) != pins.bridge:
        raise ConfigInvalid(
            f"the outbox {checksum(outbox.address)} belongs to the bridge {answer}; the settled rule on the chain that "
            f"reads is made for the bridge {checksum(pins.bridge)}",
            remedy="Do not rely on this verifier: deploy a ProvenRoots for the outbox and its own bridge.",
        )


async def layout(outbox: Outbox, bridge: Address) -> list[Fact]:
    """The slots that proofs rest on: the bridge's word for the outbox, and the newest root, if there is one."""
    facts = [
        Fact(
            contract=bridge,
            name="AbsBridge.allowedOutboxesMap",
            slot=allowed_slot(outbox.address),
            bits=8,
            getter=ALLOWED,
            arguments=(checksum(outbox.address),),
        )
    ]
    tip = await outbox.l1.head(Finality.LATEST)
    newest = await anext(outbox.confirmed(tip.number), None)
    if newest is not None:
        slot, name = root_slot(newest.send_root), "AbsOutbox.roots"
        facts.append(Fact(contract=outbox.address, name=name, slot=slot, getter=ROOTS, arguments=(newest.send_root,)))
    return facts


def _no_rule(contract: Address, what: str, where: Evm) -> ConfigInvalid:
    return ConfigInvalid(
        f"{checksum(contract)} on chain {where.chain} is no {what} of a Nitro chain: it names no outbox",
        remedy="Correct the contract's address, or the family of the chain that it is about.",
    )

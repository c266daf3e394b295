"""Which roots of Arbitrum count as confirmed, for us and for both contracts."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from tests.scenario.nitro_rule import ARBITRUM, LIVE, OP, Rule
from tests.scenario.route import Opened
from tests.scenario.test_settled_heads import selector
from tests.unit.adapters.nitro.vectors import BLOCKS, raw
from tests.waiting import until
from xl2.config import Config
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.types import BlockNumber, Hash32, address
from xl2.errors import ConfigInvalid, LayoutDiffers, ProofInvalid, Reverted
from xl2_adapters.evm import Evm
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.layout import check_layout
from xl2_adapters.nitro import outbox as outbox_module
from xl2_adapters.nitro.chain import NitroChain
from xl2_adapters.nitro.outbox import Outbox, root_slot
from xl2_adapters.nitro.root_proof import check_bridge, encode_claim, layout, pins_of
from xl2_adapters.nitro.roots import NitroRoot
from xl2_devnet import BRISK, Description, Options
from xl2_devnet.devnet import running


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """An L1, an OP-Stack chain, and Arbitrum; in place of two of the OP Stack."""
    with running(Options(l2=("op", "arbitrum"), clocks=BRISK)) as description:
        yield description


async def test_a_confirmed_root_passes_for_us_and_for_both_contracts(rule: Rule) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    expected = (root.number, root.state_root)

    assert await rule.verdict(header, await rule.roots.rule_proof(root, header)) == expected
    assert await rule.live_verdict(header, encode_claim(root)) == expected


async def test_an_older_root_is_as_true_as_the_newest(rule: Rule) -> None:
    async def older() -> tuple[NitroRoot, Header] | None:
        old = await rule.after_a_send()
        await rule.after_a_send()
        header = await rule.tip()
        # On a busy machine another block may have been confirmed between the two sends.
        return (old, header) if await rule.stands(old, header) else None

    old, header = await until(older, "an older root that nothing has taken the place of")

    assert await rule.verdict(header, await rule.roots.rule_proof(old, header)) == (old.number, old.state_root)
    assert await rule.live_verdict(header, encode_claim(old)) == (old.number, old.state_root)


async def test_a_block_that_was_overwritten_by_a_later_one_is_refused(rule: Rule) -> None:
    """Where nothing is sent to L1 in between, the next confirmed block has the same root of sends, and its place."""
    old = await rule.after_a_send()

    async def overwritten() -> Header | None:
        header = await rule.tip()
        newer = await rule.under(header)
        return header if newer.send_root == old.send_root and newer.number > old.number else None

    header = await until(overwritten, "another block under the same root of sends")
    rest = (await rule.roots.rule_proof(await rule.under(header), header))[len(encode_claim(old)) :]

    with pytest.raises(ProofInvalid, match="our node has"):
        await rule.roots.rule_proof(old, header)
    refused = selector("NotConfirmed(bytes32,bytes32,bytes32)")
    assert await rule.live_verdict(header, encode_claim(old)) == refused
    assert isinstance(await rule.verdict(header, encode_claim(old) + rest), bytes)


async def test_a_root_under_an_l1_block_before_its_confirmation_is_refused(rule: Rule) -> None:
    root = await rule.after_a_send()
    header = await rule.tip()
    outbox = rule.roots.roots.outbox
    confirmed = [one async for one in outbox.confirmed(header.number) if one.send_root == root.send_root]
    before = Header.of_block(await outbox.l1.raw_block(BlockNumber(confirmed[-1].at - 1)))
    good = await rule.roots.rule_proof(await rule.under(header), header)

    with pytest.raises(ProofInvalid):
        await rule.roots.rule_proof(root, before)
    assert await rule.verdict(before, good) == selector("InvalidProof(uint8)")


async def test_the_header_of_another_chain_is_refused(rule: Rule, config: Config) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    opened = Opened(config)
    chain = opened.chain(OP)
    assert isinstance(chain, Evm)
    other = Header.of_block(await chain.raw_block(BlockNumber(5)))
    await opened.close()
    forged = evolve(root, header=other, number=other.number, state_root=other.state_root)
    good = await rule.roots.rule_proof(root, header)
    rest = good[len(encode_claim(root)) :]

    with pytest.raises(ProofInvalid, match="our node has"):
        await rule.roots.rule_proof(forged, header)
    refused = selector("NotConfirmed(bytes32,bytes32,bytes32)")
    assert await rule.verdict(header, encode_claim(forged) + rest) == refused
    assert await rule.live_verdict(header, encode_claim(forged)) == refused


async def test_a_root_that_nobody_confirmed_is_refused(rule: Rule) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    forged = evolve(root, send_root=keccak(b"no root of sends"))
    rest = (await rule.roots.rule_proof(root, header))[len(encode_claim(root)) :]

    with pytest.raises(ProofInvalid):
        await rule.roots.rule_proof(forged, header)
    assert await rule.verdict(header, encode_claim(forged) + rest) == selector("InvalidProof(uint8)")
    assert await rule.live_verdict(header, encode_claim(forged)) == selector("NotConfirmed(bytes32,bytes32,bytes32)")


async def test_another_outbox_and_another_implementation_are_refused(rule: Rule, devnet: Description) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    outbox = rule.roots.roots.outbox
    bridge = address(devnet.chain(ARBITRUM).rollup["bridge"])
    elsewhere = evolve(rule.roots, roots=evolve(rule.roots.roots, outbox=Outbox(outbox.l1, bridge)))
    upgraded = [
        evolve(rule.roots, pins=evolve(rule.roots.pins, outbox_implementation=bridge)),
        evolve(rule.roots, pins=evolve(rule.roots.pins, bridge_implementation=bridge)),
    ]
    # A contract that allows no outbox, in the bridge's place.
    disallowed = evolve(rule.roots, pins=evolve(rule.roots.pins, bridge=outbox.address))
    # A proof that holds, of another contract of the same rollup.
    proof = HeaderProof(outbox.l1, header)
    await proof.account(bridge, [Hash32(outbox_module.ROOTS_SLOT.to_bytes(32))])

    with pytest.raises(ProofInvalid):
        await elsewhere.rule_proof(root, header)
    for other in upgraded:
        with pytest.raises(ProofInvalid, match="the verifier is made for"):
            await other.rule_proof(root, header)
    with pytest.raises(ProofInvalid, match="no longer allows outbox"):
        await disallowed.rule_proof(root, header)
    assert await rule.verdict(header, encode_claim(root) + proof.encode()) == selector("InvalidProof(uint8)")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(int(block["number"], 16)))
async def test_headers_of_arbitrum_one_are_read_by_the_contract(rule: Rule, block: dict[str, Any]) -> None:
    """The devnet's blocks are not of Nitro; what Nitro writes into extraData and mixHash must not matter."""
    header = Header.of_block(block)
    send_root = raw(block["sendRoot"])
    claim = send_root + len(header.encoded).to_bytes(2) + header.encoded

    with pytest.raises(Reverted) as refusal:
        await rule.below.read(rule.live, LIVE, "settled", claim)

    # It found the very hash in the bytes; only that nobody confirmed such a block here.
    expected = selector("NotConfirmed(bytes32,bytes32,bytes32)") + send_root + bytes(32) + header.hash
    assert refusal.value.revert == expected


async def test_nothing_may_be_left_over_or_missing(rule: Rule) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    good = await rule.roots.rule_proof(root, header)

    for odd in (good + b"\0", good[:-1], good[1:]):
        found = await rule.verdict(header, odd)
        assert isinstance(found, bytes)
    assert isinstance(await rule.live_verdict(header, encode_claim(root) + b"\0"), bytes)


@pytest.mark.parametrize(
    ("slot", "name"), [("ROOTS_SLOT", "AbsOutbox.roots"), ("OUTBOXES_SLOT", "AbsBridge.allowedOutboxesMap")]
)
async def test_slots_that_moved_are_told_at_connect(
    rule: Rule, monkeypatch: pytest.MonkeyPatch, slot: str, name: str
) -> None:
    outbox, bridge = rule.roots.roots.outbox, rule.roots.pins.bridge
    await check_layout(outbox.l1, await layout(outbox, bridge))

    monkeypatch.setattr(outbox_module, slot, 4)
    with pytest.raises(LayoutDiffers, match=name):
        await check_layout(outbox.l1, await layout(outbox, bridge))


async def test_a_rule_made_for_another_bridge_than_the_outboxs_is_refused_at_connect(rule: Rule) -> None:
    outbox, pins = rule.roots.roots.outbox, rule.roots.pins
    await check_bridge(outbox, pins)

    with pytest.raises(ConfigInvalid, match="belongs to the bridge"):
        await check_bridge(outbox, evolve(pins, bridge=pins.outbox))


async def test_contracts_of_another_family_are_not_taken_for_nitros(devnet: Description, config: Config) -> None:
    opened = Opened(config)
    home, anchor, reader = opened.chain(ARBITRUM), opened.anchor(ARBITRUM), opened.chain(OP)
    assert isinstance(home, NitroChain)
    assert isinstance(anchor, Evm)
    assert isinstance(reader, Evm)

    with pytest.raises(ConfigInvalid, match="it names no outbox"):
        await pins_of(reader, address(devnet.chain(OP).contracts["heads"]))
    with pytest.raises(ConfigInvalid, match="it names no outbox"):
        await home.head_source(anchor, address(devnet.chain("l1").contracts["router"]))
    await opened.close()


def test_the_slot_of_a_root_is_solidity_mapping_slot_three() -> None:
    root = keccak(b"a root")
    assert root_slot(root) == keccak(root + (3).to_bytes(32))

"""Messages between an OP-Stack chain and Arbitrum, by each kind of evidence; and what is Nitro's own to go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from attrs import evolve, frozen

from tests.devnet_user import User
from tests.devnet_user import until as until_true
from tests.integration.clients import client_of
from tests.scenario.route import Opened, Route
from tests.scenario.test_routes import FEE, to_nobody
from tests.scenario.test_settled_heads import selector
from tests.unit.adapters.nitro.vectors import BLOCKS, raw
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.lifecycle import State
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, checksum, hex_text
from xl2.errors import ConfigInvalid, LayoutDiffers, NotYet, ProofInvalid, Reverted
from xl2.flow import deliver
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Attester, Block, Blocks, CrossingState, Fate
from xl2.store import SqliteStore
from xl2_adapters.evm import Evm
from xl2_adapters.header_proof import HeaderProof
from xl2_adapters.layout import check_layout
from xl2_adapters.nitro import outbox as outbox_module
from xl2_adapters.nitro.chain import NitroChain
from xl2_adapters.nitro.outbox import ROOT_UPDATED, Outbox, root_slot
from xl2_adapters.nitro.precompiles import ARB_SYS, WITHDRAW_ETHER
from xl2_adapters.nitro.root_proof import ProvenRoots, check_bridge, encode_claim, layout, pins_of
from xl2_adapters.nitro.roots import NitroRoot, Roots
from xl2_adapters.proven import ProvenProver
from xl2_devnet import BRISK, Description, Options
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls
from xl2_devnet.devnet import running
from xl2_devnet.nitro.assertion import ROLLUP

OP, ARBITRUM = "op-a", "arbitrum-b"
RULE, LIVE, PROVEN = xl2("ProvenRoots"), xl2("LiveRoots"), xl2("ProvenHeads")


class BothWays(Protocol):
    """`route("proven", "op-a", "arbitrum-b", "alice")`."""

    def __call__(self, kind: str, origin: str, destination: str, role: str = "relayer") -> "Way": ...


@pytest.fixture(scope="module")
def controls() -> Controls:
    return Controls()


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """An L1, an OP-Stack chain, and Arbitrum; in place of the session's."""
    with running(Options(l2=("op", "arbitrum"), clocks=BRISK), controls=controls) as description:
        yield description


@pytest.fixture
async def route(config: Config, attesters: list[Attester]) -> AsyncIterator[BothWays]:
    """Ways between the chains, each with a store of its own."""
    opened = Opened(config)
    stores: list[SqliteStore] = []

    def between(kind: str, origin: str, destination: str, role: str = "relayer") -> Way:
        stores.append(SqliteStore(":memory:"))
        return Way(
            config=config,
            opened=opened,
            origin_name=origin,
            destination_name=destination,
            kind=kind,
            attesters=attesters,
            store=stores[-1],
            role=role,
        )

    yield between
    for store in stores:
        await store.close()
    await opened.close()


@frozen(kw_only=True)
class Way(Route):
    """A route whose every step one account pays for, so that several can be walked at once."""

    role: str

    def submitter(self, chain: Blocks, role: str = "") -> JournalledSubmitter:
        return super().submitter(chain, role or self.role)

    @property
    def name(self) -> str:
        return f"{self.kind} from {self.origin_name} to {self.destination_name}"


async def delivered_and_settled(way: Way) -> None:
    sent = await way.send(to_nobody(way.destination.chain, way.kind), role=way.role)
    records = await way.observed([sent])
    await way.delivered(records)
    await way.confirmed(records)
    await way.settled(records)

    tip = await way.destination.head(Finality.LATEST)
    assert await way.destination.fates([sent.message], tip.number) == [Fate.DELIVERED]
    assert await way.states(records) == {State.SETTLED}
    assert await way.origin.credit(way.account(way.role).address) >= FEE


async def expired_and_refunded(way: Way) -> None:
    expiry = Timestamp((await way.destination.head(Finality.LATEST)).timestamp + 4)
    records = await way.observed(
        [await way.send(to_nobody(way.destination.chain, way.kind, expiry=expiry), role=way.role)]
    )
    message = records[0].sent.message

    async def overdue() -> None:
        seen = await deliver.look([message], way.destination)
        if not seen.happenings:
            raise NotYet("its time is not over")
        await way.store.happen(seen.happenings, 0.0)

    await way.until(overdue)
    outcome = await deliver.expire(message, way.destination, way.submitter(way.destination))
    await way.store.happen(outcome.happenings, 0.0)
    await way.confirmed(records)
    await way.settled(records)

    assert await way.states(records) == {State.REFUNDED}
    assert await way.origin.credit(way.account(way.role).address) >= FEE


async def test_messages_go_both_ways_by_each_kind_of_evidence_and_what_expires_is_refunded(route: BothWays) -> None:
    """All at once, as relayers do; each is told apart by its name where it fails."""
    walks: list[tuple[Way, Callable[[Way], Awaitable[None]]]] = [
        (route("attested", OP, ARBITRUM, "alice"), delivered_and_settled),
        (route("attested", ARBITRUM, OP, "bob"), delivered_and_settled),
        (route("proven", OP, ARBITRUM, "carol"), delivered_and_settled),
        (route("proven", ARBITRUM, OP, "dave"), delivered_and_settled),
        (route("routed", OP, ARBITRUM, "grace"), delivered_and_settled),
        (route("routed", ARBITRUM, OP, "relayer"), delivered_and_settled),
        (route("proven", ARBITRUM, OP, "erin"), expired_and_refunded),
        (route("routed", OP, ARBITRUM, "frank"), expired_and_refunded),
    ]

    async def walked(way: Way, walk: Callable[[Way], Awaitable[None]]) -> None:
        try:
            await walk(way)
        except BaseException as failed:
            failed.add_note(f"{walk.__name__}: {way.name}")
            raise

    async with asyncio.TaskGroup() as tasks:
        for way, walk in walks:
            tasks.create_task(walked(way, walk))


@pytest.mark.parametrize(("origin", "destination", "role"), [(ARBITRUM, OP, "alice"), (OP, ARBITRUM, "bob")])
async def test_ether_travels_from_rollup_to_rollup_by_their_own_bridges_and_one_hash_is_enough(
    devnet: Description, tmp_path: Path, origin: str, destination: str, role: str
) -> None:
    async with client_of(devnet, tmp_path, role) as client:
        begun = await client.travel(origin, destination, "0.25")
        done = await client.advance(begun.first.sent.tx_hash, until_over=True)

    last = done.journey.current
    assert (last.state, last.rollup) == (CrossingState.ARRIVED, devnet.chain(destination).chain_id)
    assert last.cargo.amount == 10**18 // 4


# --- what is Nitro's own to go wrong


@frozen(kw_only=True)
class Rule:
    """Arbitrum's confirmed roots, as op-a's rule and L1's own contract judge them."""

    reader: User
    below: User
    #: On Arbitrum.
    sender: User
    address: str
    live: str
    roots: ProvenRoots

    async def verdict(self, header: Header, proof: bytes) -> bytes | tuple[int, bytes]:
        """What the rule on op-a says: block and state root, or what it reverts with."""
        try:
            number, root = await self.reader.read(
                self.address, RULE, "settled", header.state_root, header.timestamp, proof
            )
        except Reverted as reverted:
            return reverted.revert[:4]
        return number, root

    async def live_verdict(self, claim: bytes) -> bytes | tuple[int, bytes]:
        """What `LiveRoots` on L1 says."""
        try:
            number, root = await self.below.read(self.live, LIVE, "settled", claim)
        except Reverted as reverted:
            return reverted.revert[:4]
        return number, root

    async def tip(self) -> Header:
        """One below the newest block of L1: of that one, a node that is at work on the next may answer otherwise."""
        l1 = self.roots.roots.outbox.l1
        newest = (await l1.head(Finality.LATEST)).number
        return Header.of_block(await l1.raw_block(BlockNumber(newest - 1)))

    async def under(self, header: Header) -> NitroRoot:
        """Newest confirmed root at an L1 block."""
        at = Block(
            number=header.number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            timestamp=header.timestamp,
            gas_limit=0,
        )
        return await self.roots.newest_settled(at, BlockNumber(1 << 40))

    async def after_a_send(self) -> NitroRoot:
        """The first confirmed root that this finds above a send made now: no root before has its name."""
        receipt = await self.sender.send(checksum(ARB_SYS), WITHDRAW_ETHER.encode(self.sender.address), value=1)
        block = int(receipt["blockNumber"], 16)

        async def confirmed() -> NitroRoot | None:
            root = await self.under(await self.tip())
            return root if root.number >= block else None

        return await until_true(confirmed, f"block {block} of Arbitrum to be confirmed")


@pytest.fixture
async def rule(devnet: Description, config: Config) -> AsyncIterator[Rule]:
    opened = Opened(config)
    users = [User(devnet.chain(name), account("frank").private_key) for name in (OP, "l1", ARBITRUM)]
    try:
        yield await _rule(devnet, opened, *users)
    finally:
        for user in users:
            await user.close()
        await opened.close()


async def _rule(devnet: Description, opened: Opened, reader: User, below: User, sender: User) -> Rule:
    verifier = next(one for one in reader.chain.verifiers if one["kind"] == "proven" and one["remote"] == ARBITRUM)
    rule_at = await reader.read(str(verifier["address"]), PROVEN, "rule")
    home, anchor, evm = opened.chain(ARBITRUM), opened.anchor(ARBITRUM), opened.chain(OP)
    assert isinstance(home, NitroChain)
    assert isinstance(anchor, Evm)
    assert isinstance(evm, Evm)
    roots = await home.provable_roots(anchor, evm, _address(rule_at))
    assert isinstance(roots, ProvenRoots)
    live = devnet.chain("l1").contracts[f"rollup_{home.chain}"]
    rule = Rule(reader=reader, below=below, sender=sender, address=rule_at, live=live, roots=roots)

    async def confirmed() -> bool | None:
        try:
            await rule.under(await rule.tip())
        except NotYet:
            return None
        return True

    await until_true(confirmed, "a confirmed root of Arbitrum")
    return rule


async def test_a_confirmed_root_passes_for_us_and_for_both_contracts(rule: Rule) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    expected = (root.number, root.state_root)

    assert await rule.verdict(header, await rule.roots.rule_proof(root, header)) == expected
    assert await rule.live_verdict(encode_claim(root)) == expected


async def test_an_older_root_is_as_true_as_the_newest(rule: Rule) -> None:
    old = await rule.after_a_send()
    await rule.after_a_send()
    header = await rule.tip()

    assert await rule.verdict(header, await rule.roots.rule_proof(old, header)) == (old.number, old.state_root)
    assert await rule.live_verdict(encode_claim(old)) == (old.number, old.state_root)


async def test_a_block_that_was_overwritten_by_a_later_one_is_refused(rule: Rule) -> None:
    """Where nothing is sent to L1 in between, the next confirmed block has the same root of sends, and its place."""
    old = await rule.after_a_send()

    async def overwritten() -> Header | None:
        header = await rule.tip()
        newer = await rule.under(header)
        return header if newer.send_root == old.send_root and newer.number > old.number else None

    header = await until_true(overwritten, "another block under the same root of sends")
    rest = (await rule.roots.rule_proof(await rule.under(header), header))[len(encode_claim(old)) :]

    with pytest.raises(ProofInvalid, match="our node has"):
        await rule.roots.rule_proof(old, header)
    refused = selector("NotConfirmed(bytes32,bytes32,bytes32)")
    assert await rule.live_verdict(encode_claim(old)) == refused
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
    assert await rule.live_verdict(encode_claim(forged)) == refused


async def test_a_root_that_nobody_confirmed_is_refused(rule: Rule) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    forged = evolve(root, send_root=keccak(b"no root of sends"))
    rest = (await rule.roots.rule_proof(root, header))[len(encode_claim(root)) :]

    with pytest.raises(ProofInvalid):
        await rule.roots.rule_proof(forged, header)
    assert await rule.verdict(header, encode_claim(forged) + rest) == selector("InvalidProof(uint8)")
    assert await rule.live_verdict(encode_claim(forged)) == selector("NotConfirmed(bytes32,bytes32,bytes32)")


async def test_another_outbox_and_another_implementation_are_refused(rule: Rule, devnet: Description) -> None:
    header = await rule.tip()
    root = await rule.under(header)
    outbox = rule.roots.roots.outbox
    bridge = Address(bytes.fromhex(devnet.chain(ARBITRUM).rollup["bridge"][2:]))
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
    assert isinstance(await rule.live_verdict(encode_claim(root) + b"\0"), bytes)


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
        await pins_of(reader, _address(devnet.chain(OP).contracts["heads"]))
    with pytest.raises(ConfigInvalid, match="it names no outbox"):
        await home.head_source(anchor, _address(devnet.chain("l1").contracts["router"]))
    await opened.close()


async def test_a_false_assertion_is_never_used(
    route: BothWays, rule: Rule, controls: Controls, devnet: Description
) -> None:
    rollup = devnet.chain(ARBITRUM).rollup["rollup"]
    home = rule.roots.roots.rollup

    async def false_claims() -> list[bytes]:
        query: Any = {"address": rollup, "fromBlock": "0x0", "topics": [ROLLUP.topic("AssertionCreated")]}
        logs: Any = await rule.below.rpc.call("eth_getLogs", query)
        events = [event for log in logs if (event := ROLLUP.event(log)) is not None]
        claimed = [event.arguments["assertion"][2][0][0][0] for event in events]
        return [
            one for one in claimed if any(one) and await home.ask("eth_getBlockByHash", hex_text(one), False) is None
        ]

    controls.claim_falsely(ARBITRUM)
    # Batches, and so assertions, come with messages.
    way = route("proven", ARBITRUM, OP)
    records = await way.observed([await way.send(to_nobody(way.destination.chain, "proven"), role="grace")])
    false = await until_true(lambda: _some(false_claims), "a false assertion on L1")
    await way.delivered(records)

    outbox = rule.roots.roots.outbox
    tip = await rule.tip()
    logs = await outbox.l1.logs(outbox.address, [[ROOT_UPDATED.topic]], BlockNumber(0), tip.number)
    confirmed = {ROOT_UPDATED.decode(log.topics, log.data, "l1")[1] for log in logs}
    assert await way.states(records) == {State.DELIVERED}
    assert not confirmed & set(false)


class Forgetful(NitroChain):
    """A chain whose node has forgotten, or never had, the blocks that L1 names."""

    async def ask(self, method: str, *params: Any) -> Any:
        return None if method == "eth_getBlockByHash" else await super().ask(method, *params)


async def test_a_node_without_the_confirmed_header_proves_nothing_and_says_so(
    route: BothWays, rule: Rule, config: Config
) -> None:
    way = route("proven", ARBITRUM, OP)
    records = await way.observed([await way.send(to_nobody(way.destination.chain, "proven"), role="frank")])
    forgetful = Forgetful(config.chain(ARBITRUM))
    roots = Roots(rollup=forgetful, outbox=rule.roots.roots.outbox)
    header = await rule.tip()

    with pytest.raises(NotYet, match="our node knows no block 0x"):
        await evolve(rule.roots, roots=roots).newest_settled(_block(header), BlockNumber(1 << 40))
    await forgetful.close()
    # Another node of the chain goes on from there.
    assert isinstance(way.prover(ARBITRUM, OP), ProvenProver)
    await way.delivered(records)
    assert await way.states(records) == {State.DELIVERED}


async def test_many_messages_need_one_confirmed_root(route: BothWays) -> None:
    way = route("routed", ARBITRUM, OP)
    sent = [await way.send(to_nobody(way.destination.chain, "routed"), role="dave") for _ in range(5)]

    records = await way.observed(sent)
    outcome = await way.delivered(records)

    assert outcome.receipt is not None
    assert await way.states(records) == {State.DELIVERED}


async def _some(look: Callable[[], Any]) -> Any:
    await asyncio.sleep(0)
    return await look() or None


def _block(header: Header) -> Block:
    return Block(
        number=header.number,
        hash=header.hash,
        parent_hash=header.parent_hash,
        timestamp=header.timestamp,
        gas_limit=0,
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))


def test_the_slot_of_a_root_is_solidity_mapping_slot_three() -> None:
    root = keccak(b"a root")
    assert root_slot(root) == keccak(root + (3).to_bytes(32))

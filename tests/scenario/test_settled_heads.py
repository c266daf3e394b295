"""Heads without a signer on a real devnet: kept roots, what nobody can prove, and whom the routed way listens to."""

from collections.abc import AsyncIterator, Sequence

import pytest
from attrs import frozen

from tests.deposits import PORTAL, deposits_in
from tests.devnet_user import User
from tests.scenario.conftest import RouteOf
from tests.scenario.route import Route
from tests.scenario.walks import to_nobody
from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind, LogPlace, read_nodes
from xl2.core.types import checksum
from xl2.core.wire import Reader
from xl2.errors import Reverted
from xl2.ports import Log, Needed, Record, Shown
from xl2_devnet import Description
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account

HEADS, PROVEN, ROUTED = xl2("Heads"), xl2("ProvenHeads"), xl2("RoutedHeads")
ROUTER = xl2("Router")


@frozen(kw_only=True)
class Inline:
    """Evidence with everything inline, taken apart."""

    place: LogPlace
    l1_header: bytes
    #: From the header's length to the last account node.
    root_proof: bytes
    storage_proof: bytes

    @classmethod
    def parse(cls, evidence: bytes) -> "Inline":
        read = Reader(evidence, "evidence")
        assert (read.uint(1), read.uint(1)) == (128, 1)
        place = LogPlace.read(read)
        rest = evidence[2 + 63 :]
        root = Reader(rest, "root proof")
        header = root.take(root.uint(2))
        settled = root.take(root.uint(3))
        nodes = read_nodes(root)
        size = 2 + len(header) + 3 + len(settled) + 1 + sum(2 + len(node) for node in nodes)
        return cls(place=place, l1_header=header, root_proof=rest[:size], storage_proof=rest[size:])


@pytest.fixture
async def reader(devnet: Description) -> AsyncIterator[User]:
    """A stranger on the chain that hears of heads."""
    user = User(devnet.chain("op-b"), account("frank").private_key)
    yield user
    await user.close()


@pytest.fixture
async def anchor(devnet: Description) -> AsyncIterator[User]:
    """The same stranger on L1."""
    user = User(devnet.chain("l1"), account("frank").private_key)
    yield user
    await user.close()


async def shown(route: Route, records: Sequence[Record]) -> Shown:
    """Evidence for the messages' lane log, when there is any."""
    return (await route.proven(records)).shown


async def sent(route: Route) -> list[Record]:
    return await route.observed([await route.send(to_nobody(route.destination.chain, route.kind), role="grace")])


def selector(error: str) -> bytes:
    return keccak(error.encode())[:4]


def verifier(user: User, kind: str) -> str:
    return next(str(one["address"]) for one in user.chain.verifiers if one["kind"] == kind)


async def test_a_root_is_proven_once_and_then_each_head_costs_one_slot(route_of: RouteOf, reader: User) -> None:
    route = route_of("proven")
    records = await sent(route)
    first = await shown(route, records)
    inline = Inline.parse(first.evidence)
    outbox = checksum(inline.place.account)

    receipt = await reader.send(
        verifier(reader, "proven"), PROVEN.call("prove", inline.root_proof, outbox), gas=2_000_000
    )
    again = await shown(route, records)

    assert again.evidence[:2] == bytes((128, 0))
    assert len(again.evidence) * 4 < len(first.evidence)
    assert again.at >= first.at
    for one in (first, again):
        bitmap = await reader.read(
            reader.chain.contracts["heads"], HEADS, "check", one.head.log, one.head.head, one.head.count, one.evidence
        )
        assert bitmap == 1 << 128
    # 40 gas a byte, as EIP-7623 charges for proofs; the walk itself hides below that.
    assert int(receipt["gasUsed"], 16) < 30_000 + 40 * (len(inline.root_proof) + 164)


async def test_nothing_is_proven_under_an_l1_block_that_the_chain_does_not_know(
    route_of: RouteOf, reader: User, anchor: User
) -> None:
    route = route_of("proven")
    inline = Inline.parse((await shown(route, await sent(route))).evidence)
    # A true block of L1, long past and never checkpointed: the chain cannot tell it from an invented one.
    old = Header.of_block(await anchor.block(1))
    cut = 2 + len(inline.l1_header)
    forged = len(old.encoded).to_bytes(2) + old.encoded + inline.root_proof[cut:]

    with pytest.raises(Reverted) as refusal:
        await reader.read(verifier(reader, "proven"), PROVEN, "prove", forged, checksum(inline.place.account))
    assert refusal.value.revert[:4] == selector("UnknownL1Block(uint64,bytes32)")


async def test_a_head_of_one_lane_speaks_for_no_other(route_of: RouteOf, reader: User) -> None:
    route = route_of("proven")
    records = await sent(route)
    true = await shown(route, records)
    receipts = Log(lane=Lane.of(records[0].sent.message), kind=LogKind.RECEIPTS)

    for log, head, error in (
        (receipts.id, true.head.head, "WrongLog(bytes32,bytes32)"),
        (true.head.log, keccak(b"another head"), "WrongHead(bytes32,bytes32)"),
    ):
        with pytest.raises(Reverted) as refusal:
            await reader.read(
                verifier(reader, "proven"), PROVEN, "verify", log, head, true.head.count, true.evidence[1:]
            )
        assert refusal.value.revert[:4] == selector(error)


async def test_a_stranger_may_push_heads_and_push_them_again(route_of: RouteOf, reader: User, anchor: User) -> None:
    route = route_of("routed")
    records = await sent(route)
    log = Log(lane=Lane.of(records[0].sent.message), kind=LogKind.LANE)
    prover = route.prover("op-a", "op-b")

    async def needed() -> Needed:
        known = await route.origin.head(Finality.FINALIZED)
        found = await prover.show(log, records[0].sent.message.nonce + 1, known.number)
        assert isinstance(found, Needed)
        return found

    (push,) = (await route.until(needed)).calls
    receipts = [await anchor.send(checksum(push.to), push.data, gas=3_000_000) for _ in range(2)]

    hashes = [tx_hash for receipt in receipts for tx_hash in deposits_in(receipt)]
    assert [(await reader.receipt(tx_hash))["status"] for tx_hash in hashes] == ["0x1", "0x1"]
    pushed = [event for receipt in receipts for log_ in receipt["logs"] if (event := ROUTER.event(log_))]
    for event in pushed:
        assert await reader.read(
            verifier(reader, "routed"), ROUTED, "accepted", event.arguments["log"], event.arguments["head"]
        )


async def test_a_deposit_that_is_not_the_routers_adds_no_head(devnet: Description, reader: User, anchor: User) -> None:
    portal, routed = devnet.chain("op-b").rollup["portal"], verifier(reader, "routed")
    log, head = keccak(b"a lane"), keccak(b"a forged head")
    forged = ROUTED.call("accept", [(log, head)])

    receipt = await anchor.send(portal, PORTAL.call("depositTransaction", routed, 0, 200_000, False, forged))
    (tx_hash,) = deposits_in(receipt)

    assert (await reader.receipt(tx_hash))["status"] == "0x0"
    assert not await reader.read(routed, ROUTED, "accepted", log, head)

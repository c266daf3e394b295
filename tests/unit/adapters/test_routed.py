"""Routed heads: what arrived counts, what is on its way is waited for, a push carries what the reader asks for."""

from typing import Any

import pytest

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, Wei, checksum
from xl2.errors import ConfigInvalid, NotYet
from xl2.ports import Block, Call, ChainSettings, Log, Needed, Shown, VerifierSettings
from xl2.testing import World
from xl2_adapters.anchor_view import DEPOSIT_BLOCKS, AnchorView
from xl2_adapters.contracts import heads, routed
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.evm import Evm, topic_of
from xl2_adapters.op_stack import OpStack
from xl2_adapters.rollup import HeadSource, ProvableRoots, Pushable
from xl2_adapters.rollup_chain import RollupChain
from xl2_adapters.routed import RoutedProver

ROUTER, ROUTED, HEADS, ROLLUP = (Address(bytes((n,)) * 20) for n in (1, 2, 3, 4))
LANE = Lane(
    origin=ChainId(901),
    outbox=Address(b"\x0a" * 20),
    destination=ChainId(902),
    inbox=Address(b"\x0b" * 20),
    assurance=Assurance.SETTLED,
)
LOG = Log(lane=LANE, kind=LogKind.LANE)
HEAD = [Hash32(bytes((0x70 + n,)) * 32) for n in range(8)]
#: Something that has to be made on the home chain first, as a chain without state roots on L1 asks for.
ANNOUNCE = Needed(calls=(Call(chain=LANE.origin, to=ROLLUP, data=b"", what="announce"),), why="nothing was announced")


class Heads:
    """A source of heads for which the test says what it has."""

    def __init__(self) -> None:
        self.next: Pushable | Needed = Pushable(number=BlockNumber(5), proof=b"a proof")
        #: Entries by head.
        self.covers: dict[Hash32, int] = {}

    async def newest(self, log: Log, count: int, tip: Block, upto: BlockNumber) -> Pushable | Needed:
        assert (log, upto) == (LOG, 9)
        del count, tip
        return self.next

    async def covered(self, log: Log, count: int, head: Hash32, at: BlockNumber) -> int | None:
        del log, at
        found = self.covers.get(head)
        return found if found is None or found >= count else 0


class Rollup(RollupChain, MemoryNode):
    """A chain with the hooks of a family, on a node in memory."""

    def __init__(self, chain: int, source: Heads) -> None:
        contracts = {"outbox": LANE.outbox, "inbox": LANE.inbox, "heads": HEADS}
        settings = ChainSettings(
            chain=ChainId(chain), name=f"r-{chain}", family="test", rpc_url="http://127.0.0.1:1", contracts=contracts
        )
        super().__init__(settings)
        self.source = source
        self.priced: list[tuple[int, int]] = []

    def anchor_view(self, anchor: Evm, checkpoints: Address) -> AnchorView:
        raise NotImplementedError

    async def deposit_value(self, anchor: Evm, size: int, gas_limit: int) -> Wei:
        del anchor
        self.priced.append((size, gas_limit))
        return Wei(777)

    async def provable_roots(self, anchor: Evm, reader: Evm, rule: Address) -> ProvableRoots[Any]:
        raise NotImplementedError

    async def head_source(self, anchor: Evm, rollup: Address) -> HeadSource:
        del anchor
        assert rollup == ROLLUP
        return self.source


class Scene:
    """A home, a reader, their anchor, and a prover between them."""

    def __init__(self) -> None:
        self.source = Heads()
        self.home, self.reader, self.anchor = Rollup(901, self.source), Rollup(902, Heads()), MemoryNode(900)
        self.prover = RoutedProver(
            home=self.home,
            reader=self.reader,
            anchor=self.anchor,
            verifier=VerifierSettings(number=130, kind="routed", address=ROUTED),
        )
        self.reader.tell(HEADS, heads.STANDING, 1 << 130, given=(LOG.id,))
        self.reader.tell(ROUTED, routed.ROUTER, checksum(speaker(ROUTER)))
        self.anchor.tell(ROUTER, routed.ROLLUP_OF, checksum(ROLLUP), given=(901,))
        for head in HEAD:
            self.reader.tell(ROUTED, routed.ACCEPTED, False, given=(LOG.id, head))
        self.reader.mine(2_000)

    def push(self, head: Hash32, count: int, number: int = 5, value: int = 777) -> None:
        """Let the router send a head, with so many wei."""
        at = self.anchor.mine(1_100)
        topics = [routed.PUSHED.topic, topic_of(901), topic_of(902), LOG.id]
        self.anchor.log(ROUTER, topics, head + number.to_bytes(32) + value.to_bytes(32), at)
        self.source.covers[head] = count

    def arrive(self, head: Hash32) -> None:
        self.reader.tell(ROUTED, routed.ACCEPTED, True, given=(LOG.id, head))
        self.reader.mine(2_000)

    async def show(self, count: int) -> Shown | Needed:
        self.anchor.mine(1_200)
        return await self.prover.show(LOG, count, BlockNumber(9))


async def test_a_push_carries_what_reaching_the_reader_costs() -> None:
    scene = Scene()

    found = await scene.show(3)

    assert isinstance(found, Needed)
    (call,) = found.calls
    assert (call.chain, call.to, call.value) == (900, ROUTER, 777)
    assert call.data == routed.PUSH.encode(901, b"a proof")
    assert scene.reader.priced == [(4 + 64 + 64, 45_000 + 32_000)]
    assert scene.home.priced == []


async def test_what_has_to_be_made_first_is_handed_on() -> None:
    scene = Scene()
    scene.source.next = ANNOUNCE

    assert await scene.show(3) is ANNOUNCE


async def test_a_head_that_has_arrived_is_shown_with_the_entries_that_it_covers() -> None:
    scene = Scene()
    scene.push(HEAD[0], 4)
    scene.arrive(HEAD[0])

    found = await scene.show(3)

    assert isinstance(found, Shown)
    assert (found.head.head, found.head.count, found.evidence, found.at) == (HEAD[0], 4, bytes((130,)), 5)


async def test_while_a_push_that_covers_it_is_on_its_way_no_other_is_named() -> None:
    scene = Scene()
    scene.push(HEAD[0], 4)

    with pytest.raises(NotYet, match="is on its way to chain 902"):
        await scene.show(3)
    for _ in range(DEPOSIT_BLOCKS):
        scene.anchor.mine(1_300)
    assert isinstance(await scene.show(3), Needed)


async def test_nobody_waits_for_a_push_that_buys_too_little_gas_to_arrive() -> None:
    scene = Scene()
    scene.push(HEAD[0], 4)
    scene.push(HEAD[1], 4, value=777 // 3 - 1)

    with pytest.raises(NotYet, match="is on its way"):
        await scene.show(3)
    for _ in range(DEPOSIT_BLOCKS):
        scene.anchor.mine(1_300)
    scene.push(HEAD[2], 4, value=777 // 3 - 1)

    assert isinstance(await scene.show(3), Needed)


async def test_a_push_that_covers_less_does_not_count() -> None:
    scene = Scene()
    scene.push(HEAD[0], 2)
    scene.arrive(HEAD[0])

    assert isinstance(await scene.show(3), Needed)


async def test_a_head_that_is_none_of_the_log_is_passed_over() -> None:
    scene = Scene()
    scene.push(HEAD[0], 4)
    scene.arrive(HEAD[0])
    # Newer, and no head of this log by our own node: whoever pushed it, it stands in nobody's way.
    scene.push(HEAD[1], 4)
    del scene.source.covers[HEAD[1]]

    found = await scene.show(3)

    assert isinstance(found, Shown)
    assert found.head.head == HEAD[0]


async def test_a_push_above_the_block_that_the_asker_knows_is_not_looked_at() -> None:
    scene = Scene()
    scene.push(HEAD[0], 4, number=10)
    scene.arrive(HEAD[0])

    assert isinstance(await scene.show(3), Needed)


async def test_a_verifier_that_does_not_stand_is_not_asked() -> None:
    scene = Scene()
    scene.reader.tell(HEADS, heads.STANDING, 0, given=(LOG.id,))
    scene.reader.mine(2_001)

    with pytest.raises(NotYet, match="verifier 130 does not stand"):
        await scene.show(3)


async def test_a_router_that_knows_no_such_rollup_is_waited_for() -> None:
    scene = Scene()
    scene.anchor.tell(ROUTER, routed.ROLLUP_OF, checksum(Address(bytes(20))), given=(901,))

    with pytest.raises(NotYet, match="not connected to chain 901"):
        await scene.show(3)


def test_a_family_asks_a_reader_that_it_can_read() -> None:
    world = World()
    settings = Scene().home.settings
    with pytest.raises(ConfigInvalid, match="is opened as a MemoryChain"):
        OpStack().provers(settings, world.chain(902), settings, [])

"""What goes wrong around a ZK chain: batches stay away, messages are made up, strangers pose as L1's contracts."""

from collections.abc import AsyncIterator, Iterator

import pytest
from attrs import evolve

from tests.devnet_user import User, events
from tests.scenario.route import Opened, Route
from tests.scenario.walks import to_nobody
from tests.waiting import until
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, Hash32, Wei, address, hex_text
from xl2.errors import NotYet, Reverted
from xl2.ports import Attester, Log, Needed
from xl2.store import SqliteStore
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.contracts.routed import Router
from xl2_adapters.evm import Evm
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.diamond import Diamond
from xl2_adapters.zk_stack.proofs import MessageProof
from xl2_devnet import BRISK, Description, Options, running
from xl2_devnet.abi import stand_in, xl2
from xl2_devnet.accounts import account
from xl2_devnet.controls import BATCHES, ROOTS, Controls
from xl2_devnet.zk_stack.contracts import zk_stack
from xl2_devnet.zk_stack.genesis import L1_MESSENGER

OP, ZK = "op-a", "zk-b"
DIAMOND, MESSENGER = zk_stack("IZkSync"), stand_in("L1Messenger")
_L2_GAS = 2_000_000


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One L2 of the OP Stack, one of the ZK stack."""
    with running(Options(l2=("op", "zk"), clocks=BRISK), controls=controls) as description:
        yield description


@pytest.fixture(autouse=True)
def given_in_the_end(controls: Controls) -> Iterator[None]:
    """What a test withholds."""
    yield
    controls.give(BATCHES, ZK)
    controls.give(ROOTS, ZK)


@pytest.fixture
async def route(config: Config, attesters: list[Attester]) -> AsyncIterator[Route]:
    """From the ZK chain, routed through L1."""
    opened, store = Opened(config), SqliteStore(":memory:")
    yield Route(
        config=config,
        opened=opened,
        origin_name=ZK,
        destination_name=OP,
        kind="routed",
        attesters=attesters,
        store=store,
    )
    await store.close()
    await opened.close()


@pytest.fixture
async def users(devnet: Description) -> AsyncIterator[tuple[User, User]]:
    """Mallory on L1 and on the ZK chain."""
    async with (
        User(devnet.chain("l1"), account("carol").private_key) as l1,
        User(devnet.chain(ZK), account("dave").private_key) as l2,
    ):
        yield l1, l2


def l1_of(route: Route) -> Evm:
    anchor = route.opened.anchor(ZK)
    assert isinstance(anchor, Evm)
    return anchor


def batches_of(route: Route) -> Batches:
    chain = route.opened.chain(ZK)
    assert isinstance(chain, Evm)
    return Batches(rollup=chain, diamond=Diamond(l1_of(route), route.config.chain(ZK).rollup["diamond"]))


async def push(route: Route, proof: MessageProof) -> None:
    """Push a proof as the router would have to take it; raises what it reverts with."""
    l1, op = l1_of(route), route.opened.chain(OP)
    router = Router(l1, route.config.chain("l1").contracts[f"router_{op.chain}"])
    call = router.push_call(route.opened.chain(ZK).chain, proof.encode(), Wei(0))
    await l1.simulate(evolve(call, gas_limit=5_000_000), address(account("relayer").address))


async def said(route: Route, l2: User, message: bytes) -> MessageProof:
    """What somebody says to L1, proven."""
    receipt = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", message))
    tx_hash = Hash32(bytes.fromhex(receipt["transactionHash"][2:]))

    async def proven() -> MessageProof:
        return await batches_of(route).message(tx_hash, address(l2.address), message)

    return await route.until(proven)


async def test_a_withheld_batch_holds_a_message_up_and_does_not_lose_it(route: Route, controls: Controls) -> None:
    records = await route.observed([await route.send(to_nobody(route.destination.chain, "routed"))])
    # Not before: of what is withheld nothing becomes final.
    controls.withhold(BATCHES, ZK)
    log, prover = Log(lane=Lane.of(records[0].sent.message), kind=LogKind.LANE), route.prover(ZK, OP)
    count = records[0].sent.message.nonce + 1

    async def upto() -> BlockNumber:
        return (await route.origin.head(Finality.LATEST)).number

    needed = await prover.show(log, count, await upto())
    assert isinstance(needed, Needed)
    await route.submitter(route.origin).submit(needed.calls[0])
    with pytest.raises(NotYet, match="is in no batch"):
        await prover.show(log, count, await upto())
    # Nothing more is announced meanwhile, however often one asks.
    with pytest.raises(NotYet):
        await prover.show(log, count, await upto())
    controls.give(BATCHES, ZK)
    await route.delivered(records)

    assert await route.states(records) == {State.DELIVERED}


async def test_a_batch_that_is_not_executed_shows_nothing(
    route: Route, users: tuple[User, User], controls: Controls
) -> None:
    _, l2 = users
    controls.withhold(ROOTS, ZK)
    receipt = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", b"early"))
    tx_hash = Hash32(bytes.fromhex(receipt["transactionHash"][2:]))

    async def refused() -> str | None:
        try:
            await batches_of(route).message(tx_hash, address(l2.address), b"early")
        except NotYet as not_yet:
            return not_yet.what if "is not executed on l1" in not_yet.what else None
        raise AssertionError("a batch that is not executed was taken for one that is")

    assert await until(refused, "the batch to be committed")


async def test_what_another_than_the_announcer_says_is_no_head_on_l1(route: Route, users: tuple[User, User]) -> None:
    _, l2 = users
    head = (1).to_bytes(8) + route.opened.chain(OP).chain.to_bytes(8) + b"\x11" * 32 + b"\x22" * 32

    forged = await said(route, l2, head)

    assert await batches_of(route).diamond.takes(forged), "it is a message of the chain, only not of the announcer"
    with pytest.raises(Reverted, match="NotIncluded"):
        await push(route, forged)


async def test_an_announcement_that_was_touched_is_refused_on_l1(route: Route) -> None:
    records = await route.observed([await route.send(to_nobody(route.destination.chain, "routed"))])
    await route.delivered(records)
    zk, announcer = route.opened.chain(ZK), route.config.chain(ZK).contracts["announcer"]
    assert isinstance(zk, Evm)
    tip = (await zk.head(Finality.LATEST)).number
    (log, *_) = reversed(
        await zk.logs(
            address(bytes.fromhex(L1_MESSENGER[2:])), [None, [announcer.rjust(32, b"\0")]], BlockNumber(0), tip
        )
    )
    size = int.from_bytes(log.data[32:64])
    true = await batches_of(route).message(log.place.tx_hash, announcer, log.data[64 : 64 + size])

    for touched in (
        evolve(true, message=true.message[:-1] + b"\xff"),
        evolve(true, index=true.index ^ 1),
        evolve(true, tx_number=true.tx_number ^ 1),
        evolve(true, batch=true.batch - 1),
        evolve(true, path=(*true.path[:-1], Hash32(bytes(32)))),
        # The way through a shorter tree: the contract itself knows how high its own is.
        evolve(true, path=true.path[1:]),
    ):
        with pytest.raises(Reverted):
            await push(route, touched)
    await push(route, true)


@pytest.mark.parametrize("target", ["heads", "checkpoints"])
async def test_a_strangers_deposit_is_not_taken_for_the_routers(
    devnet: Description, users: tuple[User, User], route: Route, target: str
) -> None:
    (l1, l2), zk = users, devnet.chain(ZK)
    routed = next(one.address for one in route.config.chain(ZK).verifiers if one.kind == "routed")
    contract, calldata = {
        "heads": (hex_text(routed), xl2("RoutedHeads").call("accept", [(b"\x11" * 32, b"\x22" * 32)])),
        "checkpoints": (zk.contracts["checkpoints"], xl2("SentCheckpoints").call("accept", 1, b"\x11" * 32)),
    }[target]
    diamond = zk.rollup["diamond"]
    cost = await l1.read(diamond, DIAMOND, "l2TransactionBaseCost", 21 * 10**9, _L2_GAS, 800)

    # By a deposit of one's own, where the sender is oneself; and on the chain, where nobody is anybody's alias.
    asked = DIAMOND.call("requestL2Transaction", contract, 0, calldata, _L2_GAS, 800, [], l1.address)
    (event,) = events(await l1.send(diamond, asked, value=cost), DIAMOND, "NewPriorityRequest")
    deposited = await l2.receipt(hex_text(event.arguments["txHash"]))
    direct = await l2.send(contract, calldata, succeeds=False)

    assert deposited["status"] == direct["status"] == "0x0"
    assert await l2.read(hex_text(routed), xl2("RoutedHeads"), "router") != l1.address


async def test_the_router_is_heard_under_its_alias_only(route: Route) -> None:
    zk, l1 = route.opened.chain(ZK), l1_of(route)
    assert isinstance(zk, Evm)
    routed = next(one.address for one in route.config.chain(ZK).verifiers if one.kind == "routed")
    router = route.config.chain("l1").contracts[f"router_{zk.chain}"]

    async def from_account(sender: Address) -> None:
        data = xl2("RoutedHeads").call("accept", [(b"\x11" * 32, b"\x22" * 32)])
        await zk.ask("eth_call", {"from": hex_text(sender), "to": hex_text(routed), "data": hex_text(data)}, "latest")

    await from_account(speaker(router))
    with pytest.raises(Reverted):
        await from_account(router)
    assert await l1.code(router)

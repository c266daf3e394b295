"""Who rules xl2 on the devnet: a timelock on each chain, a guardian who can only stop, and nobody else."""

from collections.abc import Iterator, Mapping

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.devnet_user import User, UserOf
from tests.waiting import until
from xl2.core.lane import Lane
from xl2.core.types import Assurance, ChainId, address
from xl2.errors import Reverted
from xl2_devnet import Description
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ACCOUNTS, account

CHAINS, L2S = ("l1", "op-a", "op-b"), ("op-a", "op-b")
ZERO, NOTHING = "0x" + "00" * 20, bytes(32)
TIMELOCK = xl2("TimelockController")
#: OpenZeppelin's names of the four roles; the admin's is zero.
ROLES = {name: keccak(text=f"{name}_ROLE") for name in ("PROPOSER", "CANCELLER", "EXECUTOR")} | {"ADMIN": NOTHING}
#: `TimelockController.OperationState.Ready`, as its errors name a set of states.
ONLY_READY = (1 << 2).to_bytes(32)
#: One that no other test sends on, so that pausing it disturbs none.
PAUSED_CLASS = Assurance.OPTIMISTIC


def contracts_on(devnet: Description, name: str) -> Mapping[str, str]:
    """Every contract of xl2's that the file names on a chain, by role."""
    chain = devnet.chain(name)
    tokens = [(entry["symbol"], entry["on"][name]) for entry in devnet.tokens if name in entry["on"]]
    return {
        **chain.contracts,
        **{f"verifier {verifier['number']}": verifier["address"] for verifier in chain.verifiers},
        **{f"{symbol} {part}": at for symbol, place in tokens for part, at in place.items()},
    }


def error(signature: str, *arguments: object) -> bytes:
    """What a contract reverts with."""
    types = signature.partition("(")[2].removesuffix(")").split(",")
    return keccak(text=signature)[:4] + encode(types, arguments)


async def refusal(user: User, to: str, data: bytes, block: str = "latest") -> bytes | None:
    """What `to` would revert with if `user` called it at a block; None if it would not."""
    try:
        await user.rpc.call("eth_call", {"from": user.address, "to": to, "data": "0x" + data.hex()}, block)
    except Reverted as reverted:
        return reverted.revert
    return None


def lane_to(devnet: Description, destination: str) -> Lane:
    there = devnet.chain(destination)
    origin = devnet.chain(next(name for name in L2S if name != destination))
    return Lane(
        origin=ChainId(origin.chain_id),
        outbox=address(origin.contracts["outbox"]),
        destination=ChainId(there.chain_id),
        inbox=address(there.contracts["inbox"]),
        assurance=PAUSED_CLASS,
    )


def fields(lane: Lane) -> tuple[int, str, int, str, int]:
    """`Lane` as the contracts take it."""
    return lane.origin, "0x" + lane.outbox.hex(), lane.destination, "0x" + lane.inbox.hex(), int(lane.assurance)


@pytest.mark.parametrize("name", CHAINS)
async def test_whatever_has_an_owner_is_owned_by_the_timelock(devnet: Description, user_of: UserOf, name: str) -> None:
    user, owners = user_of(name, "alice"), {}
    for role, at in contracts_on(devnet, name).items():
        if await refusal(user, at, xl2("Guard").call("owner")) is None:
            owners[role] = await user.read(at, xl2("Guard"), "owner")

    # Notebooks are examples of a recipient, somebody's own; and the ERC-20s at home are Optimism's, without owner.
    for example in ("notebook", "closable_notebook"):
        owners.pop(example, None)

    on_l1 = {"router", "router_901", "router_902"}
    assert set(owners) == (on_l1 if name == "l1" else {"guard", "heads", "outbox", "USDD bridge", "GOLD bridge"})
    assert {owner.lower() for owner in owners.values()} == {user.chain.contracts["timelock"].lower()}


@pytest.mark.parametrize("name", CHAINS)
async def test_the_deployer_proposes_anybody_executes_and_nobody_else_has_a_say(user_of: UserOf, name: str) -> None:
    user = user_of(name, "alice")
    deployer, timelock = account("deployer").address, user.chain.contracts["timelock"]
    asked = (*(known.address for known in ACCOUNTS), timelock, ZERO)

    held = {
        (role, who)
        for role, name_of_role in ROLES.items()
        for who in asked
        if await user.read(timelock, TIMELOCK, "hasRole", name_of_role, who)
    }

    assert held == {("PROPOSER", deployer), ("CANCELLER", deployer), ("EXECUTOR", ZERO), ("ADMIN", timelock)}


async def test_the_delay_is_the_one_that_the_file_tells(devnet: Description, user_of: UserOf) -> None:
    for name in CHAINS:
        user = user_of(name, "alice")

        delay = await user.read(user.chain.contracts["timelock"], TIMELOCK, "getMinDelay")

        assert delay == devnet.clocks.timelock_seconds > 0


@pytest.mark.parametrize("name", L2S)
async def test_the_guardian_and_the_auditor_are_the_only_ones_and_not_the_deployer(user_of: UserOf, name: str) -> None:
    user = user_of(name, "alice")
    known = {**{one.role: one.address for one in ACCOUNTS}, **user.chain.contracts}

    guardians = [
        role
        for role, address in known.items()
        if await user.read(user.chain.contracts["guard"], xl2("Guard"), "isGuardian", address)
    ]

    assert guardians == ["guardian", "auditor"]


def calls_of_an_owner(devnet: Description, name: str) -> Iterator[tuple[str, bytes]]:
    """Each function that only an owner may call, of every contract on a chain that has one."""
    at = contracts_on(devnet, name)
    if name not in L2S:
        yield at["router"], xl2("Router").call("connect", 905, at["rollup_901"], at["router"])
        yield at["router"], xl2("Router").call("transferOwnership", account("deployer").address)
        return
    lane, heads, guard = lane_to(devnet, name), xl2("Heads"), xl2("Guard")
    yield at["outbox"], xl2("Outbox").call("register", 905, at["inbox"])
    yield at["heads"], heads.call("register", 131, at["verifier 128"], fields(lane), 0)
    yield at["heads"], heads.call("resume", lane.log)
    yield at["heads"], heads.call("reinstate", 0)
    yield at["guard"], guard.call("setGuardian", account("deployer").address, True)
    yield at["guard"], guard.call("bind", at["heads"])
    for symbol in ("USDD", "GOLD"):
        bridge = xl2("LockBridge")
        yield at[f"{symbol} bridge"], bridge.call("link", 905, at["inbox"])
        yield at[f"{symbol} bridge"], bridge.call("setLimit", lane.origin, 1, 1)
        yield at[f"{symbol} bridge"], bridge.call("resume")
    for role in ("outbox", "heads", "guard", "USDD bridge", "GOLD bridge"):
        yield at[role], guard.call("transferOwnership", account("deployer").address)
        yield at[role], guard.call("renounceOwnership")


@pytest.mark.parametrize("role", ["deployer", "guardian"])
@pytest.mark.parametrize("name", CHAINS)
async def test_nothing_that_an_owner_may_do_is_open_to_deployer_or_guardian(
    devnet: Description, user_of: UserOf, name: str, role: str
) -> None:
    user = user_of(name, role)
    for to, call in calls_of_an_owner(devnet, name):
        assert await refusal(user, to, call) == error("OwnableUnauthorizedAccount(address)", user.address)


@pytest.mark.parametrize("name", L2S)
async def test_the_deployer_cannot_pause(devnet: Description, user_of: UserOf, name: str) -> None:
    user = user_of(name, "deployer")
    guard, lane = user.chain.contracts["guard"], fields(lane_to(devnet, name))

    for pause in (("pauseLane", lane), ("pauseVerifier", 0), ("pauseAsset", guard)):
        found = await refusal(user, guard, xl2("Guard").call(*pause))
        assert found == error("NotGuardian(address)", user.address)


@pytest.mark.parametrize("name", L2S)
async def test_what_a_guardian_paused_only_the_timelock_resumes_after_its_delay_and_not_before(
    devnet: Description, user_of: UserOf, name: str
) -> None:
    lane = lane_to(devnet, name)
    guardian, deployer, anybody = (user_of(name, role) for role in ("guardian", "deployer", "bob"))
    heads, guard, timelock = (anybody.chain.contracts[role] for role in ("heads", "guard", "timelock"))
    delay, resume = devnet.clocks.timelock_seconds, xl2("Heads").call("resume", lane.log)
    before = await anybody.read(heads, xl2("Heads"), "standing", lane.log)

    paused = await guardian.send(guard, xl2("Guard").call("pauseLane", fields(lane)))
    for user in (guardian, deployer, anybody):
        await user.send(heads, resume, succeeds=False)
    operation = (heads, 0, resume, NOTHING, bytes.fromhex(paused["transactionHash"][2:]))
    hasty = TIMELOCK.call("schedule", *operation, delay - 1)
    too_soon = await refusal(deployer, timelock, hasty)
    uninvited = await refusal(guardian, timelock, TIMELOCK.call("schedule", *operation, delay))
    scheduled = await deployer.send(timelock, TIMELOCK.call("schedule", *operation, delay))

    name_of_it = await anybody.read(timelock, TIMELOCK, "hashOperation", *operation)
    ready = int((await anybody.block(scheduled["blockNumber"]))["timestamp"], 16) + delay
    execute = TIMELOCK.call("execute", *operation)

    async def when_ready() -> int | None:
        latest = await anybody.block("latest")
        return int(latest["number"], 16) if int(latest["timestamp"], 16) >= ready else None

    until_then = range(int(scheduled["blockNumber"], 16), await until(when_ready, "the timelock's delay") + 1)
    # Not by a watch: what each block since would have said, by its own timestamp.
    answers = {
        int((await anybody.block(number))["timestamp"], 16): await refusal(anybody, timelock, execute, hex(number))
        for number in until_then
    }
    still = await anybody.read(heads, xl2("Heads"), "standing", lane.log)
    await anybody.send(timelock, execute)

    unexpected = error("TimelockUnexpectedOperationState(bytes32,bytes32)", name_of_it, ONLY_READY)
    assert too_soon == error("TimelockInsufficientDelay(uint256,uint256)", delay - 1, delay)
    assert uninvited == error("AccessControlUnauthorizedAccount(address,bytes32)", guardian.address, ROLES["PROPOSER"])
    assert min(answers) < ready <= max(answers)
    assert answers == {timestamp: None if timestamp >= ready else unexpected for timestamp in answers}
    assert (before != 0, still) == (True, 0)
    assert await anybody.read(heads, xl2("Heads"), "standing", lane.log) == before

"""
Mishaps: whatever may happen to relayers that nobody may lose money by, each as a function that does it and ends it.

Comes in: a fleet and chance. Promise: chance alone chooses what is done, so that a seed repeats it; when one
returns, it is over, but for what relayers make of it. A line that claims to be of another chain is none: a relayer ends
by it, as no waiting mends it.
"""

import asyncio
import resource
import signal
from collections.abc import Awaitable, Callable
from random import Random

import asyncpg

from tests.faults.fleet import POSTGRESQL, SQLITE, Fleet
from tests.faults.ground import A, B
from tests.faults.points import AFTER, BEFORE, POINTS
from tests.faults.proxy import Fault
from xl2.core.types import checksum

Mishap = Callable[[Fleet, Random], Awaitable[None]]

_CHAINS = (A, B)
#: What ends by itself within a few requests.
_PASSING = (
    Fault.RESET, Fault.SLOW, Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.REORDERED_BATCH,
    Fault.PARTIAL_BATCH, Fault.WRONG_ID, Fault.NULL_RESULT, Fault.MISSING_LOG, Fault.DUPLICATED_LOG, Fault.FORGED_LOG,
    Fault.FORGED_BLOCK, Fault.FORGED_PROOF, Fault.PRUNED_STATE, Fault.SWALLOWED,
)  # fmt: skip
#: What lasts until somebody mends it.
_LASTING = (
    Fault.REFUSED, Fault.HANG, Fault.HANG_MID_BODY, Fault.DRIP, Fault.RATE_LIMIT_UNTIL, Fault.STALE_HEAD,
    Fault.HEAD_BACK, Fault.FINALITY_FROZEN, Fault.SERVER_ERROR,
)  # fmt: skip
#: Points that plain messages bring a relayer to.
_POINTS = tuple(point for point in POINTS if not any(word in point for word in ("retry", "expire", "expiry", "nonce")))
_JUMPS = (3600, 86_400, -600, -3600)
#: Of what is not final.
DEEPEST_REORG = 6
_USUAL_FEE, _HIGHEST_FEE = 10**9, 10**12
_LOOKS = 40


def mishaps(store: str) -> list[Mishap]:
    """All that may happen to relayers on such a store."""
    everywhere = [
        one_killed, one_killed_at_a_point, one_stopped_in_good_order, one_stood_still, clock_jumped, line_spoilt,
        line_spoilt_for_a_while, started_behind_a_spoilt_line, destination_reorganised, origin_reorganised,
        base_fee_a_hundred_times, transactions_dropped, key_used_elsewhere, wallet_emptied,
    ]  # fmt: skip
    its_own: dict[str, list[Mishap]] = {
        SQLITE: [disk_full, store_deleted],
        POSTGRESQL: [database_cut_everybody_off, all_killed],
    }
    return everywhere + its_own[store]


def in_words(mishap: Mishap) -> str:
    """What it is called in a list."""
    return getattr(mishap, "__name__", "").replace("_", " ")


# --- processes


async def one_killed(fleet: Fleet, chance: Random) -> None:
    """As by `kill -9`."""
    place = _one(fleet, chance)
    fleet.running[place].kill()
    await fleet.again(place)


async def all_killed(fleet: Fleet, chance: Random) -> None:
    """As a machine that goes dark under all of them."""
    for relayer in fleet.running:
        relayer.kill()
    await fleet.scene.until_blocks(chance.randrange(20))
    for place in range(len(fleet.running)):
        fleet.start(place)
    for place in range(len(fleet.running)):
        await fleet.until_up(place)


async def one_killed_at_a_point(fleet: Fleet, chance: Random) -> None:
    """Just before or after one of its side effects, where it comes to it."""
    place, point, when = _one(fleet, chance), chance.choice(_POINTS), chance.choice((BEFORE, AFTER))
    fleet.say(f"{when} {point}")
    fleet.running[place].kill()
    fleet.start(place, dies_at=point, when=when)
    await fleet.scene.until_blocks(20)
    fleet.running[place].kill_if_it_runs()
    await fleet.again(place)


async def one_stopped_in_good_order(fleet: Fleet, chance: Random) -> None:
    """SIGTERM, and a start."""
    place = _one(fleet, chance)
    code = await asyncio.to_thread(fleet.running[place].stop)
    assert code == 0, f"{fleet.berths[place].name} stopped with {code}: {fleet.running[place].last_words}"
    await fleet.again(place)


async def one_stood_still(fleet: Fleet, chance: Random) -> None:
    """SIGSTOP for up to some seconds, past its leases."""
    relayer = fleet.running[_one(fleet, chance)]
    relayer.signal(signal.SIGSTOP)
    await fleet.scene.until_blocks(chance.randrange(5, 80))
    relayer.signal(signal.SIGCONT)


async def clock_jumped(fleet: Fleet, chance: Random) -> None:
    """The clock of all of them goes ahead or back, and later is right again."""
    ahead = chance.choice(_JUMPS)
    fleet.say(f"by {ahead} s")
    fleet.turn(ahead)
    await fleet.scene.until_blocks(chance.randrange(5, 40))
    fleet.turn(0)


# --- lines


async def line_spoilt(fleet: Fleet, chance: Random) -> None:
    """Some requests are answered badly."""
    fault, chain, times = chance.choice(_PASSING), chance.choice(_CHAINS), chance.randrange(1, 8)
    fleet.say(f"{chain}: {fault.value}, {times} times")
    fleet.lines[chain].fault(fault, times=times)
    await fleet.scene.until_blocks(5)


async def line_spoilt_for_a_while(fleet: Fleet, chance: Random) -> None:
    """Nothing useful comes from a chain, or nothing new."""
    fault, chain, blocks = chance.choice(_LASTING), chance.choice(_CHAINS), chance.randrange(5, 40)
    fleet.say(f"{chain}: {fault.value}, {blocks} blocks long")
    fleet.lines[chain].fault(fault)
    await fleet.scene.until_blocks(blocks)
    fleet.lines[chain].heal(fault)


async def started_behind_a_spoilt_line(fleet: Fleet, chance: Random) -> None:
    """It waits for its endpoints, whatever they answer, and is up when they serve."""
    place, fault, chain = _one(fleet, chance), chance.choice((*_PASSING, *_LASTING)), chance.choice(_CHAINS)
    fleet.say(f"{chain}: {fault.value}")
    fleet.running[place].kill()
    fleet.lines[chain].fault(fault)
    fleet.start(place)
    await fleet.scene.until_blocks(chance.randrange(5, 40))
    fleet.lines[chain].heal(fault)
    await fleet.until_up(place)


# --- chains


async def destination_reorganised(fleet: Fleet, chance: Random) -> None:
    """Never as deep as what is final."""
    _reorganise(fleet, chance, B)


async def origin_reorganised(fleet: Fleet, chance: Random) -> None:
    """Never so deep that a message is gone; `test_reorgs` tries that."""
    with fleet.held(A) as node:
        node.ask("anvil_mine", hex(DEEPEST_REORG + 1))
    _reorganise(fleet, chance, A)


async def base_fee_a_hundred_times(fleet: Fleet, chance: Random) -> None:
    """At once; it falls by an eighth a block."""
    chain = chance.choice(_CHAINS)
    with fleet.held(chain) as node:
        now = int(node.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
        # These chains are empty, so it is nearly nothing by itself.
        fee = min(100 * max(now, _USUAL_FEE), _HIGHEST_FEE)
        fleet.say(f"{chain}: {fee / 10**9:.0f} gwei")
        node.ask("anvil_setNextBlockBaseFeePerGas", hex(fee))
        node.ask("evm_mine")
    await fleet.scene.until_blocks(chance.randrange(20))


async def transactions_dropped(fleet: Fleet, chance: Random) -> None:
    """A node's pool loses what it holds, as by a restart."""
    chain = chance.choice(_CHAINS)
    with fleet.held(chain) as node:
        # Blocks are held up until there is something to lose, if anything comes.
        for _ in range(_LOOKS):
            if waiting := int(node.ask("txpool_status")["pending"], 16):
                fleet.say(f"{chain}: {waiting} of them")
                break
            await asyncio.sleep(0.05)
        node.ask("anvil_dropAllTransactions")


# --- money and keys


async def key_used_elsewhere(fleet: Fleet, _chance: Random) -> None:
    """A transaction of somebody who has the same key."""
    await fleet.scene.use_key("relayer")


async def wallet_emptied(fleet: Fleet, chance: Random) -> None:
    """And filled again, with as much as before."""
    payer, chain = checksum(fleet.berths[_one(fleet, chance)].payer), chance.choice(_CHAINS)
    fleet.say(f"on {chain}")
    with fleet.held(chain) as node:
        before = node.ask("eth_getBalance", payer, "latest")
        node.ask("anvil_setBalance", payer, "0x0")
    await fleet.scene.until_blocks(chance.randrange(5, 40))
    with fleet.held(chain) as node:
        node.ask("anvil_setBalance", payer, before)


# --- stores


async def disk_full(fleet: Fleet, chance: Random) -> None:
    """No file of its gets larger than it is: so says a disk without room, and then there is room again."""
    place = _one(fleet, chance)
    relayer, store = fleet.running[place], fleet.store_of(place)
    before = resource.prlimit(relayer.pid, resource.RLIMIT_FSIZE)
    # What it says goes to a disk that has room: a line more is not what is tried.
    written = [file.stat().st_size for file in (store, store.with_name(f"{store.name}-wal")) if file.exists()]
    resource.prlimit(
        relayer.pid, resource.RLIMIT_FSIZE, (max(*written, relayer.said.stat().st_size + 65_536), before[1])
    )
    await fleet.scene.until_blocks(chance.randrange(5, 40))
    resource.prlimit(relayer.pid, resource.RLIMIT_FSIZE, before)


async def store_deleted(fleet: Fleet, chance: Random) -> None:
    """All of it: what it held is read from the chains again."""
    place = _one(fleet, chance)
    fleet.running[place].kill()
    store = fleet.store_of(place)
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()
    await fleet.again(place)


async def database_cut_everybody_off(fleet: Fleet, _chance: Random) -> None:
    """As a restart of the database does."""
    assert fleet.database is not None
    connection = await asyncpg.connect(fleet.database)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
    finally:
        await connection.close()


def _one(fleet: Fleet, chance: Random) -> int:
    return chance.randrange(len(fleet.running))


def _reorganise(fleet: Fleet, chance: Random, chain: str) -> None:
    depth = chance.randrange(1, DEEPEST_REORG + 1)
    fleet.say(f"{depth} blocks of {chain}")
    with fleet.held(chain) as node:
        node.ask("anvil_reorg", depth, [])
        node.ask("evm_mine")

"""What a person pauses by hand: also what was given back before, and it is in force where most endpoints say so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from attrs import define

from tests.unit.watcher.watched_world import MINT, REMOTE, Liar, Scene
from xl2.core.evidence import VerifierNumber
from xl2.core.types import Address, ChainId
from xl2.errors import RpcUnavailable
from xl2.ports import Call, TxReceipt
from xl2.watcher import Brake, Levers, PauseAsset, PauseLane, PauseVerifier, resuming
from xl2.watcher.brake import Outcome
from xl2_devnet.abi import xl2

VERIFIER = PauseVerifier(chain=REMOTE, number=VerifierNumber(0))
TOKEN = PauseAsset(chain=REMOTE, bridge=MINT)


class Silent(Liar):
    """An endpoint that does not say what is paused."""

    async def suspended(self) -> int:
        raise RpcUnavailable("it is down", endpoint="silent")


async def test_a_person_pauses_once_and_what_is_paused_is_left_alone(scene: Scene) -> None:
    brake = scene.brake(scene.eyes())

    first = await brake.pull_by_hand(TOKEN, "forged transfer")
    again = await brake.pull_by_hand(TOKEN, "forged transfer")

    assert (first.outcome, again.outcome) == (Outcome.PAUSED, Outcome.WAS_PAUSED)
    (call,) = scene.guardians[REMOTE].calls
    assert call.what.endswith("by hand: forged transfer")


async def test_two_with_one_key_never_make_a_transaction_at_once(scene: Scene) -> None:
    lock, held, at_once = asyncio.Lock(), list[ChainId](), list[int]()
    guardian = scene.guardians[REMOTE]

    @contextlib.asynccontextmanager
    async def turn(chain: ChainId) -> AsyncIterator[None]:
        async with lock:
            held.append(chain)
            yield

    @define
    class Counted:
        address: Address = guardian.address
        under_way: int = 0

        async def submit(self, call: Call) -> TxReceipt:
            self.under_way += 1
            at_once.append(self.under_way)
            await asyncio.sleep(0)
            made = await guardian.submit(call)
            self.under_way -= 1
            return made

    counted = Counted()
    eyes = scene.eyes()
    levers = {chain: Levers(eyes=found, submitters=[counted]) for chain, found in eyes.items()}
    brakes = [Brake(levers=levers, journal=scene.journal, turn=turn) for _ in range(2)]

    done = await asyncio.gather(brakes[0].pull_by_hand(TOKEN, ""), brakes[1].pull_by_hand(VERIFIER, ""))

    assert [one.outcome for one in done] == [Outcome.PAUSED] * 2
    assert at_once == [1, 1]
    assert held == [REMOTE] * 2


async def test_what_was_resumed_is_paused_again_when_a_person_says_so(scene: Scene) -> None:
    brake = scene.brake(scene.eyes())
    await brake.pull_by_hand(TOKEN, "theft")
    scene.remote.watched().bridges[MINT].is_paused = False

    again = await brake.pull_by_hand(TOKEN, "theft")

    assert again.outcome is Outcome.PAUSED
    assert await brake.in_force(TOKEN) is True


async def test_a_pause_is_in_force_by_most_endpoints_and_otherwise_not_known(scene: Scene) -> None:
    liar, silent = Liar(scene.remote), Silent(scene.remote)
    liar.says_paused = True

    async def seen(*endpoints: object) -> bool | None:
        return await scene.brake(scene.eyes(remote=endpoints)).in_force(VERIFIER)

    assert await seen(scene.remote, scene.remote, liar) is False
    assert await seen(liar, liar, scene.remote) is True
    assert await seen(scene.remote, silent, silent) is None
    assert await seen(silent) is None


def test_the_calls_that_resume_are_those_of_the_contracts(scene: Scene) -> None:
    lane = scene.log().lane
    heads, bridge = xl2("Heads"), xl2("MintBridge")
    back = {
        pause: resuming(pause, MINT)
        for pause in (
            PauseLane(chain=lane.destination, lane=lane),
            PauseLane(chain=lane.origin, lane=lane),
            VERIFIER,
            TOKEN,
        )
    }

    told = [(one.call, one.data.hex()) for one in back.values()]

    assert told == [
        (f"resume(0x{lane.log.hex()})", heads.call("resume", lane.log).hex()),
        (f"resume(0x{lane.receipt_log.hex()})", heads.call("resume", lane.receipt_log).hex()),
        ("reinstate(0)", heads.call("reinstate", 0).hex()),
        ("resume()", bridge.call("resume").hex()),
    ]
    assert {one.to for one in back.values()} == {MINT}

"""Fresh: a log is looked at before evidence of it is wanted, by its own room, and nobody waits long for that."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import define

from tests.unit.relayer.process import Relayer, put
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32
from xl2.errors import ProofInvalid
from xl2.ports import Log, Needed, Shown
from xl2.relayer.fresh import Fresh
from xl2.testing import ManualClock, MemoryProver, World

LOG = LogKind.LANE


class Scene:
    """Logs whose observers look when a test says so."""

    def __init__(self) -> None:
        self.clock, self.asked = ManualClock(), list[LogKind]()
        self.fresh = Fresh(clock=self.clock, ask=self.asked.append)

    async def wanted(self, *, then_well: bool | None) -> float:
        """Somebody wants the log, and its room's look ends so, or not at all; how long that took."""
        since = self.clock.steady()
        wanting = asyncio.ensure_future(self.fresh.wanted(LOG))
        if then_well is not None:
            # Before the clock's sleep, which lets the time pass at once.
            asyncio.get_running_loop().call_soon(lambda: self.fresh.looked(LOG, well=then_well))
        await wanting
        return self.clock.steady() - since


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_what_was_looked_at_just_now_is_not_looked_at_again(scene: Scene) -> None:
    scene.fresh.looked(LOG, well=True)
    scene.clock.advance(4.9)
    await scene.wanted(then_well=None)
    lately = list(scene.asked)
    scene.clock.advance(0.1)
    await scene.wanted(then_well=True)

    assert (lately, scene.asked) == ([], [LOG])


async def test_a_log_of_another_kind_is_no_fresher(scene: Scene) -> None:
    scene.fresh.looked(LogKind.RECEIPTS, well=True)

    await scene.wanted(then_well=True)

    assert scene.asked == [LOG]


async def test_who_looks_slowly_is_waited_for_once(scene: Scene) -> None:
    waited = [await scene.wanted(then_well=None) for _ in range(3)]
    scene.fresh.looked(LOG, well=True)
    scene.clock.advance(5)
    await scene.wanted(then_well=True)

    assert waited == [5.0, 0.0, 0.0]
    assert scene.asked == [LOG, LOG]


async def test_who_rests_over_a_failure_is_not_waited_for(scene: Scene) -> None:
    scene.fresh.looked(LOG, well=False)
    scene.clock.advance(60)

    waited = await scene.wanted(then_well=None)

    assert (waited, scene.asked) == (0.0, [])


@define(kw_only=True)
class Doubted(MemoryProver):
    """What it shows does not hold before its log was made fresh, so that it is asked again after a rest."""

    told: list[str]

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        was_fresh = self.told[-1:] == ["fresh"]
        self.told.append("asked")
        if not was_fresh and self.told.count("asked") < 20:
            raise ProofInvalid("it does not hold yet")
        return await MemoryProver.show(self, log, count, upto, known)


async def test_after_a_rest_the_log_is_made_fresh_before_evidence_of_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, wanted = list[str](), Fresh.wanted

    async def tell(fresh: Fresh, kind: LogKind) -> None:
        await wanted(fresh, kind)
        if kind is LogKind.LANE:
            told.append("fresh")

    monkeypatch.setattr(Fresh, "wanted", tell)
    world = World()
    prover = Doubted(home=world.chain(901), told=told)
    relayer = Relayer(world, tmp_path / "relayer.sqlite", provers={901: prover})
    await put(relayer, 1)

    await relayer.run_until(State.SETTLED)

    assert ("fresh", "asked") in pairwise(told)

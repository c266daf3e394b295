"""What a relayer takes up: lanes that both ends agree on and that somebody can show."""

from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from tests.unit.sdk.scene import A, B, Scene
from xl2.app.carrying import lanes_to_carry
from xl2.core.lane import Lane
from xl2.core.types import Address, Assurance, ChainId
from xl2.errors import ConfigInvalid


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    await made.client.close()


async def test_lanes_that_nobody_can_show_are_not_carried(scene: Scene) -> None:
    scene.provers[A].number = 0

    lanes = await lanes_to_carry(scene.parts)

    assert {lane.origin for lane in lanes if lane.assurance is Assurance.SETTLED} == {B}


async def test_an_outbox_that_leads_to_another_inbox_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lane_to = scene.a.lane_to

    async def astray(destination: ChainId, assurance: Assurance) -> Lane:
        return evolve(await lane_to(destination, assurance), inbox=Address(b"\x0d" * 20))

    monkeypatch.setattr(scene.a, "lane_to", astray)

    with pytest.raises(ConfigInvalid, match="outbox on chain 901 sends to inbox"):
        await lanes_to_carry(scene.parts)

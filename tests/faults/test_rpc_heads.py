"""New heads by websocket only wake the relayer: one that never polls works by them, and outlives their socket."""

import asyncio

from tests.faults.endpoints import endpoints
from tests.faults.ground import A, B
from tests.faults.oracle import assert_each_message_was_executed_once
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true

_NEVER_SECONDS = 3600


async def test_a_relayer_that_never_polls_works_by_new_heads_and_outlives_their_socket(
    scene: Scene, stable: Stable
) -> None:
    async with endpoints(scene, each=1) as behind:
        sockets = {name: behind.proxies[name][0] for name in (A, B)}
        file = behind.configuration(
            scene,
            "relayer",
            relayer={"poll_seconds": _NEVER_SECONDS},
            each={name: {"ws_url": proxy.ws_url} for name, proxy in sockets.items()},
        )
        relayer = stable.start(file)
        await until_true(lambda: all(proxy.sockets for proxy in sockets.values()), "a socket to each chain")

        first = await scene.send(Parcel())
        await assert_each_message_was_executed_once(scene, first)
        for proxy in sockets.values():
            await proxy.cut_sockets()
        await until_true(lambda: len(relayer.lines("new heads are told again")) == 2, "sockets that were opened anew")
        second = await scene.send(Parcel())
        await assert_each_message_was_executed_once(scene, second)
        code = await asyncio.to_thread(relayer.stop)

    dead = relayer.lines("new heads are not told, so blocks are polled for", level=("warning",))
    assert {line["chain"] for line in dead} == {901, 902}
    assert code == 0

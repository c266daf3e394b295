"""A disk without room for the store: the relayer waits and says so once; with room again all messages end once."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.daemon import Daemon, daemon
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.scene import Parcel, Scene
from tests.waiting import until_true


@contextmanager
def full_disk(relayer: Daemon, store: Path) -> Iterator[None]:
    """No file of the relayer gets larger than its store's log is now: so says the disk when it is full."""
    before = resource.prlimit(relayer.pid, resource.RLIMIT_FSIZE)
    size = store.with_name(f"{store.name}-wal").stat().st_size + 4096
    assert relayer.said.stat().st_size < size / 2, "what it says must find room beside the store"
    resource.prlimit(relayer.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(relayer.pid, resource.RLIMIT_FSIZE, before)


async def test_a_relayer_whose_disk_is_full_waits_and_loses_nothing(scene: Scene) -> None:
    configuration = scene.configuration("relayer")
    with daemon(configuration) as relayer:
        relayer.until_up()
        sent = await scene.send(*[Parcel(payload=bytes(2_000)) for _ in range(40)])
        await assert_each_paid_message_ended_once(scene, sent)
        with full_disk(relayer, configuration.parent / "relayer.sqlite"):
            sent += await scene.send(*[Parcel(payload=bytes(2_000)) for _ in range(20)])
            await until_true(lambda: relayer.told("disk full"), "a line that says so")
            sent += await scene.send(*[Parcel() for _ in range(5)])
            await scene.until_blocks(40)
            told = relayer.lines(level=("warning", "error"))

        await assert_each_paid_message_ended_once(scene, sent)
        code = relayer.stop()

    assert told == relayer.told("disk full")
    assert len(told) == 1
    assert "relayer.sqlite" in told[0]["cause"]
    assert code == 0

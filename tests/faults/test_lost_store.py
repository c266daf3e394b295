"""A store that is lost, or that cannot be trusted: the chains have all that is needed, and what is wrong is said."""

from pathlib import Path

from tests.faults.daemon import daemon
from tests.faults.oracle import assert_each_paid_message_ended_once, until_fate
from tests.faults.scene import Parcel, Scene
from xl2.ports import Fate


def files(configuration: Path) -> list[Path]:
    """The store with what SQLite has beside it."""
    return sorted(configuration.parent.glob("relayer.sqlite*"))


async def test_a_relayer_whose_store_was_deleted_rebuilds_it_from_the_chains(scene: Scene) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(*[Parcel() for _ in range(20)])
    with daemon(configuration) as relayer:
        await until_fate(scene, sent[:1], Fate.DELIVERED)
        relayer.kill()
    for file in files(configuration):
        file.unlink()
    sent += await scene.send(*[Parcel() for _ in range(5)])

    with daemon(configuration) as relayer:
        await assert_each_paid_message_ended_once(scene, sent)
        code = relayer.stop()

    assert code == 0


async def test_a_relayer_whose_store_is_spoilt_says_so_and_goes_on_with_a_new_one(scene: Scene) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(*[Parcel() for _ in range(20)])
    with daemon(configuration) as relayer:
        await assert_each_paid_message_ended_once(scene, sent)
        relayer.stop()
    store = configuration.parent / "relayer.sqlite"
    spoilt = b"\xff" * 2_000
    held = store.read_bytes()
    store.write_bytes(held[:100] + spoilt + held[100 + len(spoilt) :])

    with daemon(configuration) as refused:
        code = refused.wait()
    said = refused.said.read_bytes()[refused.begins :].decode()
    for file in files(configuration):
        file.rename(file.with_name(f"aside-{file.name}"))
    sent += await scene.send(*[Parcel() for _ in range(5)])
    with daemon(configuration):
        await assert_each_paid_message_ended_once(scene, sent)

    assert code not in (0, None)
    assert str(store) in said
    assert "Move the store aside" in said

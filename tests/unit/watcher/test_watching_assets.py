"""Assets: what is missing at home, made from nothing or counted twice pauses the token, and nothing else does."""

from tests.unit.watcher.watched_world import HOME, REMOTE, VAULT, Liar, Scene
from xl2.core.interop import InteropAddress
from xl2.core.types import ChainId, MessageId
from xl2.ports import Motion
from xl2.watcher.record import read

SENT, RECEIVED, REFUNDED = Motion.SENT, Motion.RECEIVED, Motion.REFUNDED
HOME_PAUSED = (HOME, f"pause the token bridge 0x{VAULT.hex()}")


def there(scene: Scene) -> MessageId:
    """A transfer that went to the remote, and arrived."""
    transfer = scene.new_id()
    scene.moves(HOME, SENT, transfer)
    scene.moves(REMOTE, RECEIVED, transfer)
    return transfer


async def test_transfers_there_and_back_and_refunds_are_no_contradiction(scene: Scene) -> None:
    watcher = scene.watcher()
    back, expired_there, expired_back = scene.new_id(), scene.new_id(), scene.new_id()
    there(scene)
    there(scene)
    for chain, motion, transfer in (
        (REMOTE, SENT, back),
        (HOME, SENT, expired_there),
        (HOME, RECEIVED, back),
        (REMOTE, SENT, expired_back),
        (HOME, REFUNDED, expired_there),
        (REMOTE, REFUNDED, expired_back),
    ):
        scene.moves(chain, motion, transfer)
        assert await watcher.look() == ()
        scene.finalize()
        assert await watcher.look() == ()
        assert watcher.assets["GOLD"].delta == 0
    scene.pass_margin()

    assert await watcher.look() == ()
    assert scene.alarms == []


async def test_an_arrival_that_is_final_before_its_departure_waits_for_it(scene: Scene) -> None:
    transfer = there(scene)
    scene.remote.mine(2)
    watcher = scene.watcher()

    early = [await watcher.look(), watcher.assets["GOLD"].delta]
    scene.finalize()
    late = [await watcher.look(), watcher.assets["GOLD"].delta]

    assert (early, late) == ([(), 0], [(), 0])
    assert transfer not in watcher.assets["GOLD"].ledger.early


async def test_tokens_given_to_the_vault_are_no_contradiction(scene: Scene) -> None:
    there(scene)
    scene.changes(HOME, 5)
    scene.pass_margin()
    watcher = scene.watcher()

    assert await watcher.look() == ()
    assert watcher.assets["GOLD"].delta == 5


async def test_a_drained_vault_pauses_the_home(scene: Scene) -> None:
    there(scene)
    scene.changes(HOME, -30)
    watcher = scene.watcher()
    assert await watcher.look() == ()

    scene.finalize()

    assert [case.is_over for case in await watcher.look()] == [True]
    assert watcher.assets["GOLD"].delta == -30
    assert (scene.alarms, scene.paused) == (["backing-break"], [HOME_PAUSED])
    assert "30 are missing" in scene.observer.alarms[0].what


async def test_a_mint_from_nothing_pauses_that_remote_and_the_home(scene: Scene) -> None:
    there(scene)
    scene.changes(HOME, 1000)  # a gift that would hide the mint in the sum
    scene.changes(REMOTE, 40)
    scene.finalize()

    await scene.watcher().look()

    assert [chain for chain, _ in scene.paused] == [HOME, REMOTE]
    assert "40 came from nothing" in scene.observer.alarms[0].what


async def test_an_arrival_that_nobody_sent_counts_when_the_clocks_have_passed_it(scene: Scene) -> None:
    forged = scene.new_id()
    scene.moves(REMOTE, RECEIVED, forged)
    scene.finalize()
    watcher = scene.watcher()
    assert await watcher.look() == ()

    scene.pass_margin()

    await watcher.look()
    assert scene.alarms == ["backing-break"]
    assert [chain for chain, _ in scene.paused] == [HOME, REMOTE]


async def test_what_may_have_come_from_a_chain_that_is_not_watched_is_not_judged(scene: Scene) -> None:
    elsewhere = InteropAddress(chain=ChainId(909), account=VAULT)
    scene.home.watched().bridges[VAULT].links.append((elsewhere, scene.home.here().block))
    scene.moves(HOME, RECEIVED, scene.new_id())
    scene.home.watched().change(VAULT, 100, scene.home.here())
    scene.finalize()
    scene.pass_margin()
    watcher = scene.watcher()

    assert await watcher.look() == ()
    assert watcher.assets["GOLD"].strangers == {elsewhere}


async def test_an_arrival_of_more_than_was_sent_is_a_contradiction(scene: Scene) -> None:
    transfer = scene.new_id()
    scene.moves(HOME, SENT, transfer, 100)
    scene.moves(REMOTE, RECEIVED, transfer, 101)
    scene.finalize()

    await scene.watcher().look()

    assert scene.alarms == ["backing-break"]


async def test_a_transfer_that_arrived_and_was_refunded_is_a_contradiction_in_either_order(scene: Scene) -> None:
    transfer = there(scene)
    scene.finalize()
    watcher = scene.watcher()
    await watcher.look()
    scene.moves(HOME, REFUNDED, transfer)
    scene.finalize()

    await watcher.look()
    assert scene.alarms == ["backing-break"]
    assert "and it was refunded" in scene.observer.alarms[0].what
    scene.observer.alarms.clear()
    # A watcher that starts now reads all of the home first.
    await scene.watcher().look()
    assert "and it was refunded" in scene.observer.alarms[0].what


async def test_an_endpoint_that_hides_transfers_or_tokens_pauses_nothing_alone(scene: Scene) -> None:
    transfer = there(scene)
    scene.pass_margin()
    hiding, poor = Liar(scene.home), Liar(scene.home)
    hiding.hidden.add(transfer)
    poor.withheld = 7

    await scene.watcher(home=[hiding, scene.home]).look()
    await scene.watcher(home=[poor, scene.home, scene.home]).look()

    assert set(scene.alarms) == {"rpc-disagreement"}
    assert scene.paused == []


async def test_a_watcher_that_starts_anew_finds_the_same(scene: Scene) -> None:
    there(scene)
    scene.changes(HOME, -1)
    scene.finalize()
    first = await scene.watcher().look()
    there(scene)
    scene.finalize()

    second = await scene.watcher().look()

    assert [case.contradiction.id for case in first] == [case.contradiction.id for case in second]
    assert [one.outcome.value for case in second for one in case.pulled] == ["was paused already"]
    assert len(list(scene.folder.iterdir())) == 1


async def test_the_evidence_of_a_break_reads_back(scene: Scene) -> None:
    scene.moves(REMOTE, RECEIVED, scene.new_id())
    scene.finalize()
    scene.pass_margin()
    (case,) = await scene.watcher().look()
    (file,) = scene.folder.iterdir()

    contradiction, margin = read(file)

    assert contradiction == case.contradiction
    assert contradiction.why(margin)
    assert contradiction.pauses == case.contradiction.pauses


async def test_a_full_disk_does_not_stop_a_pause(scene: Scene) -> None:
    there(scene)
    scene.changes(HOME, -1)
    scene.finalize()
    scene.folder.write_text("a file where the folder was to be")

    await scene.watcher().look()

    assert scene.paused == [HOME_PAUSED]

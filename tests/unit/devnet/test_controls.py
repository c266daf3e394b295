"""What a test holds back is held back for that chain alone, and until it is let go."""

import asyncio
import threading

from xl2_devnet.controls import BATCHES, ROOTS, Controls


def test_nothing_is_held_at_first() -> None:
    controls = Controls()

    assert not controls.l1_is_held
    assert not controls.withholds(ROOTS, "op-a")
    assert not controls.takes_false("op-a")


def test_what_is_withheld_is_so_for_one_chain_and_one_thing_until_it_is_given() -> None:
    controls = Controls()

    controls.withhold(ROOTS, "op-a")

    assert controls.withholds(ROOTS, "op-a")
    assert not controls.withholds(BATCHES, "op-a")
    assert not controls.withholds(ROOTS, "op-b")
    controls.give(ROOTS, "op-a")
    assert not controls.withholds(ROOTS, "op-a")


def test_each_false_claim_is_made_once() -> None:
    controls = Controls()

    controls.claim_falsely("op-a")
    controls.claim_falsely("op-a")

    assert [controls.takes_false(chain) for chain in ("op-b", "op-a", "op-a", "op-a")] == [False, True, True, False]


def test_a_held_l1_goes_on_when_released() -> None:
    controls = Controls()

    controls.hold_l1()

    assert controls.l1_is_held
    controls.release_l1()
    assert not controls.l1_is_held


async def test_one_at_a_time_has_the_turn_of_a_chain_also_from_another_thread() -> None:
    controls, waits, order = Controls(), threading.Event(), list[str]()

    async def other() -> None:
        waits.set()
        async with controls.turn("l1"):
            order.append("other")

    async with controls.turn("l1"):
        thread = threading.Thread(target=asyncio.run, args=(other(),))
        thread.start()
        await asyncio.to_thread(waits.wait)
        async with controls.turn("op-a"):
            order.append("another chain's")
        order.append("first")
    await asyncio.to_thread(thread.join)

    assert order == ["another chain's", "first", "other"]


async def test_who_takes_one_turn_after_another_lets_another_thread_have_its_own() -> None:
    controls, had = Controls(), threading.Event()

    async def other() -> None:
        async with controls.turn("l1"):
            had.set()

    thread = threading.Thread(target=asyncio.run, args=(other(),))
    async with controls.turn("l1"):
        thread.start()
    while not had.is_set():
        async with controls.turn("l1"):
            await asyncio.sleep(0.01)
    await asyncio.to_thread(thread.join)

    assert had.is_set()

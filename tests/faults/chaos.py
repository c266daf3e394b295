"""
Chaos: a seed in, a schedule of mishaps carried out between senders and relayers, and the chains' verdict out.

`python -m tests.faults.chaos --seed 7 --messages 1000 --store postgresql` says what it does as it does it, and at the
end the verdict, or the promise that broke, with the command that repeats it. A seed repeats what is sent and done, step
by step; what the machine's own pace adds to it no seed repeats. Promise: it ends by the oracle alone, after all mishaps
are over.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
from attrs import frozen

from tests.faults.fleet import POSTGRESQL, SQLITE, Fleet, fleet_in
from tests.faults.mishaps import Mishap, in_words, mishaps
from tests.faults.oracle import assert_each_message_was_executed_once, assert_each_paid_message_ended_once
from tests.faults.scene import FEE, Parcel
from xl2.ports import Ending, Sent

_BATCH = 10
#: Asked of the chains at a time, so that asking takes little of the machine.
_ASKED_AT_ONCE = 100
#: For each so many, once all mishaps are over.
_SETTLES_SECONDS = 120.0
_CLAIMED_SECONDS = 60.0
#: Seconds that a message which can fail may be delivered in, by the destination's clock; then it passes at once.
_EXPIRES_IN = 1800
_PLAIN = "counts"
_TOLD_LENGTH = 2000


@frozen(kw_only=True)
class Asked:
    """What to repeat a run by."""

    seed: int
    messages: int = 1000
    store: str = SQLITE

    @property
    def command(self) -> str:
        """Of a shell."""
        return f"make chaos SEED={self.seed} MESSAGES={self.messages} STORE={self.store}"


@frozen(kw_only=True)
class Verdict:
    """What a run came to."""

    delivered: int
    refunded: int
    #: Of the relayers, in wei.
    earned: int
    claimed: int
    #: How often each happened.
    mishaps: Counter[str]
    seconds: float

    @property
    def lines(self) -> Iterator[str]:
        """For whoever ran it."""
        yield f"mishaps: {', '.join(f'{name} {count}x' for name, count in sorted(self.mishaps.items()))}"
        yield (
            f"verdict: {self.delivered} messages delivered once, {self.refunded} refunded, none lost, none twice; "
            f"{self.claimed / FEE:.1f} of {self.earned / FEE:.0f} fees claimed; "
            f"{self.mishaps.total()} mishaps in {self.seconds:.0f} s"
        )


def schedule(asked: Asked) -> Iterator[tuple[Mishap, random.Random]]:
    """What happens, without end, each with the chance that chooses how: all there is once, then all again."""
    step = 0
    while True:
        turn = mishaps(asked.store)
        random.Random(f"{asked.seed} from {step}").shuffle(turn)
        for mishap in turn:
            yield mishap, random.Random(f"{asked.seed} at {step}")
            step += 1


async def run(folder: Path, asked: Asked, say: Callable[[str], object]) -> Verdict:
    """
    Carry messages through what the seed chooses.

    Raises `AssertionError` where a paid message was lost, anything was done twice, or a relayer ended by itself.
    """
    began = time.monotonic()
    say(f"chaos: {asked.command}")
    async with fleet_in(folder, store=asked.store, say=lambda what: say(f"    {what}")) as fleet:
        await fleet.come_up()
        sent: list[Sent] = []
        fragile: list[Sent] = []
        met: Counter[str] = Counter()
        for mishap, chance in schedule(asked):
            if len(sent) >= asked.messages:
                break
            parcels = [_parcel(chance) for _ in range(_BATCH)]
            batch = await fleet.scene.send(*parcels)
            sent += batch
            fragile += [one for one, parcel in zip(batch, parcels, strict=True) if parcel.habit != _PLAIN]
            say(f"{time.monotonic() - began:5.0f} s  message {len(sent):5}  {in_words(mishap)}")
            await mishap(fleet, chance)
            met[in_words(mishap)] += 1
            await fleet.scene.until_blocks(chance.randrange(2, 15))
            fleet.check()
        say(f"{time.monotonic() - began:5.0f} s  all mishaps are over")
        await fleet.calm_down()
        delivered, refunded = await _ended(fleet, sent, fragile)
        say(f"{time.monotonic() - began:5.0f} s  all messages have ended")
        earned = delivered * FEE
        return Verdict(
            delivered=delivered,
            refunded=refunded,
            earned=earned,
            claimed=await _claimed(fleet, earned),
            mishaps=met,
            seconds=time.monotonic() - began,
        )


def _parcel(chance: random.Random) -> Parcel:
    """Mostly plain ones; some that fail and are refunded in the end."""
    habit = chance.choices((_PLAIN, "flips by block", "reverts", "burns all gas"), weights=(90, 4, 3, 3))[0]
    expires_in = None if habit == _PLAIN else _EXPIRES_IN
    return Parcel(habit=habit, payload=chance.randbytes(chance.randrange(200)), expires_in=expires_in)


async def _ended(fleet: Fleet, sent: Sequence[Sent], fragile: Sequence[Sent]) -> tuple[int, int]:
    """How many were delivered, and how many refunded; waits until each was one of them, and once."""
    scene, failing = fleet.scene, {one.message.id for one in fragile}
    # What never expires and never fails was delivered, whatever happened; then time passes for what may fail.
    for part in _parts([one for one in sent if one.message.id not in failing]):
        await assert_each_message_was_executed_once(scene, part, within_seconds=_SETTLES_SECONDS)
    fleet.pass_time(2 * _EXPIRES_IN)
    for part in _parts(sent):
        await assert_each_paid_message_ended_once(scene, part, within_seconds=_SETTLES_SECONDS)
    # Once more, all at the end: nothing happened twice later.
    told = [
        one
        for part in _parts(sent)
        for one in await assert_each_paid_message_ended_once(scene, part, within_seconds=_SETTLES_SECONDS)
    ]
    endings = Counter(one.ending for one in told)
    return endings[Ending.SETTLED], endings[Ending.REFUNDED]


async def _claimed(fleet: Fleet, earned: int) -> int:
    """Wei of fees paid out; waits until a relayer alone on its store has claimed nearly all."""
    payers = [berth.payer for berth in fleet.berths]
    over = time.monotonic() + _CLAIMED_SECONDS
    while True:
        left = [await fleet.scene.origin.credit(payer) for payer in payers]
        assert sum(left) <= earned, f"{sum(left)} wei are credited, {earned} wei were earned"
        # Two of them settle for each other, and one claims its own when it settles.
        enough = earned // 2 if len(payers) > 1 else min(earned // 2, 10 * FEE)
        if sum(left) <= enough:
            return earned - sum(left)
        assert time.monotonic() < over, f"{sum(left)} of {earned} wei are credited and not claimed"
        await asyncio.sleep(0.2)


def _parts(sent: Sequence[Sent]) -> Iterator[Sequence[Sent]]:
    for start in range(0, len(sent), _ASKED_AT_ONCE):
        yield sent[start : start + _ASKED_AT_ONCE]


def main() -> None:
    """From the command line; see the module."""
    arguments = argparse.ArgumentParser(description="Carry messages through a seeded mix of mishaps.")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--messages", type=int, default=1000)
    arguments.add_argument("--store", choices=(SQLITE, POSTGRESQL), default=SQLITE)
    chosen = arguments.parse_args()
    asked = Asked(seed=chosen.seed, messages=chosen.messages, store=chosen.store)
    folder = Path(tempfile.mkdtemp(prefix="xl2-chaos-"))
    try:
        verdict = asyncio.run(run(folder, asked, click.echo))
    except AssertionError as broken:
        sys.exit(
            f"chaos: A PROMISE BROKE: {str(broken)[:_TOLD_LENGTH]}\n"
            f"  what the relayers said and kept: {folder}\n  again: {asked.command}"
        )
    shutil.rmtree(folder)
    for line in verdict.lines:
        click.echo(line)


if __name__ == "__main__":
    main()

"""Roots that L1 does not uphold: lost to a challenger, blacklisted, retired. None is used; the next good one is."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from attrs import frozen

from tests.devnet_clocks import DELAYS_SECONDS, DISPUTED
from tests.devnet_user import User
from tests.faults.anchored import CHALLENGER_WINS, DEFENDER_WINS, GAME, IN_PROGRESS, L1, PORTAL, Anchored
from tests.faults.daemon import Daemon
from tests.faults.oracle import ask, assert_each_paid_message_ended_once
from tests.faults.scene import Parcel
from tests.faults.stable import Stable
from tests.waiting import until, until_true
from xl2.core.evidence import Finality
from xl2.ports import Ending, Fate, Sent
from xl2_devnet import Description, Options, running
from xl2_devnet.accounts import account
from xl2_devnet.controls import ROOTS, Controls

ORIGIN = "op-a"
CANNON, PERMISSIONED = 0, 1
#: Blocks in which a proposer has noticed that it is to stop, an L2 has heard of L1, and a relayer has used what it saw.
_NOTICED, _HEARD, _USED = 4, 4, 8
#: And in which what an L2 calls final was derived from what L1 calls final, which is what a proposer goes by.
_DERIVED = 6


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose proposers nobody else relies on."""
    with running(Options(clocks=DISPUTED), controls=controls) as description:
        yield description


@pytest.fixture
async def guardian(devnet: Description) -> AsyncIterator["Guardian"]:
    async with User(devnet.chain("l1"), account("deployer").private_key) as user:
        yield Guardian(user=user, portal=devnet.chain(ORIGIN).rollup["portal"])


@frozen(kw_only=True)
class Guardian:
    """Who may say on L1 that games do not count."""

    user: User
    portal: str

    async def blacklist(self, games: list[str]) -> None:
        for game in games:
            await self.user.send(self.portal, PORTAL.call("blacklistDisputeGame", game))

    async def retire_all(self) -> None:
        """All games until now, by respecting another type in between."""
        for kind in (PERMISSIONED, CANNON):
            await self.user.send(self.portal, PORTAL.call("setRespectedGameType", kind))


async def test_roots_that_l1_does_not_uphold_are_never_used_and_the_next_good_one_is(
    anchored: Anchored, stable: Stable, controls: Controls, guardian: Guardian
) -> None:
    controls.withhold(ROOTS, ORIGIN)
    relayer = stable.start(anchored.configuration("relayer", kinds=("proven",)))
    sent = await anchored.send(Parcel(), Parcel())

    controls.claim_falsely(ORIGIN)
    with asleep(relayer):
        lost, *others = await some_games(anchored, sent, controls)
        await guardian.blacklist(others)
        await attacked(anchored, lost)
    outcome = await over(anchored, [lost, *others])
    after_lost = await ask(anchored, sent)
    with asleep(relayer):
        black = await some_games(anchored, sent, controls)
        await guardian.blacklist(black)
    await over(anchored, black)
    after_blacklisted = await ask(anchored, sent)
    with asleep(relayer):
        retired = await some_games(anchored, sent, controls)
        await guardian.retire_all()
    await over(anchored, retired)
    after_retired = await ask(anchored, sent)
    controls.give(ROOTS, ORIGIN)

    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))
    assert outcome[0] == CHALLENGER_WINS
    for told in (after_lost, after_blacklisted, after_retired):
        assert [one.fate for one in told] == [Fate.UNSEEN] * len(sent)
    assert relayer.lines(level=("error",)) == []


async def test_what_no_good_root_covers_in_time_is_expired_and_refunded(
    anchored: Anchored, stable: Stable, controls: Controls, guardian: Guardian
) -> None:
    controls.withhold(ROOTS, ORIGIN)
    relayer = stable.start(anchored.configuration("relayer"))
    sent = await anchored.send(Parcel(expires_in=8), Parcel(expires_in=8))
    with asleep(relayer):
        await guardian.blacklist(await some_games(anchored, sent, controls))

    told = await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))
    controls.give(ROOTS, ORIGIN)

    assert [one.ending for one in told] == [Ending.REFUNDED] * len(sent)


@contextmanager
def asleep(relayer: Daemon) -> Iterator[None]:
    """It sees nothing of what happens within: on a busy machine games may be over before the guardian has spoken."""
    relayer.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        relayer.signal(signal.SIGCONT)


async def some_games(anchored: Anchored, sent: list[Sent], controls: Controls) -> list[str]:
    """
    Let the proposer go on until a new game covers messages, then stop it; those that it made, oldest first.

    Messages are final by then, so that all of these cover them; where the proposer is behind on a busy machine, the
    first may not.
    """
    await until(partial(final_past, anchored, sent[-1].place.block), "the messages to be final")
    await anchored.until_blocks(_DERIVED)
    first = await anchored.games()
    controls.give(ROOTS, ORIGIN)
    await anchored.covering(sent[-1], first)
    controls.withhold(ROOTS, ORIGIN)
    await anchored.until_blocks(_NOTICED)
    return [(await anchored.game(place))[0] for place in range(first, await anchored.games())]


async def final_past(anchored: Anchored, block: int) -> bool | None:
    """Whether a block of the origin is final."""
    return (await anchored.origin.head(Finality.FINALIZED)).number >= block or None


async def attacked(anchored: Anchored, game: str) -> None:
    """Return once a challenger has made his move."""

    async def is_attacked() -> bool | None:
        return (await anchored.l1.read(game, GAME, "claimDataLen")) > 1 or None

    await until(is_attacked, f"an attack on {game}")


async def over(anchored: Anchored, games: list[str]) -> list[int]:
    """Who won each of these, once they are resolved and a relayer has looked for one that it can use."""
    outcomes = []
    await anchored.pass_time(DISPUTED.max_clock_seconds + 1)
    for game in games:

        async def outcome(game: str = game) -> int | None:
            status: int = await anchored.l1.read(game, GAME, "status")
            return None if status == IN_PROGRESS else status

        outcomes.append(await until(outcome, f"the outcome of {game}"))
    assert set(outcomes[1:]) <= {DEFENDER_WINS}
    await anchored.pass_time(DELAYS_SECONDS)
    await anchored.until_blocks(_HEARD)
    l1 = anchored.proxies[L1]
    asked = l1.asked["eth_call"]
    await until_true(lambda: l1.asked["eth_call"] > asked, "a relayer that looks for a game")
    await anchored.until_blocks(_USED)
    return outcomes

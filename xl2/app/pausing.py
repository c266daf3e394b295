"""
Pausing: what an operator names in, what a guardian's key pauses of it out, and what is paused now.

Promise: it needs no running watcher and disturbs none: its journal is a file of its own, and where both have one key
they take turns. Whether a pause is in force is what more than half of the chain's endpoints say. It can pause and not
resume: that is the owner's, whose call is told.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Final

from attrs import field, frozen

from xl2.app.clients import Source, configuration, signer_of
from xl2.app.eyes import Eyes, close, eyes_of
from xl2.app.keys import account_of
from xl2.app.watching import brake_of
from xl2.config import Config, require_key
from xl2.core.evidence import VerifierNumber
from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId, checksum
from xl2.errors import ConfigInvalid, InvalidInput, NotFound, Refused, Retryable, WrongChain
from xl2.ports import AlarmLines, Call
from xl2.relayer import lanes_between
from xl2.store import IN_MEMORY, SqliteStore
from xl2.watcher import Brake, Pause, PauseAsset, PauseLane, PauseVerifier, Pulled, Resuming, resuming
from xl2.watcher.brake import Outcome, call_of

KINDS: Final = ("lane", "verifier", "asset")
#: Beside the watcher's own, which a watcher that runs holds.
_JOURNAL: Final = "by-hand.sqlite"


@frozen(kw_only=True)
class Lever:
    """Something that a guardian can pause, as it stands."""

    pause: Pause
    #: What people call it, and its chain.
    what: str
    where: str
    #: None: too few of the chain's endpoints say.
    in_force: bool | None
    resuming: Resuming


@frozen(kw_only=True)
class Planned:
    """A pause, before it is made."""

    lever: Lever
    #: What a guardian calls; None where no endpoint of the chain answers.
    call: Call | None
    #: Why not, then.
    why_not: str = ""

    @property
    def is_due(self) -> bool:
        """There is something to do, and it can be done."""
        return self.call is not None and self.lever.in_force is not True


@frozen(kw_only=True)
class Pausing:
    """What can be paused on the chains of one configuration."""

    config: Config
    #: Name of the key that pauses; empty: the configuration's `watcher.key`.
    _key: str = ""
    _eyes: Eyes = field(repr=False)
    _looking: Brake = field(repr=False)

    def named(self, kind: str, what: str, chain: str | None = None) -> list[Pause]:
        """
        What an operator means.

        A lane is paused where it arrives, a verifier and a token on every chain that has them; with `chain` there
        alone. Raises `NotFound`, and `InvalidInput` for a verifier that is no number.
        """
        at = None if chain is None else self.config.chain(chain).chain
        if kind == "verifier" and not what.isdecimal():
            raise InvalidInput(
                f"{what!r} is no number of a verifier",
                field="verifier",
                value=what,
                remedy="Give its number at `Heads`: 0 is the attesters' (docs/reference/protocol.md, section 7).",
            )
        found: list[Pause] = [one for one in self._known() if one.chain == at or at is None]
        match kind:
            case "lane":
                lanes = [one for one in found if isinstance(one, PauseLane) and what in (one.lane.name, _hex(one.lane))]
                found = [one for one in lanes if at is not None or one.chain == one.lane.destination]
            case "verifier":
                found = [one for one in found if isinstance(one, PauseVerifier) and one.number == int(what)]
            case _:
                found = [one for one in found if isinstance(one, PauseAsset) and self._is_bridge(one, what)]
        if not found:
            where = "" if chain is None else f" on chain {chain}"
            raise NotFound(
                f"there is no {kind} {what!r}{where} in this configuration",
                remedy="`xl2 watcher pauses --all` lists everything that can be paused, by the name it has here.",
            )
        return found

    async def look(self, pauses: Sequence[Pause]) -> list[Lever]:
        """How these stand. Raises nothing where endpoints do not answer: then it is not known."""
        standing = await asyncio.gather(*map(self._looking.in_force, pauses))
        return [self._lever(one, in_force) for one, in_force in zip(pauses, standing, strict=True)]

    async def everything(self) -> list[Lever]:
        """How everything stands that can be paused here."""
        return await self.look(self._known())

    async def planned(self, pauses: Sequence[Pause]) -> list[Planned]:
        """What would be called. A chain that does not answer keeps nothing from being paused on the others."""
        return [await self._planned(lever) for lever in await self.look(pauses)]

    @property
    def key(self) -> str:
        """Name of the key that pauses. Raises `ConfigInvalid` where there is none."""
        return self._key or require_key(self.config, "watcher", "key")

    @property
    def account(self) -> Address | None:
        """Its account; None where that cannot be told without opening it."""
        return account_of(self.config, self.key)

    async def require_guardian(self, account: Address, pauses: Sequence[Pause]) -> dict[ChainId, str]:
        """
        Chains on which an account cannot make these calls, and why; what no endpoint tells, the call itself finds out.

        Raises `ConfigInvalid` where it can make none of them.
        """
        why_not = {chain: await self._powerless(account, chain) for chain in {one.chain for one in pauses}}
        refused = {chain: why for chain, why in why_not.items() if why}
        if len(refused) == len(why_not):
            raise ConfigInvalid(
                "; ".join(refused.values()),
                remedy="Name a guardian's key with --key, with ether for gas; the owner makes one by "
                "`Guard.setGuardian`.",
            )
        return refused

    async def _powerless(self, account: Address, chain: ChainId) -> str:
        """Why an account cannot pause on a chain; empty where it can, or nobody says."""
        where = f"{self.config.chain(chain).name} ({chain})"
        for eye in self._eyes[chain]:
            try:
                if not (await eye.chain.watched().rights(account, ())).is_guardian:
                    return f"{checksum(account)} is no guardian on {where}, so it cannot pause there"
                if not await eye.chain.balance(account):
                    return f"{checksum(account)} has nothing to pay gas with on {where}"
            except (Retryable, Refused, WrongChain):
                continue
            return ""
        return ""

    async def pull(self, pauses: Sequence[Pause], why: str) -> list[Pulled]:
        """Pause these, one after the other. Opens the key. Raises as `require_guardian`."""
        signer = signer_of(self.config, key=self.key)()
        refused = await self.require_guardian(signer.address, pauses)
        folder = self.config.path(self.config.watcher.state)
        folder.mkdir(parents=True, exist_ok=True)
        journal = SqliteStore(folder / _JOURNAL)
        try:
            brake = brake_of(self._eyes, signer, journal, AlarmLines(), folder=folder)
            return [
                Pulled(pause=one, outcome=Outcome.NOT_OURS, detail=refused[one.chain])
                if one.chain in refused
                else await brake.pull_by_hand(one, why)
                for one in pauses
            ]
        finally:
            await journal.close()

    async def _planned(self, lever: Lever) -> Planned:
        why_not = ""
        for eye in self._eyes[lever.pause.chain]:
            try:
                return Planned(lever=lever, call=await call_of(eye.chain.watched(), lever.pause))
            except (Retryable, Refused, WrongChain) as silent:
                why_not = silent.what
        return Planned(lever=lever, call=None, why_not=why_not)

    def _known(self) -> list[Pause]:
        """Everything: lanes at both ends, verifiers, bridges. Names are of the configuration; nobody is asked."""
        lanes = lanes_between([eyes[0].chain for eyes in self._eyes.values()])
        known: list[Pause] = [
            PauseLane(chain=chain, lane=lane) for lane in lanes for chain in (lane.destination, lane.origin)
        ]
        settings = [one for one in self.config.settings() if one.chain in self._eyes]
        known += [
            PauseVerifier(chain=one.chain, number=VerifierNumber(number))
            for one in settings
            for number in sorted({verifier.number for verifier in one.verifiers})
        ]
        ids = {one.name: one.chain for one in settings}
        known += [
            PauseAsset(chain=ids[name], bridge=place.bridge)
            for token in self.config.tokens
            for name, place in token.on.items()
            if name in ids
        ]
        return known

    def _is_bridge(self, pause: PauseAsset, what: str) -> bool:
        return what.lower() in (self._symbol(pause).lower(), checksum(pause.bridge).lower())

    def _symbol(self, pause: PauseAsset) -> str:
        at = self.config.chain(pause.chain).name
        here = {token.on[at].bridge: token.symbol for token in self.config.tokens if at in token.on}
        return here[pause.bridge]

    def _lever(self, pause: Pause, in_force: bool | None) -> Lever:
        settings = self.config.chain(pause.chain)
        return Lever(
            pause=pause,
            what=self._words(pause),
            where=f"{settings.name} ({settings.chain})",
            in_force=in_force,
            resuming=resuming(pause, settings.contracts["heads"]),
        )

    def _words(self, pause: Pause) -> str:
        match pause:
            case PauseLane():
                is_end = pause.chain == pause.lane.destination
                stops = "its deliveries" if is_end else "its receipts below settled"
                return f"lane {pause.lane.name} ({stops})"
            case PauseVerifier():
                kinds = {one.number: one.kind for one in self.config.chain(pause.chain).verifiers}
                return f"verifier {pause.number} ({kinds[pause.number]})"
            case PauseAsset():
                return f"asset {self._symbol(pause)} (bridge {checksum(pause.bridge)})"


@contextlib.asynccontextmanager
async def pausing(source: Source = None, *, key: str | None = None) -> AsyncIterator[Pausing]:
    """
    Reach what can be paused, until the block ends. Opens no key, and asks nobody yet.

    :param key: pauses: a name under the configuration's `keys`; else its `watcher.key`.
    """
    config = configuration(source)
    eyes = eyes_of(config)
    nothing_written = SqliteStore(IN_MEMORY)
    try:
        looking = brake_of(eyes, None, nothing_written, AlarmLines(), folder=config.path(config.watcher.state))
        yield Pausing(config=config, key=key or "", eyes=eyes, looking=looking)
    finally:
        await nothing_written.close()
        await close(eyes)


def _hex(lane: Lane) -> str:
    return lane.encode().hex()

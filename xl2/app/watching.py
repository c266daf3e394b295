"""
Watching: a configuration in, a running watcher out; or the evidence of one in, what the endpoints say of it out.

Promise: the watcher has a key, endpoints and a folder of its own and reads nothing of a relayer's. Before it looks at
anything it asks the chains what its key may do, and refuses one that may do more than pause. What it does is left to
`xl2.watcher`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration, signer_of
from xl2.app.clock import CLOCK
from xl2.app.families import family
from xl2.app.keys import account_of
from xl2.app.sending import RecoveringSubmitter
from xl2.config import Config, require_key
from xl2.config.listen import host_and_port
from xl2.core.evidence import Finality
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, ChainId, checksum
from xl2.errors import ConfigInvalid, Retryable
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import AlarmLines, Chain, Log, Observer, Several, Signer
from xl2.relayer import open_lanes
from xl2.store import SqliteStore
from xl2.watcher import Asset, Brake, Cabinet, Eye, KeyRights, Levers, Watcher, WatchSettings, key_rights
from xl2.watcher.facts import Fact
from xl2.watcher.record import read
from xl2.watcher.service import serve
from xl2.watcher.witness import Says, Testimony, says, testimony

Eyes = Mapping[ChainId, tuple[Eye, ...]]


@frozen(kw_only=True)
class RunningWatcher:
    """A watcher that watches."""

    #: What its key may do; None in a dry run that has no key, or one whose account is not known without opening it.
    rights: KeyRights | None
    #: Endpoints, by chain.
    endpoints: Mapping[ChainId, tuple[str, ...]]
    #: How many logs are recomputed, and which tokens.
    logs: int
    tokens: tuple[str, ...]
    #: Where health and metrics are told.
    url: str
    watcher: Watcher = field(repr=False)


@frozen(kw_only=True)
class Verified:
    """What the endpoints of this configuration say of somebody's evidence."""

    #: What contradicts what; empty: the facts go together, and are no evidence of anything.
    why: str
    testimony: Testimony
    #: Fact, endpoint and what it says.
    said: tuple[tuple[Fact, str, Says], ...]

    @property
    def stands(self) -> bool:
        """The facts contradict each other, and more than half of the endpoints of each chain confirm them."""
        return bool(self.why) and self.testimony.is_confirmed


@contextlib.asynccontextmanager
async def watcher(
    source: Source = None,
    *,
    key: str | None = None,
    dry_run: bool = False,
    once: bool = False,
    observer: Observer | None = None,
    tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> AsyncIterator[RunningWatcher]:
    """
    Watch the lanes and tokens between the configuration's chains until the block ends.

    :param key: pauses: a name under the configuration's `keys`; else its `watcher.key`.
    :param dry_run: tell of contradictions and pause nothing; no key is opened, and none need be there. One that is
        there is asked for what it may do, and need be no guardian.
    :param once: do not watch by itself; whoever asks calls `RunningWatcher.watcher.look`.
    :param observer: is told of alarms.
    :param tell: is given the evidence of what is acted upon, each time it changes.
    :raises ConfigInvalid: the key may do more than pause, or cannot pause everywhere.
    """
    config = configuration(source)
    settings = config.watcher
    name = _key_of(config, key, dry_run=dry_run)
    folder = config.path(settings.state)
    eyes = eyes_of(config)
    signer = None if dry_run else signer_of(config, key=name)()
    account = signer.address if signer else account_of(config, name) if name else None
    folder.mkdir(parents=True, exist_ok=True)
    journal = SqliteStore(folder / "journal.sqlite")
    stop = asyncio.Event()
    told = Several((AlarmLines(), observer)) if observer else AlarmLines()
    try:
        chains = await _answering(eyes)
        rights: KeyRights | None = None
        if account is not None:
            rights = await key_rights(account, chains, _bridges(config), _shared(config, name, account))
            rights.require_no_more_than_pausing()
            if not dry_run:
                rights.require_pausing()
        logs = [Log(lane=lane, kind=kind) for lane in await open_lanes(list(chains.values())) for kind in LogKind]
        assets = _assets(config, chains)
        await _require_all_ends(assets, chains)
        watching = Watcher(
            eyes=eyes,
            logs=logs,
            assets=assets,
            brake=_brake(eyes, signer, journal, told),
            cabinet=Cabinet(folder / "evidence"),
            observer=told,
            clock=CLOCK,
            settings=_settings(config),
            tell=tell,
        )
        host, port = host_and_port(settings.listen)
        async with asyncio.TaskGroup() as tasks, serve(watching, host=host, port=port) as listening:
            if not once:
                tasks.create_task(watching.run(stop), name="watcher")
            try:
                yield RunningWatcher(
                    rights=rights,
                    endpoints={chain: tuple(eye.name for eye in found) for chain, found in eyes.items()},
                    logs=len(logs),
                    tokens=tuple(asset.name for asset in assets),
                    url=listening.url,
                    watcher=watching,
                )
            finally:
                stop.set()
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    finally:
        await journal.close()
        await _close(eyes)


async def verify(file: Path, source: Source = None) -> Verified:
    """
    Go through the evidence of a watcher, fact by fact, with the endpoints of this configuration.

    Raises `InvalidInput` for a file that is none.
    """
    config = configuration(source)
    contradiction, margin_seconds = read(file)
    eyes = eyes_of(config)
    try:
        said = [
            (fact, eye.name, await says(fact, eye))
            for fact in contradiction.facts
            for eye in eyes.get(fact.at.chain, ())
        ]
        return Verified(
            why=contradiction.why(margin_seconds) or "",
            testimony=await testimony(contradiction, eyes, agree=config.watcher.agree),
            said=tuple(said),
        )
    finally:
        await _close(eyes)


def eyes_of(config: Config) -> Eyes:
    """Every endpoint that the watcher has of each chain with xl2's contracts, each alone."""
    eyes: dict[ChainId, tuple[Eye, ...]] = {}
    for one in config.settings():
        if not one.anchor or not one.contracts:
            continue
        named = tuple(url.reveal() for url in config.watcher.endpoints.get(one.name, ()))
        urls = named or (one.rpc_url, *one.rpc_urls)
        # Each with a family of its own, so that none shares a connection, or what another was told.
        alone = [evolve(one, rpc_url=url, rpc_urls=(), quorum=0, ws_url="") for url in urls]
        eyes[one.chain] = tuple(
            Eye(name=f"{one.name} at {urlsplit(url).netloc.rpartition('@')[2]}", chain=family(one).chain(settings))
            for url, settings in zip(urls, alone, strict=True)
        )
    if not eyes:
        raise ConfigInvalid(
            "no chain of the configuration has xl2's contracts: there is nothing to watch",
            remedy="Name `contracts` of the chains; see docs/how-to/run-a-watcher.md.",
        )
    return eyes


async def _answering(eyes: Eyes) -> dict[ChainId, Chain]:
    """Of each chain an endpoint that answers now. Raises as the last one that does not."""
    found: dict[ChainId, Chain] = {}
    for chain, several in eyes.items():
        for place, eye in enumerate(several, 1):
            try:
                await eye.chain.answers_for()
            except Retryable:
                if place == len(several):
                    raise
            else:
                found[chain] = eye.chain
                break
    return found


def _bridges(config: Config) -> dict[ChainId, list[Address]]:
    found: dict[ChainId, list[Address]] = {}
    for token in config.tokens:
        for name, place in token.on.items():
            found.setdefault(config.chain(name).chain, []).append(place.bridge)
    return found


def _shared(config: Config, name: str, account: Address) -> list[str]:
    """Other keys of the configuration that are the same account."""
    return [other for other in config.keys if other != name and account_of(config, other) == account]


def _assets(config: Config, chains: Mapping[ChainId, Chain]) -> list[Asset]:
    ids = {one.name: one.chain for one in config.settings()}
    return [
        Asset(
            name=token.symbol,
            ends={ids[name]: place.bridge for name, place in token.on.items() if ids[name] in chains},
        )
        for token in config.tokens
    ]


async def _require_all_ends(assets: Sequence[Asset], chains: Mapping[ChainId, Chain]) -> None:
    """Raise `ConfigInvalid` for a token that also stands where nobody looks: its transfers would come from nowhere."""
    for asset in assets:
        for chain, bridge in asset.ends.items():
            tip = (await chains[chain].head(Finality.LATEST)).number
            for link in await chains[chain].watched().links(bridge, BlockNumber(0), tip):
                if asset.ends.get(link.chain) != link.account:
                    raise ConfigInvalid(
                        f"the bridge of {asset.name} on chain {chain} is linked to {checksum(link.account)} on chain "
                        f"{link.chain}, which is not configured",
                        remedy=f"Name chain {link.chain}, and the token's bridge there, in the configuration.",
                    )


def _key_of(config: Config, key: str | None, *, dry_run: bool) -> str:
    """Name of the key; empty for a dry run where there is none. Raises `ConfigInvalid` where one is needed."""
    if dry_run and key is None and config.watcher.key not in config.keys:
        return ""
    return key or require_key(config, "watcher", "key")


def _brake(eyes: Eyes, signer: Signer | None, journal: SqliteStore, observer: Observer) -> Brake:
    if signer is None:
        dry = {
            chain: Levers(eyes=several, submitters=(), why_not="this is a dry run") for chain, several in eyes.items()
        }
        return Brake(levers=dry, journal=journal)

    def submitter(eye: Eye) -> RecoveringSubmitter:
        inner = JournalledSubmitter(eye.chain, signer, journal, CLOCK, SubmitPolicy(), observer=observer)
        return RecoveringSubmitter(inner, eye.id, journal)

    levers = {
        chain: Levers(eyes=several, submitters=[submitter(eye) for eye in several]) for chain, several in eyes.items()
    }
    return Brake(levers=levers, journal=journal)


def _settings(config: Config) -> WatchSettings:
    given = config.watcher
    return WatchSettings(poll_seconds=given.poll_seconds, margin_seconds=given.margin_seconds, agree=given.agree)


async def _close(eyes: Eyes) -> None:
    for several in eyes.values():
        for eye in several:
            await eye.chain.close()

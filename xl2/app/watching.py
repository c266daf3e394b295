"""
Watching: a configuration in, a running watcher out.

Promise: the watcher has a key, endpoints and a folder of its own and reads nothing of a relayer's. Before it looks at
anything it asks the chains what its key may do, and refuses one that may do more than pause. What it does is left to
`xl2.watcher`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration, signer_of
from xl2.app.eyes import Eyes, answering, close, eyes_of
from xl2.app.keys import account_of
from xl2.app.sending import RecoveringSubmitter
from xl2.app.turns import Turns
from xl2.clock import CLOCK
from xl2.config import Config, require_key
from xl2.config.listen import host_and_port
from xl2.core.evidence import Finality
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, ChainId, checksum
from xl2.errors import ConfigInvalid
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import AlarmLines, Chain, Log, Observer, Several, Signer
from xl2.relayer import open_lanes
from xl2.store import SqliteStore
from xl2.watcher import Asset, Brake, Cabinet, Eye, KeyRights, Levers, Watcher, WatchSettings, key_rights
from xl2.watcher.service import serve


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
    told = Several((AlarmLines(), observer)) if observer else AlarmLines()
    eyes = eyes_of(config)
    pauser = _pauser(config, key, dry_run=dry_run)
    folder = config.path(config.watcher.state)
    folder.mkdir(parents=True, exist_ok=True)
    journal = SqliteStore(folder / "journal.sqlite")
    try:
        chains = await answering(eyes)
        rights = await _rights(config, pauser, chains)
        logs = [Log(lane=lane, kind=kind) for lane in await open_lanes(list(chains.values())) for kind in LogKind]
        assets = _assets(config, chains)
        await _require_all_ends(assets, chains)
        watching = Watcher(
            eyes=eyes,
            logs=logs,
            assets=assets,
            brake=brake_of(eyes, pauser.signer, journal, told, folder=folder),
            cabinet=Cabinet(folder / "evidence"),
            observer=told,
            clock=CLOCK,
            settings=_settings(config),
            tell=tell,
        )
        async with _under_way(watching, config, once=once) as url:
            yield RunningWatcher(
                rights=rights,
                endpoints={chain: tuple(eye.name for eye in found) for chain, found in eyes.items()},
                logs=len(logs),
                tokens=tuple(asset.name for asset in assets),
                url=url,
                watcher=watching,
            )
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    finally:
        await journal.close()
        await close(eyes)


@contextlib.asynccontextmanager
async def _under_way(watching: Watcher, config: Config, *, once: bool) -> AsyncIterator[str]:
    """Watch, unless it is for one look, and tell of it at the URL that this gives, until the block ends."""
    host, port = host_and_port(config.watcher.listen)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks, serve(watching, host=host, port=port) as listening:
        if not once:
            tasks.create_task(watching.run(stop), name="watcher")
        try:
            yield listening.url
        finally:
            stop.set()


@frozen(kw_only=True)
class _Pauser:
    """Who pauses."""

    #: Of its key in the configuration; empty: a dry run has none.
    name: str
    #: None in a dry run, which opens no key.
    signer: Signer | None
    #: None: not known without opening the key.
    account: Address | None


def _pauser(config: Config, key: str | None, *, dry_run: bool) -> _Pauser:
    """Raises `ConfigInvalid` where a key is needed and there is none."""
    name = _key_of(config, key, dry_run=dry_run)
    if dry_run:
        return _Pauser(name=name, signer=None, account=account_of(config, name) if name else None)
    signer = signer_of(config, key=name)()
    return _Pauser(name=name, signer=signer, account=signer.address)


async def _rights(config: Config, pauser: _Pauser, chains: Mapping[ChainId, Chain]) -> KeyRights | None:
    """What the key may do, if that is known. Raises `ConfigInvalid` where that is more than pausing, or less."""
    if pauser.account is None:
        return None
    shared = _shared(config, pauser.name, pauser.account)
    rights = await key_rights(pauser.account, chains, _bridges(config), shared)
    rights.require_no_more_than_pausing()
    if pauser.signer is not None:
        rights.require_pausing()
    return rights


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


def brake_of(eyes: Eyes, signer: Signer | None, journal: SqliteStore, observer: Observer, *, folder: Path) -> Brake:
    """Who pauses on these chains; without a signer nobody does. `folder`: of all who may pause with the same key."""
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
    return Brake(levers=levers, journal=journal, turn=Turns(folder=folder, account=signer.address).turn)


def _settings(config: Config) -> WatchSettings:
    given = config.watcher
    return WatchSettings(poll_seconds=given.poll_seconds, margin_seconds=given.margin_seconds, agree=given.agree)

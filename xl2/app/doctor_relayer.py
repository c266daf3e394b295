"""
Doctor of a relayer: a configuration in, what a relayer on it would miss out.

Promise: looked at is what `xl2 relayer run` needs: its store, its account on every chain, provers for its lanes,
clocks, and where it answers. A running relayer is asked how it is, and its store is left to it. Nothing is made that is
not there; an older store is brought up to date, as the start would. Only chains that answer are asked, side by side.
"""

import asyncio
from collections.abc import Collection, Sequence
from functools import partial

from xl2.app.carrying import able
from xl2.app.checking import CHAIN_SECONDS, look, look_at_chain
from xl2.app.keys import account_of
from xl2.app.still_open import still_open
from xl2.app.viewing import token_file, view_file
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.config.listen import host_and_port
from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, ChainId, checksum
from xl2.errors import ConfigInvalid, NotFound, NotYet, Unaffordable
from xl2.operator.client import Remote, find
from xl2.operator.gate import is_loopback, kept_token
from xl2.operator.routes import Asked
from xl2.operator.values import Check
from xl2.ports import Blocks, Chain, Log
from xl2.relayer import open_lanes
from xl2.sdk import Parts
from xl2.store import IN_MEMORY, is_shared, open_store

#: A chain's newest block may be so far ahead of our clock.
_MAX_AHEAD_SECONDS = 15


async def relayer_checks(
    config: Config,
    parts: Parts,
    opened: Address | None,
    answering: Collection[ChainId],
    unfit: Collection[ChainId],
) -> list[Check]:
    """
    What a relayer needs; one line that says so where none is set up here.

    :param opened: account of its key; None: that was not opened.
    :param answering: of these chains alone something is asked: why the others do not answer was said already.
    :param unfit: of these chains no lanes are asked: outbox or inbox is none, which was said as well.
    """
    settings = config.relayer
    if settings.key not in config.keys:
        return [Check(what="relayer", ok=True, said=f"none is set up here: there is no key {settings.key!r}")]
    checks = [
        await look("relayer: store", partial(_store, config)),
        await look("relayer: answers", partial(_answers, config)),
        await look_at_chain("relayer: open transactions", partial(still_open, config, parts, answering)),
    ]
    account = opened or account_of(config, settings.key)
    if account is None:
        said = "not looked at: its key was not opened, and no `address` stands beside it"
        checks.append(Check(what="relayer: balance", ok=True, said=said))
    checks.append(Check(what="relayer: earns", ok=True, said=_earner(settings.payee, account)))
    asked = []
    for chain in (*parts.anchors.values(), *parts.chains.values()):
        name = parts.name(chain.chain)
        if account is not None and chain.chain in answering:
            floor = settings.low_balance_wei.of(name)
            balance = partial(_balance, chain, account, floor)
            asked.append(look_at_chain(f"relayer: balance on {name}", balance))
    carried = [chain for chain in parts.chains.values() if chain.chain in answering]
    asked += [
        look_at_chain(f"relayer: clock against {parts.name(chain.chain)}", partial(_clock, chain)) for chain in carried
    ]
    # One question after the other, to each of them.
    fit = [chain for chain in carried if chain.chain not in unfit]
    seconds = CHAIN_SECONDS * max(1, len(fit))
    asked.append(look_at_chain("relayer: lanes", partial(_lanes, parts, fit), seconds=seconds))
    return checks + await asyncio.gather(*asked)


def _earner(payee: Address | None, account: Address | None) -> str:
    if payee is not None:
        return f"{checksum(payee)}, as relayer.payee says"
    who = "the account that pays" if account is None else f"{checksum(account)}, which pays as well"
    return f"{who}: set relayer.payee to a cold account to keep earnings off a hot key"


async def _store(config: Config) -> str:
    place, base = config.relayer.store, config.source.parent
    running = await find(view_file(config))
    if running is not None and not is_shared(place):
        return f"open in the relayer that answers at {running.url}"
    if place == IN_MEMORY:
        return "in memory: nothing outlives the process, for devnets only"
    if not is_shared(place) and not (base / place).exists():
        folder = (base / place).parent
        if not folder.is_dir():
            raise ConfigInvalid(
                f"its folder {folder} is not there", remedy="Make the folder, or correct relayer.store."
            )
        return f"{base / place} is not there yet; the first start makes it"
    store = open_store(place, base, is_waited_for=False)
    try:
        messages = sum(count for _, _, count, _ in await store.backlog())
        paused = len(await store.pauses())
    finally:
        await store.close()
    said = "the shared database" if is_shared(place) else str(base / place)
    return f"{said} opens; it knows {messages} messages, and {paused} paused lanes"


async def _answers(config: Config) -> str:
    settings = config.relayer
    host, port = host_and_port(settings.listen)
    token = settings.token.reveal() or kept_token(token_file(config))
    if not is_loopback(host) and not settings.token.reveal():
        raise ConfigInvalid(
            f"relayer.listen is {host}, which others can reach, and there is no token",
            remedy="Set XL2_RELAYER__TOKEN, or listen on 127.0.0.1.",
        )
    running = await find(view_file(config))
    if running is None:
        return f"no relayer runs here; it would answer on {host}, port {port or 'any free one'}"
    told = await Remote(running.url, token).ask("GET", "/readyz", Asked())
    ill = [f"{one['what']}: {one['said']}. {one['remedy']}" for one in told["checks"] if not one["ok"]]
    if ill:
        raise NotFound(f"it runs at {running.url} and is not ready", remedy=" ".join(ill))
    return f"it runs at {running.url} and is ready"


async def _balance(chain: Blocks, account: Address, floor: int) -> str:
    balance, price = await chain.balance(account), (await chain.fees()).max_fee
    least = price * 500_000
    has = f"{checksum(account)} has {wei_and_ether(balance)}"
    if balance < least:
        enough = max(20 * least, floor)
        raise Unaffordable(
            f"{has}, which pays for no delivery",
            needed=least,
            available=balance,
            remedy=f"Send it at least {wei_and_ether(enough - balance)}: for some deliveries, and for its floor.",
        )
    if balance < floor:
        raise Unaffordable(
            f"{has}, below relayer.low_balance_wei, {wei_and_ether(floor)}",
            needed=floor,
            available=balance,
            remedy=f"Send it at least {wei_and_ether(floor - balance)}; the relayer alarms `low-balance` until then.",
        )
    return has


async def _clock(chain: Blocks) -> str:
    ahead = (await chain.head(Finality.LATEST)).timestamp - CLOCK.now()
    if ahead > _MAX_AHEAD_SECONDS:
        raise ConfigInvalid(
            f"its newest block is {ahead:.0f} s ahead of this machine's clock",
            remedy="Set this machine's clock by NTP: when to look again is counted by it.",
        )
    return "its newest block is not ahead of it" if ahead <= 0 else f"its newest block is {ahead:.1f} s ahead"


async def _lanes(parts: Parts, carried: Sequence[Chain]) -> str:
    settings = parts.config.relayer
    known = {one.chain for one in carried}
    silent = ", ".join(parts.name(chain) for chain in parts.chains if chain not in known)
    if silent and len(carried) < 2:
        raise NotYet(f"not looked at, as {silent} cannot be asked", remedy="See first what is said of it above.")
    lanes = await open_lanes(carried)
    wanted = [lane for lane in lanes if not settings.classes or lane.assurance in settings.classes]
    mute = [lane for lane in wanted if not able(parts, Log(lane=lane, kind=LogKind.LANE))]
    unpaid = [lane for lane in wanted if lane not in mute and not able(parts, Log(lane=lane, kind=LogKind.RECEIPTS))]

    def words(some: Sequence[Lane]) -> str:
        return "; ".join(one.words(parts.name) for one in some)

    if len(mute) == len(wanted):
        raise NotFound(
            f"nobody configured here can show heads of any of {len(wanted)} open lanes",
            remedy="Add [[chains.NAME.verifiers]] of the destinations, and for attested ones [attester.urls].",
        )
    if unpaid:
        raise NotFound(
            f"fees of these lanes cannot be claimed, as nobody shows their receipts at the origin: {words(unpaid)}",
            remedy="Add [[chains.NAME.verifiers]] of the origins.",
        )
    said = f"{len(wanted) - len(mute)} of {len(wanted)} open lanes can be carried"
    said += f"; left out, as nobody here can show their heads: {words(mute)}" if mute else ""
    return f"{said}; not looked at, as they cannot be asked: those of {silent}" if silent else said

"""
Doctor: a configuration in, what is well and what is not out, each with what to do.

Promise: it asks every chain and changes nothing; one thing that is ill hides no other. What it says is what the
endpoints say now, compared with the configuration and with this machine's clock. A person waits for it: chains are
asked side by side, each thing for some seconds at most, and one that does not answer is asked nothing more.
"""

import asyncio
import platform
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from attrs import frozen

from xl2.app.checking import look, look_at_chain
from xl2.app.clients import Source, configuration, signer_of
from xl2.app.doctor_attesters import attester_checks
from xl2.app.doctor_fitting import fitting_checks
from xl2.app.doctor_relayer import relayer_checks
from xl2.app.endpoints import look_at_endpoints
from xl2.app.keys import open_key
from xl2.app.parts import parts_of
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.config.keys import Keystore
from xl2.config.tree import Attester
from xl2.config.watcher import Watcher
from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.types import Address, Assurance, checksum
from xl2.errors import Xl2Error
from xl2.operator.values import Check
from xl2.ports import Blocks, Chain, EndpointState
from xl2.sdk import Parts
from xl2.store.sqlite import SqliteStore
from xl2.wallet import Unattended

#: A chain whose newest block is older than this by our clock has stopped, or one of the two clocks is wrong.
MAX_BLOCK_AGE_SECONDS = 120
#: Neither a transaction nor EIP-712, so a signature of it is good for nothing.
_SIGNED = b"xl2 doctor asks whether this key signs"
_PACKAGES = ("xl2", "aiohttp", "attrs", "eth-abi", "eth-account", "web3", "coincurve")


@frozen(kw_only=True)
class Diagnosis:
    """All that was looked at."""

    checks: tuple[Check, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return all(check.ok for check in self.checks)


async def doctor(source: Source = None) -> Diagnosis:
    """Look at versions, configuration, chains, contracts, lanes, keys and clocks."""
    checks = [_versions()]
    try:
        config = configuration(source)
    except Xl2Error as error:
        return Diagnosis(checks=(*checks, Check(what="configuration", ok=False, said=error.what, remedy=error.remedy)))
    said = f"{config.source}: {len(config.chains)} chains, {len(config.tokens)} tokens, {len(config.keys)} keys"
    checks.append(Check(what="configuration", ok=True, said=said))
    named = dict.fromkeys((config.key, config.relayer.key, config.attester.key, config.watcher.key))
    opened: dict[str, Address] = {}
    checks += [await look(f"key {name}", partial(_key, config, name, opened)) for name in named if name in config.keys]
    checks += _keys_elsewhere(config)
    parts = parts_of(config, store=SqliteStore(":memory:"), signer=signer_of(config), hooks=Unattended())
    everywhere: list[Blocks] = [*parts.anchors.values(), *parts.bare.values(), *parts.chains.values()]
    try:
        found = await asyncio.gather(*(_chain(parts, one) for one in everywhere))
        checks += [check for one in found for check in one]
        answering = {one.chain for one, (reached, *_) in zip(everywhere, found, strict=True) if reached.ok}
        checks += await attester_checks(config)
        ill = {check.what for check in checks if not check.ok}
        unfit = [chain for chain in parts.chains if f"{parts.name(chain)}: contracts" in ill]
        checks += await relayer_checks(config, parts, opened.get(config.relayer.key), answering, unfit)
    finally:
        await parts.close()
    return Diagnosis(checks=tuple(checks))


async def _key(config: Config, name: str, opened: dict[str, Address]) -> str:
    """Open a key, have it sign, and note its account; what comes back is compared by whoever opened it."""
    key = config.key_named(name)
    if isinstance(key, Keystore) and key.prompt:
        return "its password is asked for when it is used; not opened now"
    signer = open_key(config, name)
    await signer.sign_hash_of(_SIGNED)
    opened[name] = signer.address
    return f"signs as {checksum(signer.address)}"


def _keys_elsewhere(config: Config) -> list[Check]:
    """
    Keys of processes that the configuration speaks of, which are not here; of a relayer's `relayer_checks` tells.

    No ill: each may have its key in an environment of its own. Without one it does not start.
    """
    attester, watcher = config.attester, config.watcher
    spoken = {"attester": (attester.key, attester.listen), "watcher": (watcher.key, watcher)}
    usual = {"attester": (Attester().key, Attester().listen), "watcher": (Watcher().key, Watcher())}
    return [
        Check(
            what=f"key {key}",
            ok=True,
            said=f"not defined here: `xl2 {process} run` has it in its own environment (XL2_KEYS__{key.upper()}), or "
            f"refuses to start at {process}.key",
        )
        for process, (key, _) in spoken.items()
        if key not in config.keys and spoken[process] != usual[process]
    ]


async def _chain(parts: Parts, chain: Blocks) -> list[Check]:
    """Whether its endpoint answers for it, first; and where it does, all else."""
    name = parts.name(chain.chain)
    reached = await look_at_chain(f"{name}: endpoint", partial(_endpoint, chain))
    endpoints = [_one_of(name, *found) for found in await look_at_endpoints(chain)]
    if not reached.ok:
        return [reached, *endpoints]
    wanted = [
        (f"{name}: blocks", partial(_blocks, chain)),
        (f"{name}: key {parts.config.key}", partial(_balance, parts, chain)),
    ]
    fitting: list[Check] = []
    if chain.chain in parts.chains:
        ours = parts.chains[chain.chain]
        others = [one for one in parts.chains.values() if one.chain != ours.chain]
        fitting = await fitting_checks(parts, ours)
        # What is no outbox leads nowhere, and that was said.
        if fitting[0].ok:
            wanted += [(f"{name}: lanes to {parts.name(one.chain)}", partial(_lane, ours, one)) for one in others]
    looked = await asyncio.gather(*(look_at_chain(what, find) for what, find in wanted))
    return [reached, *endpoints, *looked[:2], *fitting, *looked[2:]]


async def _endpoint(chain: Blocks) -> str:
    answered = await chain.answers_for()
    if answered != chain.chain:
        raise Xl2Error(
            f"it answers for chain {answered}, the configuration says {chain.chain}",
            remedy="Correct rpc_url or chain_id.",
        )
    return f"answers for chain {answered}"


def _one_of(chain: str, endpoint: EndpointState, wrong: str) -> Check:
    """One of several endpoints of a chain."""
    remedy = f"Replace it under chains.{chain}; see docs/explanation/endpoints.md." if wrong else ""
    newest = f"its newest block is {endpoint.newest}, it answers in {1000 * endpoint.seconds:.0f} ms"
    return Check(what=f"{chain}: endpoint {endpoint.name}", ok=not wrong, said=wrong or newest, remedy=remedy)


async def _blocks(chain: Blocks) -> str:
    tip, final = await chain.head(Finality.LATEST), await chain.head(Finality.FINALIZED)
    age = CLOCK.now() - tip.timestamp
    if abs(age) > MAX_BLOCK_AGE_SECONDS:
        raise Xl2Error(
            f"its newest block {tip.number} is {age:.0f} s old by this machine's clock",
            remedy="Either the chain or the endpoint stands still, or a clock is wrong: compare with another endpoint.",
        )
    return f"newest {tip.number}, {age:.0f} s old; final {final.number}"


async def _balance(parts: Parts, chain: Blocks) -> str:
    account = parts.account(chain.chain)
    balance, price = await chain.balance(account), (await chain.fees()).max_fee
    has = f"{checksum(account)} has {wei_and_ether(balance)}"
    if balance < price * 100_000:
        # Where the relayer pays with the same key, its floor is one of this advice too.
        relayer = parts.config.relayer
        floor = relayer.low_balance_wei.of(parts.name(chain.chain)) if relayer.key == parts.config.key else 0
        enough = max(price * 1_000_000, floor)
        raise Xl2Error(
            f"{has}, too little for one transaction",
            remedy=f"Send it at least {wei_and_ether(enough - balance)}, or name another key.",
        )
    return has


async def _lane(chain: Chain, there: Chain) -> str:
    lane = await chain.lane_to(there.chain, Assurance.SETTLED)
    if lane.inbox != there.inbox:
        raise Xl2Error(
            f"they lead to inbox {checksum(lane.inbox)}, the configuration says {checksum(there.inbox)}",
            remedy="Correct the inbox of the destination; what is sent here could not be delivered there.",
        )
    return f"open, to inbox {checksum(lane.inbox)}"


def _versions() -> Check:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} absent")
    return Check(what="versions", ok=True, said=f"python {platform.python_version()}, " + ", ".join(found))

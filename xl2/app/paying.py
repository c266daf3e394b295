"""
Paying: a configuration in, who pays for a relayer out: its key, watched, and what its account has.

Promise: a key that cannot be opened as it is configured is told before anything is carried; one that is only out of
reach is alarmed when it is needed, and what needs no signature goes on.
"""

from collections.abc import Callable, Mapping
from functools import cache

from xl2.app.keys import open_key
from xl2.config import Config
from xl2.core.types import ChainId, Wei
from xl2.flow.alarms import Alarms
from xl2.ports import Blocks, Signer, Submitter
from xl2.relayer.key_watch import WatchedSigner
from xl2.relayer.purse import Purse, Spending
from xl2.sdk import Parts


def watched_signer(config: Config, key: str, alarms: Alarms) -> Callable[[], Signer]:
    """
    Who signs, and of whom a person hears when it cannot.

    Raises `NotFound` for a name that is no key's: at once, and not when a store and endpoints have been waited for.
    """
    config.key_named(key)

    @cache
    def signer() -> Signer:
        return WatchedSigner(inner=open_key(config, key, is_alarmed=True), key=key, alarms=alarms)

    return signer


def purse_of(
    config: Config, parts: Parts, submitters: Mapping[ChainId, Submitter], spending: Spending, alarms: Alarms
) -> Purse:
    """What the account that pays has, on each chain where it pays."""
    everywhere: Mapping[ChainId, Blocks] = {**parts.anchors, **parts.chains}
    named = {chain: (parts.name(chain), everywhere[chain]) for chain in submitters}
    floors = {chain: Wei(config.relayer.low_balance_wei.of(name)) for chain, (name, _) in named.items()}
    return Purse(
        chains=named,
        account=next(iter(submitters.values())).address,
        floors={chain: floor for chain, floor in floors.items() if floor},
        spending=spending,
        clock=parts.clock,
        alarms=alarms,
    )

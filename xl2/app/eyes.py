"""
Eyes: a configuration in, every endpoint that a watcher looks through out, each alone.

Promise: none shares a connection with another, or what another was told, so that one that lies is contradicted.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import evolve

from xl2.app.families import family
from xl2.config import Config
from xl2.core.types import ChainId
from xl2.errors import ConfigInvalid, Retryable
from xl2.ports import Chain
from xl2.watcher import Eye

Eyes = Mapping[ChainId, tuple[Eye, ...]]


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


async def answering(eyes: Eyes) -> dict[ChainId, Chain]:
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


async def close(eyes: Eyes) -> None:
    """Give all connections back."""
    for several in eyes.values():
        for eye in several:
            await eye.chain.close()

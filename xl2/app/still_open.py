"""
Still open: what a relayer signed, less what the chains have included since, in words.

Comes in: a configuration, with a relayer that runs on it or only its store. Promise: what is not named is not open; a
chain that cannot be asked takes nothing off what the store says, and that is told. Nothing is written.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from xl2.app.operating import operator
from xl2.config import Config
from xl2.core.types import Address, ChainId, address
from xl2.errors import NotFound
from xl2.operator.routes import Asked
from xl2.ports import Blocks
from xl2.sdk import Parts

_KEEP = "keep the store until they are included, which a relayer on it sees to"


async def still_open(config: Config, parts: Parts, answering: Collection[ChainId]) -> str:
    """
    `none`, or each transaction with chain, nonce and hash.

    :param answering: of these chains alone is asked which nonces are used.
    """
    try:
        async with operator(config) as reached:
            told = (await reached.answers.ask("GET", "/transactions", Asked()))["transactions"]
    except NotFound:
        return "none: there is no store yet"
    everywhere: Mapping[ChainId, Blocks] = {**parts.anchors, **parts.chains}
    owners = {(ChainId(one["chain"]), address(one["account"])) for one in told}
    asked = [owner for owner in owners if owner[0] in answering and owner[0] in everywhere]
    found = await asyncio.gather(*(everywhere[chain].tx_nonce(account) for chain, account in asked))
    used = dict(zip(asked, found, strict=True))
    left = [one for one in told if one["tx_nonce"] >= used.get(_owner(one), 0)]
    if not left:
        return "none"
    words = "; ".join(_words(one, is_asked=_owner(one) in used) for one in left)
    return f"{len(left)}, {_KEEP}: {words}"


def _owner(one: Mapping[str, Any]) -> tuple[ChainId, Address]:
    return ChainId(one["chain"]), address(one["account"])


def _words(one: Mapping[str, Any], *, is_asked: bool) -> str:
    unsure = "" if is_asked else " (the chain cannot be asked)"
    return f"on {one['name']} nonce {one['tx_nonce']}, {one['what']}, {one['tx_hash']}{unsure}"

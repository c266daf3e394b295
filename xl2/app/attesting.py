"""
Attesting: a configuration in, a running attester out.

Promise: it serves until it is cancelled, stops cleanly then, and ends by itself only with the error that made it stop.
What it does is left to `xl2.attester`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from attrs import frozen

from xl2.app.attesters import attester_of
from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration, signer_of
from xl2.app.parts import parts_of
from xl2.attester.service import serve
from xl2.config import require_key
from xl2.config.listen import host_and_port
from xl2.core.types import Address
from xl2.errors import Fatal
from xl2.store import IN_MEMORY, SqliteStore
from xl2.wallet import Unattended


@frozen(kw_only=True)
class RunningAttester:
    """An attester that answers."""

    address: Address
    url: str


@contextlib.asynccontextmanager
async def attester(
    source: Source = None, *, key: str | None = None, listen: str | None = None
) -> AsyncIterator[RunningAttester]:
    """
    Answer for signed heads until the block ends.

    :param key: a name under the configuration's `keys`; else its `attester.key`.
    :param listen: host and port; else the configuration's `attester.listen`.
    :raises Fatal: a chain broke a promise, so nothing more is signed.
    """
    config = configuration(source)
    host, port = host_and_port(listen or config.attester.listen)
    # It signs no transaction; the key it has signs heads.
    parts = parts_of(config, store=SqliteStore(IN_MEMORY), signer=signer_of(config), hooks=Unattended())
    made = attester_of(config, key or require_key(config, "attester", "key"), parts.chains)
    try:
        async with serve(made, host=host, port=port) as listening, asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_raise_when_broken(listening.broken), name="attester")
            yield RunningAttester(address=made.address, url=listening.url)
            watch.cancel()
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    finally:
        await parts.close()


async def _raise_when_broken(broken: "asyncio.Future[Fatal]") -> None:
    raise await asyncio.shield(broken)

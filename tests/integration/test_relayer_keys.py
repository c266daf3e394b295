"""A relayer whose key is kept elsewhere: it delivers with it, observes without it, and goes on when it is back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

import xl2
from tests.integration.clients import client_of, file_of
from tests.waiting import PATIENCE_SECONDS, until, until_true
from tests.web3signer import Web3Signer, web3signer
from xl2.app.relaying import RunningRelayer, relayer
from xl2.ports import Alarm, AlarmKind
from xl2_devnet import Description
from xl2_devnet.accounts import account

A, B = "op-a", "op-b"
PAYER = account("frank")


@asynccontextmanager
async def relaying(devnet: Description, folder: Path, theirs: Web3Signer) -> AsyncIterator[RunningRelayer]:
    """A relayer of attested lanes that pays with a key at the signer."""
    far = {"remote": theirs.url, "address": PAYER.address, "transactions": "eth1_sign", "timeout_seconds": 20.0}
    keys: dict[str, Any] = json.loads(devnet.to_json())["keys"] | {"far": far}
    settings = {"store": ":memory:", "key": "far", "classes": ["attested"], "poll_seconds": 0.2}
    async with relayer(file_of(devnet, folder, keys=keys, relayer=settings)) as running:
        yield running


async def until_observed(running: RunningRelayer, count: int) -> None:
    async def look() -> bool | None:
        return await observed(running) >= count or None

    await until(look, f"{count} messages to be observed")


async def observed(running: RunningRelayer) -> int:
    return sum(count for _, _, count, _ in await running.backlog())


async def test_it_delivers_by_a_remote_signer_and_without_it_only_observes(devnet: Description, tmp_path: Path) -> None:
    for name in ("client", "relayer"):
        (tmp_path / name).mkdir()
    async with (
        web3signer(key=PAYER.private_key, keys=(PAYER.private_key,)) as theirs,
        client_of(devnet, tmp_path / "client", "grace") as client,
        relaying(devnet, tmp_path / "relayer", theirs) as running,
    ):
        await _delivered(client, await _sent(client))
        assert running.address == bytes.fromhex(PAYER.address[2:])
        assert not _lost(running)

        theirs.instead = lambda: web.Response(status=503)
        before = await observed(running)
        sent = await _sent(client)
        await until_true(lambda: _lost(running), "an alarm of the key")
        assert "keys.far" in _lost(running)[0].what
        await until_observed(running, before + 1)
        assert (await client.status(sent.id)).state in (xl2.State.SENT, xl2.State.OBSERVED)

        theirs.instead = None
        await _delivered(client, sent)
        assert len(_lost(running)) == 1


def _lost(running: RunningRelayer) -> list[Alarm]:
    """Alarms that its key cannot be had."""
    return [alarm for _, alarm in running.watched.glance.alarms if alarm.kind is AlarmKind.KEY_LOST]


async def _sent(client: xl2.AsyncClient) -> xl2.Sent:
    return await client.send(A, B, client.contract(B, "notebook"), b"by a remote key", assurance="attested")


async def _delivered(client: xl2.AsyncClient, sent: xl2.Sent) -> None:
    await client.wait(sent.id, "delivered", PATIENCE_SECONDS)

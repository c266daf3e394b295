"""The relayer as a process: killed in the middle of its work and started again, it loses and doubles nothing."""

import asyncio
import signal
import sqlite3
import subprocess
from contextlib import AbstractContextManager, closing
from pathlib import Path

import orjson
import pytest

from tests.program import started
from tests.scenario.conftest import RouteOf
from tests.scenario.walks import to_nobody
from tests.waiting import until_true
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import BlockNumber
from xl2.flow import send
from xl2.ports import Fate, Sent
from xl2_devnet import Description

MESSAGES = 12


@pytest.fixture
def configuration(devnet: Description, tmp_path: Path) -> Path:
    """The devnet's file, with a store on the disk."""
    tree = orjson.loads(devnet.to_json())
    tree["relayer"] |= {"store": "relayer.sqlite", "poll_seconds": 0.2}
    path = tmp_path / "devnet.json"
    path.write_bytes(orjson.dumps(tree))
    return path


def relayer(configuration: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`xl2 relayer run`, gone when the block ends."""
    return started("relayer", "run", "--config", str(configuration), log=configuration.parent / "relayer.log")


def count(store: Path, question: str) -> int:
    """What a question to the relayer's store counts; 0 while there is no store."""
    if not store.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
            return int(db.execute(question).fetchone()[0])
    except sqlite3.OperationalError:
        # Its tables are not there yet.
        return 0


async def test_a_relayer_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    route_of: RouteOf, configuration: Path
) -> None:
    route = route_of("attested")
    store = configuration.parent / "relayer.sqlite"
    sent = await _send(route_of)
    ours = ", ".join(f"'{one.message.id.hex().upper()}'" for one in sent)

    with relayer(configuration) as first:
        # Its first transaction is signed and perhaps broadcast; nobody has told it what became of it.
        deliveries = "SELECT count(*) FROM transactions WHERE what LIKE 'deliver%'"
        await until_true(lambda: count(store, deliveries) > 0, "a delivery that is signed")
        first.send_signal(signal.SIGKILL)
        first.wait()
    with relayer(configuration) as second:
        settled = f"SELECT count(*) FROM messages WHERE state = 'settled' AND hex(id) IN ({ours})"  # noqa: S608 - hashes
        await until_true(lambda: count(store, settled) == MESSAGES, "all to be settled")
        second.send_signal(signal.SIGINT)
        code = second.wait(timeout=60)

    tip = (await route.destination.head(Finality.LATEST)).number
    receipts = await route.destination.receipts(Lane.of(sent[0].message), BlockNumber(0), tip)
    nonces = [nonce for entry in receipts for nonce in _delivered(entry.data)]
    assert await route.destination.fates([one.message for one in sent], tip) == [Fate.DELIVERED] * MESSAGES
    assert [nonces.count(one.message.nonce) for one in sent] == [1] * MESSAGES
    assert code in (0, 130)


async def _send(route_of: RouteOf) -> list[Sent]:
    route = route_of("attested")
    submitter = route.submitter(route.origin, "carol")
    outgoing = to_nobody(route.destination.chain, "attested")
    prepared = await send.prepare(outgoing, submitter.address, route.origin, route.destination)
    receipts = await asyncio.gather(*(submitter.submit(prepared.call) for _ in range(MESSAGES)))
    by_block = {receipt.block for receipt in receipts}
    found: list[Sent] = []
    for block in sorted(by_block):
        in_block = await route.origin.sent(prepared.lane, block, block)
        found += [one for one in in_block if one.message.sender == submitter.address]
    return found


def _delivered(data: bytes) -> list[int]:
    receipt = parse_receipt(data)
    return list(receipt.nonces) if isinstance(receipt, Delivered) else []

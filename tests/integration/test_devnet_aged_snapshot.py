"""A devnet that starts from a snapshot of last week: nobody is let in before its clocks stand at now."""

import gzip
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.devnet_user import User
from xl2_adapters.rpc import RpcClient
from xl2_devnet import BRISK, Options, up
from xl2_devnet.accounts import account
from xl2_devnet.toolchain import ANVIL, find

WEEK = 7 * 86_400
#: What a busy machine may take between a block and the look at it.
SLACK_SECONDS = 60


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A user with an empty cache, so that no other test's snapshot is aged."""
    binary = find(ANVIL, {"HOME": str(Path.home()), "PATH": "/usr/bin:/bin"})
    return {
        "HOME": str(Path.home()),
        "PATH": "/usr/bin:/bin",
        "XDG_CACHE_HOME": str(tmp_path),
        "XL2_ANVIL": str(binary),
    }


def age(folder: Path) -> None:
    """Make the one snapshot in a folder a week older than it is."""
    (path,) = folder.glob("snapshot-*.json")
    kept = orjson.loads(path.read_bytes())
    kept["states"] = {name: _aged(state) for name, state in kept["states"].items()}
    path.write_bytes(orjson.dumps(kept))


def _aged(state: str) -> str:
    """An `anvil_dumpState`, gzip in hex, whose every block is a week older."""
    tree: dict[str, Any] = orjson.loads(gzip.decompress(bytes.fromhex(state[2:])))
    for block in (tree["block"], *(entry["header"] for entry in tree["blocks"])):
        block["timestamp"] = hex(int(block["timestamp"], 16) - WEEK)
    return "0x" + gzip.compress(orjson.dumps(tree)).hex()


async def test_whoever_is_let_in_sees_now_on_every_chain(environ: Mapping[str, str], tmp_path: Path) -> None:
    options = Options(l2=("op", "base"), clocks=BRISK)
    async with up(options, environ=environ) as fresh:
        assert not fresh.from_snapshot
    age(tmp_path / "xl2" / "devnet")

    async with up(options, environ=environ) as devnet:
        seen = {}
        for name, chain in devnet.chains.items():
            async with RpcClient(chain.rpc_url) as rpc:
                latest: Any = await rpc.call("eth_getBlockByNumber", "latest", False)
                first: Any = await rpc.call("eth_getBlockByNumber", "0x0", False)
            seen[name] = (int(latest["timestamp"], 16), int(first["timestamp"], 16))
        async with User(devnet.chain("base-b"), account("alice").private_key) as user:
            sent = await user.send(user.address)

    assert devnet.from_snapshot
    now = time.time()
    for latest_at, first_at in seen.values():
        assert first_at < now - WEEK + SLACK_SECONDS, "the snapshot is old"
        assert abs(latest_at - now) < SLACK_SECONDS
    assert sent["status"] == "0x1"

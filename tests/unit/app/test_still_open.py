"""Open transactions that a stopped relayer left: those whose nonce a chain has used since are none, all others are."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.store_promises.scene import ALICE, LANE, signed
from xl2.app.still_open import still_open
from xl2.config import Config, load
from xl2.core.types import Address, ChainId, hex_text
from xl2.store import SqliteStore

CONFIG = """
[chains.l1]
chain_id = 900
family = "l1"
rpc_url = "http://127.0.0.1:1"
[chains.op-a]
chain_id = 901
family = "op"
anchor = "l1"
rpc_url = "http://127.0.0.1:1"
[relayer]
store = "relayer.sqlite"
"""


class Used:
    """A chain that has used so many nonces of Alice."""

    def __init__(self, nonces: int) -> None:
        self.nonces = nonces

    async def tx_nonce(self, account: Address) -> int:
        return self.nonces if account == ALICE.address else 0


def config(folder: Path) -> Config:
    file = folder / "xl2.toml"
    file.write_text(CONFIG, "utf-8")
    return load(file)


def parts(nonces: int) -> Any:
    return SimpleNamespace(anchors={}, chains={ChainId(901): Used(nonces)})


async def test_what_the_chain_has_used_since_is_not_open_and_the_rest_is_named_by_its_hash(tmp_path: Path) -> None:
    read = config(tmp_path)
    first, second = await signed(7), await signed(8)
    async with SqliteStore(tmp_path / "relayer.sqlite") as store:
        for one in (first, second):
            await store.keep(one, "deliver 2 messages")

    some = await still_open(read, parts(8), [LANE.origin])
    none = await still_open(read, parts(9), [LANE.origin])
    unasked = await still_open(read, parts(9), [])

    assert some == (
        "1, keep the store until they are included, which a relayer on it sees to: on op-a nonce 8, "
        f"deliver 2 messages, {hex_text(second.hash)}"
    )
    assert none == "none"
    assert unasked.startswith("2, keep the store")
    assert unasked.count("(the chain cannot be asked)") == 2


async def test_where_nothing_was_ever_stored_nothing_is_open(tmp_path: Path) -> None:
    assert await still_open(config(tmp_path), parts(0), []) == "none: there is no store yet"

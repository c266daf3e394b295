"""Who claims fees never signs as a relayer that runs: on a store that is shared, on whatever machine it runs."""

import json
from pathlib import Path

import pytest
from eth_account import Account

from xl2.app.claiming import Claimed, claim_fees
from xl2.core.types import Address, ChainId, address
from xl2.errors import NotAccepted
from xl2.ports import signer_lease
from xl2.store import open_store
from xl2.wallet import Unattended

KEYS = {name: "0x" + name.encode().hex().rjust(64, "0") for name in ("theirs", "ours")}
EARNER = Address(b"\x99" * 20)


def account(name: str) -> Address:
    return address(Account.from_key(KEYS[name]).address)


@pytest.fixture
def configuration(database: str, tmp_path: Path) -> Path:
    """Of relayers that share a database; no chain answers, and none is needed for what is asked of it here."""
    nowhere = {"rpc_url": "http://127.0.0.1:1"}
    chains = {
        "l1": {"chain_id": 900, "family": "l1", **nowhere},
        "a": {"chain_id": 901, "family": "op", "anchor": "l1", **nowhere},
    }
    file = tmp_path / "xl2.json"
    file.write_text(json.dumps({"chains": chains, "keys": KEYS, "relayer": {"store": database}}), "utf-8")
    file.chmod(0o600)
    return file


async def test_the_key_of_a_relayer_on_another_machine_is_refused_while_it_runs(
    configuration: Path, database: str, tmp_path: Path
) -> None:
    async def claim(key: str) -> list[Claimed]:
        return (await claim_fees(configuration, hooks=Unattended(), account=EARNER, key=key))[1]

    lease = [signer_lease(ChainId(901), account("theirs"))]
    async with open_store(database, tmp_path) as elsewhere:
        await elsewhere.lease(lease, "another machine", 300.0)
        with pytest.raises(NotAccepted, match="a relayer that runs signs as"):
            await claim("theirs")
        by_another = await claim("ours")
        await elsewhere.release(lease, "another machine")

    # The chain has no outbox, so that is all there is to it.
    assert by_another == []
    assert await claim("theirs") == []

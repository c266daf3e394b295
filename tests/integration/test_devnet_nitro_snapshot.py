"""An Arbitrum chain that begins from a snapshot goes on as one that was deployed."""

from pathlib import Path

import pytest
from eth_account import Account

from tests.devnet_user import User
from tests.integration.nitro_ground import CHAIN, INBOX, OUTBOX, OWN, ROLLUP, ids_of, logs, nitro_devnet
from tests.waiting import until
from xl2_devnet.accounts import account


async def test_a_snapshots_rollup_derives_asserts_and_confirms_from_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the cache only the folder of snapshots is a new one: anvil and Arbitrum's package are not fetched again.
    monkeypatch.setattr("xl2_devnet.snapshot.cache_folder", lambda _environ: tmp_path)
    with nitro_devnet(OWN, tmp_path) as first:
        deployed = first.rollup
        assert not first.description.from_snapshot
    recipient = Account.create().address

    with nitro_devnet(OWN, tmp_path) as second:
        async with (
            User(second.description.chain("l1"), account("alice").private_key) as l1,
            User(second.description.chain(CHAIN), account("alice").private_key) as l2,
        ):
            receipt = await l1.send(second.rollup["inbox"], INBOX.call("depositEth()"), value=1)
            (deposit_id,) = ids_of(receipt, second.description.chain(CHAIN))
            arrived = await l2.receipt(deposit_id)
            await l2.send(recipient, value=5)

            async def confirmed() -> bool | None:
                """Two assertions: the first of a rollup is about its genesis."""
                told = await logs(l1, second.rollup["outbox"], OUTBOX.topic("SendRootUpdated"))
                return True if len({log["topics"][2] for log in told}) > 2 else None

            await until(confirmed, "confirmed assertions")
            made = await logs(l1, second.rollup["rollup"], ROLLUP.topic("AssertionCreated"))

    assert second.description.from_snapshot
    assert second.rollup == deployed
    assert arrived["status"] == "0x1"
    # Each on the one before: nothing was begun anew.
    assert [log["topics"][2] for log in made[1:]] == [log["topics"][1] for log in made[:-1]]

"""Rollups' own bridges from the SDK and the command line: one hash is all that anybody has to keep."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

import xl2
from tests.integration.clients import client_of, file_of
from tests.integration.crossings import TravellerOf, mintable, wrapped_ether
from tests.waiting import PATIENCE_SECONDS
from xl2.cli.outcome import guarded
from xl2.cli.program import xl2 as program
from xl2.core.types import address, checksum, hex_text
from xl2.errors import InvalidInput, NotAccepted, NotFound, NotYet, Refused
from xl2.ports import CrossingState
from xl2_devnet.abi import op_stack
from xl2_devnet.devnet_file import Description

A, B = "op-a", "op-b"
ETHER = 10**18

Say = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def devnet(undisputed: Description) -> Description:
    """The one that is travelled on."""
    return undisputed


@pytest.fixture
def say(devnet: Description, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """`say("claim", tx)`: what `xl2 --json` answers, and its exit code."""
    file = file_of(devnet, tmp_path)

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = guarded(program, [*words, "-c", str(file), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


async def balance(client: xl2.AsyncClient, chain: str, account: str) -> int:
    settings = client._parts.settings(chain).chain
    everywhere = {**client._parts.anchors, **client._parts.chains}
    return await everywhere[settings].balance(address(account))


async def test_ether_travels_from_rollup_to_rollup_and_is_known_by_its_first_hash_alone(
    devnet: Description, tmp_path: Path, fresh_address: str
) -> None:
    async with client_of(devnet, tmp_path, "dave") as client:
        begun = await client.travel(A, B, "0.5", fresh_address)
    forgetful = tmp_path / "another machine"
    forgetful.mkdir()

    async with client_of(devnet, forgetful, "dave") as client:
        done = await client.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)
        again = await client.advance(begun.first.sent.tx_hash)
        arrived = await balance(client, B, fresh_address)

    assert begun.onward is not None
    assert begun.arrival_seconds is None or begun.arrival_seconds > 0
    assert [act.what.split()[0] for act in done.acts] == ["prove", "finalize", "send"]
    assert done.journey.second is not None
    assert done.journey.second.state is CrossingState.ARRIVED
    assert (again.acts, again.journey) == ((), done.journey)
    assert arrived == ETHER // 2


async def test_tokens_travel_from_rollup_to_rollup(
    devnet: Description, tmp_path: Path, traveller_of: TravellerOf, fresh_address: str
) -> None:
    at_a, at_b = traveller_of(A, "frank"), traveller_of(B, "frank")
    home = await wrapped_ether(at_a, 900)
    on_a, on_b = await mintable(at_a, home), await mintable(at_b, home)
    async with client_of(devnet, tmp_path, "frank") as client:
        down = await client.deposit(A, 900, token=home, token_there=on_a)
        await client.advance(down.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)

        begun = await client.travel(A, B, 400, fresh_address, token=on_a, token_there=on_b)
        done = await client.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)

    token = op_stack("WETH")
    assert await at_b.above.read(checksum(on_b), token, "balanceOf", fresh_address) == 400
    assert await at_a.above.read(checksum(on_a), token, "balanceOf", at_a.above.address) == 500
    assert done.journey.second is not None
    assert (done.journey.second.cargo.token, done.journey.second.cargo.token_there) == (home, on_b)


async def test_only_the_owner_sends_a_journey_on(devnet: Description, tmp_path: Path, fresh_address: str) -> None:
    async with client_of(devnet, tmp_path, "erin") as owner, client_of(devnet, tmp_path, "frank") as other:
        begun = await owner.travel(B, A, 5, fresh_address)

        with pytest.raises(Refused, match="alone can send it on"):
            await other.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)
        done = await owner.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)

        assert done.journey.is_over
        assert await balance(owner, A, fresh_address) == 5


async def test_a_refusing_wallet_leaves_everything_where_it_was(devnet: Description, tmp_path: Path) -> None:
    class Refusing(xl2.WalletHooks):
        async def on_review(self, review: xl2.Review) -> xl2.Decision:
            return xl2.Refuse(f"not today: {review.value_wei}")

    async with client_of(devnet, tmp_path, "grace", Refusing()) as client:
        with pytest.raises(NotAccepted, match="not today: 1000000000000000000"):
            await client.deposit(A, "1")


async def test_what_makes_no_sense_is_refused_before_anything_is_signed(
    devnet: Description, tmp_path: Path, fresh_address: str
) -> None:
    async with client_of(devnet, tmp_path, "grace") as client:
        for amount in ("1.0000000000000000001", "-1", "ten", True, 1 << 256):
            with pytest.raises(InvalidInput):
                await client.deposit(A, amount)
        with pytest.raises(InvalidInput, match="neither an amount nor data"):
            await client.withdraw(A, 0)
        with pytest.raises(InvalidInput, match="no bridge of its own"):
            await client.deposit("l1", 1)
        with pytest.raises(InvalidInput, match="the same chain"):
            await client.travel(A, A, 1)
        with pytest.raises(InvalidInput, match="the other is not"):
            await client.travel(A, B, 1, token=fresh_address)
        with pytest.raises(InvalidInput, match="is no amount"):
            await client.deposit(A, "1.5", token=fresh_address, token_there=fresh_address)
        with pytest.raises(NotFound, match="of no canonical bridge"):
            await client.crossing(b"\x07" * 32)


async def test_a_wait_that_is_over_says_what_is_waited_for_and_how_to_go_on(
    devnet: Description, tmp_path: Path, fresh_address: str
) -> None:
    async with client_of(devnet, tmp_path, "grace") as client:
        begun = await client.withdraw(B, 3, fresh_address)

        with pytest.raises(NotYet, match="it waits for") as over:
            await client.advance(begun.sent.tx_hash, until_over=True, timeout_seconds=0.5)

    assert f"xl2 claim {hex_text(begun.sent.tx_hash)}" in over.value.remedy


def test_the_command_line_deposits_withdraws_and_claims(say: Say) -> None:
    recipient = Account.create().address

    deposited, down = say("deposit", A, "0.25", recipient, "--key", "carol", "-y")
    claimed, arrived = say("claim", down["sent"]["tx_hash"], "--watch", "--timeout", "120", "--key", "carol", "-y")
    withdrawn, up = say("withdraw", A, "0.125", recipient, "--key", "carol", "-y")
    looked, seen = say("claim", up["first"]["sent"]["tx_hash"], "--look")
    finished, out = say("claim", up["first"]["sent"]["tx_hash"], "--watch", "--timeout", "120", "--key", "frank", "-y")

    assert (deposited, claimed, withdrawn, looked, finished) == (0, 0, 0, 0, 0)
    assert arrived["journey"]["first"]["state"] == out["journey"]["first"]["state"] == "arrived"
    assert seen["first"]["state"] in ("waiting_for_root", "ready_to_prove")
    assert [act["what"].split()[0] for act in out["acts"]] == ["prove", "finalize"]


def test_the_command_line_refuses_with_a_sentence_and_an_exit_code(say: Say) -> None:
    unknown, nothing = say("claim", "0x" + "07" * 32)
    mistyped, bad = say("claim", "0x07")
    unsigned, refused = say("deposit", A, "1", "--key", "carol")

    assert (unknown, nothing["error"]["code"]) == (3, "NotFound")
    assert (mistyped, bad["error"]["code"]) == (3, "InvalidInput")
    assert (unsigned, refused["error"]["code"]) == (3, "NotAccepted")

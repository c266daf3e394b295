"""What the SDK does on a devnet: send, follow, relay, transfer, refund, explain; and what it refuses."""

import asyncio
from pathlib import Path

import pytest
from attrs import evolve
from eth_account import Account
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, Web3, WebSocketProvider

import xl2
from tests.integration.clients import client_of, config_of, with_little_time
from tests.waiting import PATIENCE_SECONDS
from xl2.config import Config, Secret
from xl2.core.types import hex_text
from xl2.errors import (
    InvalidInput,
    NotAccepted,
    NotFound,
    NotYet,
    Refused,
    RpcUnavailable,
    Unaffordable,
    WrongChain,
)
from xl2_devnet.accounts import account
from xl2_devnet.devnet_file import Description

A, B = "op-a", "op-b"


@pytest.fixture(scope="module")
def devnet(undisputed: Description) -> Description:
    """The one that the clients use."""
    return undisputed


class Refusing(xl2.WalletHooks):
    def __init__(self) -> None:
        self.reviews: list[xl2.Review] = []

    async def on_review(self, review: xl2.Review) -> xl2.Decision:
        self.reviews.append(review)
        return xl2.Refuse("not today")


class Listening(xl2.WalletHooks):
    def __init__(self) -> None:
        self.stages: list[str] = []

    async def on_status(self, event: xl2.StatusEvent) -> None:
        self.stages.append(event.stage)


async def test_a_message_is_relayed_by_oneself_and_its_status_never_goes_back(
    devnet: Description, tmp_path: Path
) -> None:
    hooks = Listening()
    async with client_of(devnet, tmp_path, "alice", hooks) as client:
        sent = await client.send(A, B, client.contract(B, "notebook"), b"hi", assurance="attested", gas_limit=90_000)

        relayed = await client.relay(sent.id, "settled", PATIENCE_SECONDS)

        states = [step.state for step in relayed.status.steps]
        assert states == ["sent", "observed", "delivered", "confirmed", "settled"]
        assert [act.evidence for act in relayed.acts] == ["attested", "attested"]
        assert len(relayed.acts[0].trusted) == 3
        order = [list(xl2.State).index(xl2.State(stage)) for stage in hooks.stages if stage != "included"]
        assert order == sorted(order)
        assert hooks.stages[0] == "included"


async def test_a_status_is_the_same_from_another_machine(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "alice") as client:
        sent = await client.send(A, B, client.contract(B, "notebook"), b"hi", assurance="attested", gas_limit=90_000)
        await client.relay(sent.id, "confirmed", PATIENCE_SECONDS)
        here = await client.status(sent.id)

    async with client_of(devnet, tmp_path, "bob") as other:
        there = await other.status(hex_text(sent.id))

    assert there == here


async def test_a_transfer_approves_exactly_and_arrives(devnet: Description, tmp_path: Path) -> None:
    config = config_of(devnet, tmp_path)
    carol = account("carol").address
    seen: list[xl2.Review] = []

    class Watching(xl2.WalletHooks):
        async def on_review(self, review: xl2.Review) -> xl2.Decision:
            seen.append(review)
            return xl2.Approve()

    async with xl2.connect_async(config, key="carol", hooks=Watching()) as client:
        sent = await client.transfer(A, B, "USDD", "12.5", carol)
        relayed = await client.relay(sent.id, "delivered", PATIENCE_SECONDS)

    assert relayed.status.is_delivered
    approval, transfer = seen[0], seen[1]
    assert [amount.units for amount in approval.meaning.amounts] == [12_500_000]
    assert "12.5 USDD" in transfer.summary
    assert approval.meaning.amounts[0].to == transfer.to


async def test_transfers_at_once_do_not_spend_each_others_allowance(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "bob") as client:
        sent = await asyncio.gather(
            *(client.transfer(A, B, "USDD", amount, account("carol").address) for amount in (1, 2, 3))
        )

        assert len({one.id for one in sent}) == 3


async def test_an_overdue_transfer_is_refunded_whole(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "dave") as client:
        sent = await with_little_time(lambda: client.transfer(A, B, "USDD", 7, account("dave").address, expires_in=5))

        relayed = await client.relay(sent.id, "refunded", PATIENCE_SECONDS)
        explained = await client.explain(sent.id)

        assert relayed.status.state is xl2.State.REFUNDED
        assert any(act.what.startswith("refund transfer") for act in relayed.acts)
        assert explained.cause == "it is over: it expired, and was refunded to the sender"
        with pytest.raises(Refused, match="will not be delivered"):
            await client.wait(sent.id, "delivered", 1)


async def test_a_refusal_leaves_no_trace(devnet: Description, tmp_path: Path) -> None:
    hooks = Refusing()
    async with client_of(devnet, tmp_path, "erin", hooks) as client:
        chain = client._parts.chain(A)
        before = await chain.tx_nonce(client.address(A), pending=True)

        with pytest.raises(NotAccepted, match="not today"):
            await client.send(A, B, client.contract(B, "notebook"), b"hi", assurance="attested")

        assert hooks.reviews[0].meaning.call == "sendMessage"
        assert await chain.tx_nonce(client.address(A), pending=True) == before
        assert list(await client._parts.store.pending(chain.chain, client.address(A))) == []


async def test_an_account_and_web3_providers_of_ones_own_serve_as_well(devnet: Description, tmp_path: Path) -> None:
    config = config_of(devnet, tmp_path)
    providers = {
        A: Web3(HTTPProvider(devnet.chain(A).rpc_url)),
        B: AsyncWeb3(AsyncHTTPProvider(devnet.chain(B).rpc_url)),
    }
    elsewhere = {
        name: evolve(chain, rpc_url=Secret("http://127.0.0.1:1")) if name != "l1" else chain
        for name, chain in config.chains.items()
    }
    mine = Account.from_key(account("frank").private_key)

    async with xl2.connect_async(evolve(config, chains=elsewhere), account=mine, providers=providers) as client:
        quote = await client.quote(A, B, payload=b"hi", assurance="attested")
        sent = await client.send(A, B, client.contract(B, "notebook"), b"hi", assurance="attested")

    assert sent.message.sender == bytes.fromhex(mine.address[2:])
    assert sent.fee_wei >= quote.least_wei


def test_a_websocket_provider_is_refused_with_what_to_pass() -> None:
    config = config_of_example()

    with pytest.raises(InvalidInput, match="not an HTTP one"):
        xl2.connect_async(config, providers={"a": AsyncWeb3(WebSocketProvider("ws://127.0.0.1:1"))})


def config_of_example() -> Config:
    return xl2.load(Path(__file__).parents[2] / "examples" / "xl2.toml")


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"destination": "op-z"}, NotFound, "no chain 'op-z'"),
        ({"destination": 77}, NotFound, "no chain 77"),
        ({"destination": "l1"}, InvalidInput, "has no outbox"),
        ({"destination": A}, InvalidInput, "origin and destination are both"),
        ({"recipient": "0x" + "00" * 20}, InvalidInput, "recipient is the zero address"),
        ({"recipient": "0x" + "12" * 20}, InvalidInput, "has no code on chain 902"),
        ({"recipient": "0x1234"}, InvalidInput, "not 20 bytes"),
        ({"payload": b"x" * 65_536}, InvalidInput, "payload is 65536 bytes"),
        ({"gas_limit": 10_000_001}, InvalidInput, "gas_limit is 10000001"),
        ({"expires_in": -1}, InvalidInput, "expiry is"),
        ({"expiry": 1}, InvalidInput, "expiry is 1; it is"),
        ({"expiry": 1, "expires_in": 1}, InvalidInput, "both expires_in and expiry"),
        ({"fee_wei": 10**9}, Unaffordable, r"fee is 1000000000 wei .+; delivering this message costs"),
        ({"fee_wei": 1}, InvalidInput, "not a whole number of gwei"),
        ({"assurance": "certain"}, InvalidInput, "'certain' is no evidence class"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_bad_input_is_refused_where_it_enters(
    devnet: Description, tmp_path: Path, changed: dict[str, object], error: type[Exception], sentence: str
) -> None:
    async with client_of(devnet, tmp_path, "grace", Refusing()) as client:
        asked = {"recipient": client.contract(B, "notebook"), "destination": B, "payload": b"", **changed}

        with pytest.raises(error, match=sentence) as refused:
            await client.send(A, asked.pop("destination"), **asked)  # type: ignore[arg-type]

        assert isinstance(refused.value, xl2.Xl2Error)
        assert refused.value.remedy


async def test_the_fee_that_is_too_low_is_said_with_the_number_that_is_not(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "grace", Refusing()) as client:
        with pytest.raises(Unaffordable) as refused:
            await client.send(A, B, client.contract(B, "notebook"), b"", fee_wei=10**9)

        with pytest.raises(NotAccepted):  # past every check: it is the wallet that refuses
            await client.send(A, B, client.contract(B, "notebook"), b"", fee_wei=refused.value.needed * 2)


async def test_an_account_that_cannot_pay_is_told_what_is_missing(devnet: Description, tmp_path: Path) -> None:
    poor = Account.from_key("0x" + "77" * 32)
    async with xl2.connect_async(config_of(devnet, tmp_path), account=poor) as client:
        with pytest.raises(Unaffordable) as refused:
            await client.send(A, B, client.contract(B, "notebook"), b"", assurance="attested")

    assert poor.address in refused.value.what
    assert refused.value.needed > refused.value.available == 0


async def test_more_tokens_than_there_are_is_refused_with_both_numbers(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "grace", Refusing()) as client:
        with pytest.raises(Unaffordable) as refused:
            await client.transfer(A, B, "USDD", "999999999", account("grace").address)

    assert refused.value.needed > refused.value.available > 0


async def test_an_id_that_nobody_sent_is_not_found_and_says_who_was_asked(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "grace") as client:
        with pytest.raises(NotFound, match="901, 902 has sent message"):
            await client.status("0x" + "ab" * 32)


async def test_another_chain_behind_the_url_stops_before_anything_is_signed(
    devnet: Description, tmp_path: Path
) -> None:
    config = config_of(devnet, tmp_path).reached_by({A: devnet.chain(B).rpc_url})
    async with xl2.connect_async(config, key="grace") as client:
        with pytest.raises(WrongChain) as refused:
            await client.send(A, B, client.contract(B, "notebook"), b"", assurance="attested")

    assert (refused.value.expected, refused.value.actual) == (901, 902)


async def test_an_endpoint_that_is_down_is_an_error_and_never_an_answer(devnet: Description, tmp_path: Path) -> None:
    config = config_of(devnet, tmp_path).reached_by({B: "http://127.0.0.1:1"})
    async with xl2.connect_async(config, key="grace") as client:
        with pytest.raises(RpcUnavailable):
            await client.status("0x" + "ab" * 32)


async def test_a_wait_that_is_over_says_what_the_message_waits_for(devnet: Description, tmp_path: Path) -> None:
    async with client_of(devnet, tmp_path, "alice") as client:
        sent = await client.send(A, B, client.contract(B, "notebook"), b"slow")

        with pytest.raises(NotYet) as waiting:
            await client.wait(sent.id, "delivered", 0)

    assert "not delivered" in waiting.value.what
    assert waiting.value.remedy


def test_the_sync_client_says_the_same_as_the_async_one(devnet: Description, tmp_path: Path) -> None:
    with xl2.connect(config_of(devnet, tmp_path), key="bob") as client:
        sent = client.send(A, B, client.contract(B, "notebook"), b"sync", assurance="attested", gas_limit=90_000)
        relayed = client.relay(sent.id, "delivered", PATIENCE_SECONDS)

        assert relayed.status.is_delivered
        assert client.status(sent.id).id == sent.id
        with pytest.raises(NotFound):
            client.status(bytes(32))

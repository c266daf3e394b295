"""A signer behind HTTP: one of Web3Signer's kind signs for us, one that lies is caught, one that is gone is said so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve
from eth_account import Account

from tests.web3signer import KEY, OTHER, Web3Signer, web3signer
from xl2.attester.attest import HeadAttester
from xl2.core.attestation import Signature
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, ChainId, Wei
from xl2.errors import ConfigInvalid, KeyLost, NotAccepted, Retryable, WrongSignature
from xl2.ports import KeySettings, Log, Transaction
from xl2.testing import World
from xl2_adapters.keys.remote import RemoteSigner, remote
from xl2_adapters.keys.signed import checked, preimage_of
from xl2_adapters.web3_edge import signer

ACCOUNT = Address(bytes.fromhex(Account.from_key(KEY).address[2:]))
TRANSACTION = Transaction(
    chain=ChainId(901), tx_nonce=3, to=Address(b"\x11" * 20), data=b"\x01" * 40, value=Wei(5), gas_limit=50_000,
    max_fee=Wei(10**9), priority_fee=Wei(1),
)  # fmt: skip
EMPTY = evolve(TRANSACTION, tx_nonce=0, value=Wei(0), data=b"", priority_fee=Wei(0))


@pytest.fixture
async def theirs() -> AsyncIterator[Web3Signer]:
    async with web3signer() as signing:
        yield signing


def ours(theirs: Web3Signer, *, by_hash: bool = False, timeout_seconds: float = 10.0) -> RemoteSigner:
    url = theirs.url.replace("http://", "http://me:hunter22@")
    return RemoteSigner("relayer", url, ACCOUNT, by_hash=by_hash, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize("transaction", [TRANSACTION, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("by_hash", [False, True], ids=["eth_signTransaction", "eth1_sign"])
async def test_both_ways_give_the_very_bytes_that_the_key_itself_gives(
    theirs: Web3Signer, transaction: Transaction, by_hash: bool
) -> None:
    signed = await ours(theirs, by_hash=by_hash).sign_transaction(transaction, "a test")

    assert signed == await signer(KEY).sign_transaction(transaction, "a test")


async def test_the_hash_of_bytes_is_signed_by_rest_and_the_public_key_is_asked_for_once(theirs: Web3Signer) -> None:
    mine = ours(theirs)

    for preimage in (b"\x19\x01" + bytes(64), b"more"):
        assert await mine.sign_hash_of(preimage) == await signer(KEY).sign_hash_of(preimage)

    assert theirs.asked == ["GET /api/v1/eth1/publicKeys", "POST /api/v1/eth1/sign/", "POST /api/v1/eth1/sign/"]


async def test_an_attester_whose_key_is_elsewhere_signs_heads_that_count(theirs: Web3Signer) -> None:
    world = World()
    await world.chain(901).put(world.lane(901, 902))
    world.chain(901).mine(2)
    chains = {world.chain(one).chain: world.chain(one) for one in (901, 902)}
    contract = Address(b"\x33" * 20)
    attester = HeadAttester(signer=ours(theirs), chains=chains, verifiers=dict.fromkeys(chains, contract))

    signed = await attester.attest(Log(lane=world.lane(901, 902), kind=LogKind.LANE), BlockNumber(1))

    theirs_of_digest = Account.unsafe_sign_hash(signed.attestation.digest, KEY).signature
    assert signed.signature == bytes(theirs_of_digest)
    assert Signature.of(0, signed.signature).r > 0


async def test_eth_sign_would_sign_something_else(theirs: Web3Signer) -> None:
    # Why it is not used: it puts "Ethereum Signed Message" in front.
    digest = b"\x77" * 32
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_sign", "params": ["0x" + ACCOUNT.hex(), "0x" + digest.hex()]}
    mine = ours(theirs)

    given = mine._hex(mine._result(await mine._ask("/", question)))

    with pytest.raises(WrongSignature):
        checked(given, digest, ACCOUNT)


async def test_by_hash_one_signer_serves_every_chain(theirs: Web3Signer) -> None:
    elsewhere = evolve(TRANSACTION, chain=ChainId(902))

    assert (await ours(theirs, by_hash=True).sign_transaction(elsewhere, "a test")).transaction == elsewhere
    with pytest.raises(WrongSignature, match="chain id differs"):
        await ours(theirs).sign_transaction(elsewhere, "a test")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "0x" + "12" * 20},
        {"value": 6},
        {"data": "0x02"},
        {"nonce": 4},
        {"gas": 50_001},
        {"maxFeePerGas": 2 * 10**9},
        {"maxPriorityFeePerGas": 2},
        {"accessList": [{"address": "0x" + "12" * 20, "storageKeys": []}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_signer_that_changes_a_field_is_caught(theirs: Web3Signer, changes: dict[str, Any]) -> None:
    theirs.changes = changes

    with pytest.raises(WrongSignature, match="another transaction than it was given"):
        await ours(theirs).sign_transaction(TRANSACTION, "a test")


@pytest.mark.parametrize("by_hash", [False, True], ids=["eth_signTransaction", "eth1_sign"])
async def test_a_signer_that_signs_with_another_key_is_caught(theirs: Web3Signer, by_hash: bool) -> None:
    theirs.signs_with = OTHER

    with pytest.raises(WrongSignature, match="was asked"):
        await ours(theirs, by_hash=by_hash).sign_transaction(TRANSACTION, "a test")
    with pytest.raises(WrongSignature, match="was asked"):
        await ours(theirs).sign_hash_of(b"x")


async def test_a_signature_of_something_else_is_caught(theirs: Web3Signer) -> None:
    other = evolve(TRANSACTION, value=Wei(10**18))
    signature = await signer(KEY).sign_hash_of(preimage_of(other))
    mine = ours(theirs, by_hash=True)
    await mine.sign_hash_of(b"learns the public key")
    theirs.instead = lambda: web.Response(text="0x" + signature.hex())

    with pytest.raises(WrongSignature):
        await mine.sign_transaction(TRANSACTION, "a test")


@pytest.mark.parametrize("by_hash", [False, True], ids=["eth_signTransaction", "eth1_sign"])
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "text": "boom"},
        {"status": 404},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        {"text": "<html>sign in</html>", "content_type": "text/html"},
        {"text": ""},
        {"text": "null"},
        {"text": "[1, {}]"},
        {"text": '{"jsonrpc": "2.0", "id": 1}'},
        {"text": '{"jsonrpc": "2.0", "id": 1, "result": 5e400}'},
        {"body": b"\xff" * 100},
    ],
    ids=lambda answer: str(answer)[:30],
)
async def test_an_answer_that_is_none_is_a_lost_key_and_never_a_signature(
    theirs: Web3Signer, answer: dict[str, Any], by_hash: bool
) -> None:
    theirs.instead = lambda: web.Response(**answer)

    with pytest.raises(KeyLost) as lost:
        await ours(theirs, by_hash=by_hash).sign_transaction(TRANSACTION, "a test")

    assert lost.value.key == "relayer"
    assert theirs.url in lost.value.what
    assert "hunter22" not in lost.value.what


async def test_a_signer_that_hangs_is_waited_for_no_longer_than_was_said(theirs: Web3Signer) -> None:
    theirs.hangs = True

    with pytest.raises(KeyLost, match="does not answer"):
        await ours(theirs, timeout_seconds=0.2).sign_transaction(TRANSACTION, "a test")


async def test_a_signer_that_is_gone_is_a_lost_key_and_back_again_signs(theirs: Web3Signer) -> None:
    gone = RemoteSigner("relayer", "http://127.0.0.1:9", ACCOUNT, by_hash=False, timeout_seconds=5)

    with pytest.raises(Retryable, match=r"http://127\.0\.0\.1:9 does not answer"):
        await gone.sign_transaction(TRANSACTION, "a test")
    theirs.instead = lambda: web.Response(status=503)
    mine = ours(theirs)
    with pytest.raises(KeyLost):
        await mine.sign_transaction(TRANSACTION, "a test")
    theirs.instead = None
    assert (await mine.sign_transaction(TRANSACTION, "a test")).sender == ACCOUNT


async def test_a_signer_without_our_key_says_so(theirs: Web3Signer) -> None:
    theirs.keys = (OTHER,)

    with pytest.raises(KeyLost, match="has no key of"):
        await ours(theirs).sign_hash_of(b"x")


@pytest.mark.parametrize(
    "answer",
    [
        {"text": '{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "Signing from is not unlocked"}}'},
        {"status": 403},
        {"status": 401},
    ],
)
async def test_a_plain_no_is_a_refusal(theirs: Web3Signer, answer: dict[str, Any]) -> None:
    theirs.instead = lambda: web.Response(**answer)

    with pytest.raises(NotAccepted, match="refused"):
        await ours(theirs).sign_transaction(TRANSACTION, "a test")


def test_a_remote_key_shows_no_password_and_needs_an_address() -> None:
    table = {"remote": "http://me:hunter22@127.0.0.1:9000/path", "transactions": "eth1_sign"}

    made = remote(KeySettings(name="relayer", address=ACCOUNT, folder=Path(), table=table))

    assert "hunter22" not in repr(made)
    assert "http://127.0.0.1:9000" in repr(made)
    with pytest.raises(ConfigInvalid, match="needs its address"):
        remote(KeySettings(name="relayer", address=None, folder=Path(), table=table))

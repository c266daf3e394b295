"""The watcher over a real devnet: honest traffic alarms nobody, lies are paused, and refunds go on all the same."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import xl2
from tests.devnet_user import User
from tests.faults.proxy import Fault, FaultProxy
from tests.heard import Heard
from tests.integration.clients import file_of, with_little_time
from tests.program import started
from tests.scenario.route import Opened
from tests.waiting import PATIENCE_SECONDS, until
from xl2.app.watching import RunningWatcher, watcher
from xl2.core.attestation import Attestation, AttestedProof, Signature
from xl2.core.evidence import ATTESTED_HEADS, Finality, Head, inline
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.segment import Segment
from xl2.core.storage_proof import LogKind
from xl2.core.transfer import Transfer
from xl2.core.types import (
    Address,
    Assurance,
    BlockNumber,
    ChainId,
    Hash32,
    Nonce,
    Timestamp,
    Wei,
    address,
    checksum,
    hex_text,
)
from xl2.errors import ConfigInvalid
from xl2.ports import Chain, Log
from xl2.watcher.contradiction import PauseVerifier
from xl2.watcher.facts import HeadTaken
from xl2.watcher.watch import Case
from xl2_adapters.contracts.heads import SHOW
from xl2_adapters.contracts.inbox import DELIVER
from xl2_adapters.web3_edge import signer
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.abi import xl2 as contract
from xl2_devnet.accounts import ATTESTER_THRESHOLD, ATTESTERS, account

A, B = "op-a", "op-b"
#: A false head on an entry that there is must be paused within so many blocks of the chain that took it (a quarter of
#: a second each, and two looks and the checks between them on a busy machine).
MOST_BLOCKS = 120
MARGIN_SECONDS = 5
FALSE = Hash32(b"\x66" * 32)


@pytest.fixture
def file(devnet: Description, tmp_path: Path) -> Path:
    """A configuration whose watcher is the guardian."""
    return configured(devnet, tmp_path)


def configured(devnet: Description, folder: Path, **more: object) -> Path:
    settings = {"key": "guardian", "poll_seconds": 0.3, "margin_seconds": MARGIN_SECONDS, **more}
    return file_of(devnet, folder, watcher=settings, relayer={"poll_seconds": 0.2})


@pytest.fixture
async def opened(file: Path) -> AsyncIterator[Opened]:
    found = Opened(xl2.load(file))
    yield found
    await found.close()


async def case_of(watching: RunningWatcher, found: Callable[[Case], bool]) -> Case:
    """The first case that is as wanted."""

    async def look() -> Case | None:
        return next((case for case in watching.watcher.cases.values() if found(case)), None)

    return await until(look, "a contradiction that is paused")


def lane(opened: Opened, origin: str, destination: str, assurance: Assurance = Assurance.ATTESTED) -> Lane:
    here, there = opened.chain(origin), opened.chain(destination)
    return Lane(origin=here.chain, outbox=here.outbox, destination=there.chain, inbox=there.inbox, assurance=assurance)


async def colluding(devnet: Description, reader: str, head: Head, block: BlockNumber) -> bytes:
    """Evidence by as many attesters as it takes, for whatever head."""
    verifier = next(one for one in devnet.chain(reader).verifiers if one["kind"] == "attested")
    chain, at = ChainId(devnet.chain(reader).chain_id), address(verifier["address"])
    attestation = Attestation(head=head, block=block, chain=chain, contract=at)
    keys = sorted((signer(known.private_key) for known in ATTESTERS), key=lambda one: one.address)
    signatures = [
        Signature.of(index, await one.sign_hash_of(attestation.preimage))
        for index, one in enumerate(keys[:ATTESTER_THRESHOLD])
    ]
    proof = AttestedProof(block=block, signers=tuple(one.address for one in keys), signatures=tuple(signatures))
    return inline(ATTESTED_HEADS, proof.encode())


async def told(watching: RunningWatcher, path: str) -> tuple[int, Any]:
    """What its service answers."""
    async with aiohttp.ClientSession() as session, session.get(watching.url + path) as answer:
        return answer.status, await (answer.json() if path == "/healthz" else answer.text())


async def transferred(
    file: Path, role: str, origin: str, destination: str, symbol: str, *, overdue: bool = False
) -> None:
    """Send tokens, and see them arrive and settled, or refunded."""
    async with xl2.connect_async(file, key=role) as client:
        more = {"expires_in": 4} if overdue else {}
        sent = await with_little_time(
            lambda: client.transfer(origin, destination, symbol, 3, account(role).address, **more)
        )
        await client.relay(sent.id, "refunded" if overdue else "settled", PATIENCE_SECONDS)


async def noted(file: Path, role: str, origin: str, destination: str) -> None:
    """Have attesters carry a note, and its receipt back."""
    async with xl2.connect_async(file, key=role) as client:
        notebook = client.contract(destination, "notebook")
        sent = await client.send(origin, destination, notebook, b"hi", assurance="attested", gas_limit=90_000)
        await client.relay(sent.id, "settled", PATIENCE_SECONDS)


async def test_honest_traffic_with_expiries_and_refunds_alarms_nobody(file: Path, opened: Opened) -> None:
    noticing = Heard()
    async with watcher(file, observer=noticing) as watching:
        await asyncio.gather(
            noted(file, "alice", A, B),
            transferred(file, "bob", A, B, "USDD"),
            transferred(file, "carol", A, B, "USDD", overdue=True),
            transferred(file, "dave", A, B, "GOLD"),
        )
        await asyncio.gather(
            transferred(file, "bob", B, A, "USDD"),
            transferred(file, "dave", B, A, "GOLD", overdue=True),
        )

        await watching.watcher.look()

        assert dict(watching.watcher.cases) == {}
        assert {name: token.delta for name, token in watching.watcher.assets.items()} == {"USDD": 0, "GOLD": 0}
        ends = watching.watcher.assets["USDD"].ledger.ends.values()
        assert (sum(end.sent for end in ends), sum(end.refunded for end in ends)) == (9, 3)
        assert await told(watching, "/healthz") == (200, {"contradictions": [], "not_seen": []})
    assert noticing.alarms == []
    # It had something to judge: heads of both kinds of log, shown beside deliveries and settlements.
    for chain in (opened.chain(A), opened.chain(B)):
        tip = (await chain.head(Finality.LATEST)).number
        shown = {one.log for one in await chain.watched().heads_shown(BlockNumber(0), tip)}
        both = (lane(opened, A, B), lane(opened, B, A))
        names = {one.log for one in both if one.destination == chain.chain}
        names |= {one.receipt_log for one in both if one.origin == chain.chain}
        assert names <= shown


async def test_a_key_that_may_do_more_than_pause_is_refused(file: Path) -> None:
    for role, why in (("deployer", "it is proposer of the owner"), ("attester-0", "it is a signer of attested heads")):
        with pytest.raises(ConfigInvalid, match=why):
            async with watcher(file, key=role, dry_run=True):
                pass
    with pytest.raises(ConfigInvalid, match="is no guardian on chain 901, 902"):
        async with watcher(file, key="grace"):
            pass


async def test_a_dry_run_needs_no_key(devnet: Description, tmp_path: Path) -> None:
    without = {"key": "nobody-made-it"}
    file = file_of(devnet, tmp_path, watcher=without)

    async with watcher(file, dry_run=True, once=True) as watching:
        await watching.watcher.look()

    assert watching.rights is None
    assert watching.watcher.lagging == ()
    with pytest.raises(ConfigInvalid, match="there is no key named 'nobody-made-it'"):
        async with watcher(file):
            pass


async def test_an_endpoint_that_lies_to_the_watcher_alone_pauses_nothing_and_is_named(
    devnet: Description, tmp_path: Path
) -> None:
    true = devnet.chain(A).rpc_url
    noticing = Heard()
    async with FaultProxy(true) as liar:
        file = configured(devnet, tmp_path, endpoints={A: [true, liar.url]})
        async with watcher(file, observer=noticing, once=True) as watching:
            # The last thing that happened is hidden: at home that a transfer came in, or was refunded.
            liar.fault(Fault.MISSING_LOG)
            await watching.watcher.look()

            assert not any(case.is_confirmed for case in watching.watcher.cases.values())
            name = liar.url.removeprefix("http://")
            assert {alarm.kind.value for alarm in noticing.alarms} == {"rpc-disagreement"}
            assert any(name in alarm.what for alarm in noticing.alarms)
    async with User(devnet.chain(A), account("erin").private_key) as user:
        for token in devnet.tokens:
            assert await user.read(token["on"][A]["bridge"], contract("LockBridge"), "paused") is False


async def ended(file: Path, *words: str) -> tuple[int | None, str]:
    """Exit code and answer of `xl2 watcher ...`."""
    command = [sys.executable, "-c", "from xl2.cli import main; main()", "watcher", *words, "--json", "-c", str(file)]
    run = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told, _ = await run.communicate()
    return run.returncode, told.decode()


def process(file: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`xl2 watcher run`, gone when the block ends."""
    words = ("watcher", "run", "--json", "--config", str(file))
    return started(*words, log=file.parent / "watcher.log", out=file.parent / "watcher.json")


async def has(path: Path, count: int) -> list[dict[str, Any]]:
    """The lines of a watcher's answer, when there are so many."""

    async def look() -> list[dict[str, Any]] | None:
        told = await asyncio.to_thread(path.read_bytes)
        found = [json.loads(line) for line in told.splitlines(keepends=True) if line.endswith(b"\n")]
        return found if len(found) >= count else None

    return await until(look, f"{count} lines of {path.name}")


async def test_a_false_head_of_a_colluding_quorum_is_suspended_also_by_a_watcher_that_was_killed(
    devnet: Description, file: Path, opened: Opened
) -> None:
    log = Log(lane=lane(opened, A, B), kind=LogKind.LANE)
    origin, reader = opened.chain(A), opened.chain(B)
    final = (await origin.head(Finality.FINALIZED)).number
    false = Head(log=log.id, head=FALSE, count=1)
    evidence = await colluding(devnet, B, false, final)
    told = file.parent / "watcher.json"

    with process(file) as first:
        (hello,) = await has(told, 1)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with process(file) as second:
        await has(told, 2)
        async with User(devnet.chain(B), account("frank").private_key) as attacker:
            heads = devnet.chain(B).contracts["heads"]
            shown = await attacker.send(heads, SHOW.encode(log.id, false.head, false.count, evidence))
        found = (await has(told, 3))[2]
        second.send_signal(signal.SIGTERM)
        code = second.wait(timeout=60)
    with process(file) as third:
        again = (await has(told, 5))[4]
        third.send_signal(signal.SIGTERM)
        third.wait(timeout=60)

    assert hello["account"] == account("guardian").address
    assert code == 1
    (pause,) = found["paused"]
    assert (found["kind"], pause["outcome"]) == ("head-contradiction", "paused")
    assert hex_text(FALSE) in found["what"]
    assert shown["transactionHash"] in found["what"]
    assert found["facts"][0]["evidence"] == hex_text(evidence)
    receipt = await reader.tx_receipt(Hash32(bytes.fromhex(pause["tx_hash"][2:])))
    assert receipt is not None
    assert receipt.block - int(shown["blockNumber"], 16) <= MOST_BLOCKS
    assert await reader.standing(log) & 1 == 0
    assert [one["outcome"] for one in again["paused"]] == ["was paused already"]
    (kept,) = (file.parent / "xl2-watcher" / "evidence").iterdir()
    verified = await ended(file, "verify", str(kept))
    assert (verified[0], json.loads(verified[1])["stands"]) == (0, True)
    assert {fact["says"] for fact in json.loads(verified[1])["facts"]} == {"yes"}
    once = await ended(file, "run", "--once", "--dry-run")
    assert (once[0], json.loads(once[1].splitlines()[0])["dry_run"]) == (1, True)


async def test_a_forged_transfer_suspends_the_quorum_and_pauses_the_token_and_refunds_go_on(
    devnet: Description, file: Path, opened: Opened
) -> None:
    # Sent before, and overdue when all is paused: only settled evidence can bring it back.
    async with xl2.connect_async(file, key="erin") as client:
        # The vault holds more than is stolen, or there would be nothing to give back.
        await client.transfer(A, B, "USDD", 5, account("erin").address)
        waiting = await with_little_time(
            lambda: client.transfer(A, B, "USDD", 2, account("erin").address, expires_in=4)
        )
        usdd = next(token for token in devnet.tokens if token["symbol"] == "USDD")["on"]
        forged_on = lane(opened, B, A)
        home = opened.chain(A)
        robber = signer(account("frank").private_key).address
        async with watcher(file) as watching:
            stolen = await forged_transfer(devnet, opened, forged_on, usdd, robber)
            head = await case_of(watching, lambda case: told_of(case, "head-contradiction", home))
            backing = await case_of(watching, lambda case: told_of(case, "backing-break", home))
            await client.relay(waiting.id, "refunded", PATIENCE_SECONDS)
            delta = watching.watcher.assets["USDD"].delta

    taken = head.contradiction.facts[0]
    assert isinstance(taken, HeadTaken)
    assert taken.evidence[1:].count(signer(ATTESTERS[0].private_key).address) == 1
    assert [one.pause for one in head.pulled] == [PauseVerifier(chain=home.chain, number=ATTESTED_HEADS)]
    assert {one.pause.chain for one in backing.pulled} == {home.chain}
    assert hex_text(stolen.id) in str(backing.contradiction.why(MARGIN_SECONDS))
    assert delta is not None
    async with User(devnet.chain(A), account("frank").private_key) as user:
        assert await user.read(usdd[A]["bridge"], contract("LockBridge"), "paused") is True
    assert await home.standing(Log(lane=forged_on, kind=LogKind.LANE)) & 1 == 0


def told_of(case: Case, kind: str, chain: Chain) -> bool:
    """A contradiction of a kind, first seen on a chain, that was acted upon."""
    first = case.contradiction.facts[0]
    return case.is_over and case.contradiction.kind == kind and first.at.chain == chain.chain


async def forged_transfer(devnet: Description, opened: Opened, on: Lane, places: Any, robber: Address) -> Message:
    """Have the vault release a token for a transfer that nobody sent; the message."""
    origin, home = opened.chain(B), opened.chain(A)
    log = Log(lane=on, kind=LogKind.LANE)
    final = (await origin.head(Finality.FINALIZED)).number
    state = await origin.log_state(log, final)
    payload = Transfer(sender=InteropAddress(chain=origin.chain, account=robber), recipient=robber, amount=1).encode()
    forged = Message(
        assurance=on.assurance, origin=on.origin, destination=on.destination, nonce=Nonce(state.count),
        outbox=on.outbox, inbox=on.inbox, sender=address(places[B]["bridge"]), recipient=address(places[A]["bridge"]),
        gas_limit=200_000, expiry=Timestamp(0), fee=Wei(0), payload=payload,
    )  # fmt: skip
    segment = Segment(lane=on, first=forged.nonce, start=state.head, messages=(forged,))
    evidence = await colluding(devnet, A, Head(log=log.id, head=segment.head, count=segment.end), final)
    async with User(devnet.chain(A), account("frank").private_key) as attacker:
        await attacker.send(checksum(home.inbox), DELIVER.encode(segment.encode(), evidence, robber), gas=1_500_000)
    return forged


async def test_a_drained_vault_pauses_its_bridge_and_refunds_go_on(devnet: Description, file: Path) -> None:
    gold = next(token for token in devnet.tokens if token["symbol"] == "GOLD")["on"]
    async with xl2.connect_async(file, key="dave") as client:
        # Others' tokens: as many as are taken and then paid out.
        await client.transfer(A, B, "GOLD", 5, account("dave").address)
        waiting = await with_little_time(
            lambda: client.transfer(A, B, "GOLD", 2, account("dave").address, expires_in=4)
        )
        async with watcher(file) as watching:
            async with User(devnet.chain(A), account("deployer").private_key) as owner:
                # Its minter may burn anybody's: a token can be as bad as that.
                drained = op_stack("OptimismMintableERC20").call("burn", gold[A]["bridge"], 2)
                await owner.send(gold[A]["token"], drained)
            case = await case_of(watching, lambda one: one.is_over and "are missing" in str(one.contradiction.why(0)))
            await client.relay(waiting.id, "refunded", PATIENCE_SECONDS)
            await watching.watcher.look()
            health, metrics = await told(watching, "/healthz"), (await told(watching, "/metrics"))[1]

    assert [one.outcome.value for one in case.pulled] == ["paused"]
    assert health[0] == 503
    assert case.contradiction.id.hex() in health[1]["contradictions"]
    assert 'xl2_watcher_backing_delta{token="GOLD"} -2.0' in metrics
    assert 'xl2_watcher_contradictions{kind="backing-break"} 2.0' in metrics
    assert "xl2_watcher_pauses_open 0.0" in metrics
    async with User(devnet.chain(A), account("dave").private_key) as user:
        assert await user.read(gold[A]["bridge"], contract("LockBridge"), "paused") is True

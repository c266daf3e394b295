"""Our relayer on chains of supersim, which checks every message's log at its origin as a real sequencer does."""

import asyncio
import contextlib
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from attrs import evolve

from bench.supersim import ERC20, is_for_this_machine, supersim
from tests.integration.beat import beating
from tests.integration.interop_scene import BURNS, COUNTS, REVERTS, A, B, C, Scene, journal_in, nonces, once
from tests.program import ENVIRONMENT, xl2
from xl2.cli.outcome import guarded
from xl2.cli.program import xl2 as program
from xl2.core.types import Address, Timestamp, hex_text
from xl2.errors import InvalidInput, NotFound, ProofInvalid, Reverted, RpcRejected, Unaffordable
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop import AlreadyRelayed, MessageExpired, Sent, by_hand, check, storage_keys
from xl2_adapters.op_stack.interop.account import account as on_chain
from xl2_adapters.op_stack.interop.contracts import BALANCE, MESSENGER, RELAY, RESEND
from xl2_adapters.op_stack.interop.entry import State
from xl2_adapters.op_stack.interop.tokens import Move
from xl2_adapters.op_stack.interop.transaction import Unsigned
from xl2_adapters.op_stack.interop.watch import Watcher
from xl2_devnet.accounts import account

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not is_for_this_machine(), reason="supersim is published for Linux on x86-64 only"),
]
MINT = Method("mint(address,uint256)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    async with supersim(chains=3) as running:
        chains = {chain: Evm(chain, running.urls[chain]) for chain in (A, B, C)}
        # Supersim's own blocks are two seconds apart.
        with beating(running.behind.values()) as beat:
            yield Scene(running, chains, beat)
        for evm in chains.values():
            await evm.close()


async def broadcast(scene: Scene, data: bytes, keys: Any) -> bytes:
    """Hand the destination a relay as it is, without any check of ours; its hash."""
    evm, user = scene.chains[B], scene.user()
    mine = await on_chain(evm, user.address)
    unsigned = Unsigned(
        chain=B, tx_nonce=mine.pending, to=MESSENGER, data=data, gas_limit=400_000,
        max_fee=mine.price.max_fee, priority_fee=mine.price.priority_fee, keys=keys,
    )  # fmt: skip
    raw = unsigned.raw(await user.sign_hash_of(unsigned.preimage()))
    hashes: list[bytes] = [bytes.fromhex(str(await evm.ask("eth_sendRawTransaction", hex_text(raw)))[2:])]
    return hashes[0]


async def balance(scene: Scene, chain: Any, who: Address) -> int:
    evm = scene.chains[chain]
    return int(BALANCE.decode(await evm.view(Address(bytes.fromhex(ERC20[2:])), BALANCE.encode(hex_text(who))), "")[0])


async def test_a_message_is_relayed_by_hand_and_its_target_is_called_once(scene: Scene) -> None:
    target = await scene.target(B, 0x1001)

    sent = await scene.send(A, B, target, b"hello")
    receipt = await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), sent.identifier, sent.payload)

    assert receipt.succeeded
    assert await scene.calls(B, target) == 1
    assert await check.is_delivered(scene.chains[B], sent.message)


async def test_a_replay_is_refused_here_and_by_the_chain(scene: Scene) -> None:
    target = await scene.target(B, 0x1002)
    sent = await scene.send(A, B, target)
    await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), sent.identifier, sent.payload)

    with pytest.raises(AlreadyRelayed):
        await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), sent.identifier, sent.payload)
    tx_hash = await broadcast(scene, sent.relay_data(), sent.keys)

    async def failed() -> bool:
        receipt = await scene.chains[B].tx_receipt(tx_hash)  # type: ignore[arg-type]
        return receipt is not None and not receipt.succeeded

    await once(failed, "the replay's revert")
    assert await scene.calls(B, target) == 1


async def test_a_log_that_is_not_at_its_origin_is_refused_here_and_by_the_chain(scene: Scene) -> None:
    sent = await scene.send(A, B, await scene.target(B, 0x1003), bytes(32))
    tampered = sent.payload[:-1] + b"\x01"
    wrong = [
        (sent.identifier, tampered),
        (evolve(sent.identifier, log_index=sent.identifier.log_index + 1), sent.payload),
        (evolve(sent.identifier, timestamp=Timestamp(sent.identifier.timestamp + 1)), sent.payload),
    ]

    for identifier, payload in wrong:
        with pytest.raises(ProofInvalid):
            await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), identifier, payload)
        with pytest.raises(RpcRejected):
            await broadcast(scene, RELAY.encode(identifier.fields(), payload), storage_keys(identifier, payload))
    assert not await check.is_delivered(scene.chains[B], sent.message)


async def test_a_relay_that_announces_nothing_reverts(scene: Scene) -> None:
    sent = await scene.send(A, B, await scene.target(B, 0x1004))

    with pytest.raises(Reverted):
        await scene.chains[B].view(MESSENGER, sent.relay_data())


async def test_a_message_for_another_chain_or_of_another_is_refused_before_anything_is_signed(scene: Scene) -> None:
    sent = await scene.send(A, B, await scene.target(B, 0x1005))

    with pytest.raises(InvalidInput, match="902"):
        await by_hand.relay(scene.chains[A], scene.chains[C], scene.user(), sent.identifier, sent.payload)
    with pytest.raises(InvalidInput, match="901"):
        await by_hand.relay(scene.chains[C], scene.chains[B], scene.user(), sent.identifier, sent.payload)
    with pytest.raises(NotFound):
        await by_hand.messages_of(scene.chains[B], sent.place.tx_hash)


async def test_a_token_moves_there_and_back_and_none_is_made_or_lost(scene: Scene, tmp_path: Path) -> None:
    user, owner = scene.user(), scene.user("deployer")
    token = Address(bytes.fromhex(ERC20[2:]))
    await by_hand._included(scene.chains[A], owner, (token, MINT.encode(hex_text(user.address), 1_000)), bool)
    before = await balance(scene, A, user.address)

    async with journal_in(tmp_path) as journal, scene.relaying(journal):
        there = Move(token=token, to=user.address, amount=400)
        await by_hand.transfer(scene.chains[A], user, there, destination=scene.chains[B])

        async def minted() -> bool:
            return await balance(scene, B, user.address) == 400

        await once(minted, "the tokens on the other chain")
        assert await balance(scene, A, user.address) == before - 400
        back = Move(token=token, to=user.address, amount=400)
        await by_hand.transfer(scene.chains[B], user, back, destination=scene.chains[A])

        async def returned() -> bool:
            return await balance(scene, A, user.address) == before

        await once(returned, "the tokens back")
        assert await balance(scene, B, user.address) == 0


async def test_a_move_that_would_burn_what_cannot_be_minted_is_refused(scene: Scene) -> None:
    user, token = scene.user(), Address(bytes.fromhex(ERC20[2:]))
    plain = await scene.target(A, 0x1006)
    moves = [
        (Move(token=plain, to=user.address, amount=1), InvalidInput),
        (Move(token=Address(bytes(20)), to=user.address, amount=1), InvalidInput),
        (Move(token=token, to=Address(bytes(20)), amount=1), InvalidInput),
        (Move(token=token, to=user.address, amount=0), InvalidInput),
        (Move(token=token, to=user.address, amount=1 << 200), Unaffordable),
    ]

    for move, error in moves:
        with pytest.raises(error):
            await by_hand.transfer(scene.chains[A], user, move, destination=scene.chains[B])


async def test_messages_among_three_chains_are_carried_all_to_all(scene: Scene, tmp_path: Path) -> None:
    pairs = [(origin, destination) for origin in (A, B, C) for destination in (A, B, C) if origin != destination]
    targets = {destination: await scene.target(destination, 0x2001) for destination in (A, B, C)}

    async with journal_in(tmp_path) as journal, scene.relaying(journal, chains=(A, B, C)):
        for origin, destination in pairs:
            await scene.send_many(origin, destination, [targets[destination]] * 3)

        async def all_called() -> bool:
            return [await scene.calls(chain, targets[chain]) for chain in (A, B, C)] == [6, 6, 6]

        await once(all_called, "three messages of each pair")


async def test_a_target_that_reverts_and_one_that_burns_gas_harm_no_other_and_the_first_is_delivered_once_it_works(
    scene: Scene, tmp_path: Path
) -> None:
    good = await scene.target(B, 0x3001)
    bad = await scene.target(B, 0x3002, REVERTS)
    hog = await scene.target(B, 0x3003, BURNS)

    async with journal_in(tmp_path) as journal, scene.relaying(journal):
        await scene.send_many(A, B, [good, bad, good, hog, good, good])

        async def four() -> bool:
            return await scene.calls(B, good) == 4

        await once(four, "what is in company of targets that fail")

        async def both_parked() -> bool:
            parked = [entry for entry in await journal.entries() if entry.attempts]
            return {entry.sent.message.target for entry in parked} == {bad, hog}

        await once(both_parked, "two that are parked")
        causes = {entry.sent.message.target: entry.cause for entry in await journal.entries() if entry.attempts}
        assert "revert" in causes[bad]
        assert causes[hog]
        await scene.target(B, 0x3002, COUNTS)

        async def works() -> bool:
            return await scene.calls(B, bad) == 1

        await once(works, "the target that works by now")
        counts = await journal.counts()
        assert counts[State.WAITING] == 1


async def test_two_relayers_racing_deliver_each_message_once(scene: Scene, tmp_path: Path) -> None:
    target, before = await scene.target(B, 0x4001), await scene.height(B)

    async with (
        journal_in(tmp_path, "one") as one,
        journal_in(tmp_path, "other") as other,
        scene.relaying(one, "challenger", most=4),
        scene.relaying(other, "relayer", most=4),
    ):
        await scene.send_many(A, B, [target] * 40)
        found = await scene.delivered(B, before, 40)

        async def both_know() -> bool:
            return all([(await journal.counts()).get(State.DELIVERED) == 40 for journal in (one, other)])

        await once(both_know, "two journals that know of 40 deliveries")
    assert len(set(nonces(found))) == 40
    assert await scene.calls(B, target) == 40


async def test_a_relayer_that_is_killed_again_and_again_loses_and_doubles_nothing(scene: Scene, tmp_path: Path) -> None:
    target, before, messages = await scene.target(B, 0x5001), await scene.height(B), 120
    payer = scene.user("challenger").address
    config = _config(scene, tmp_path)
    await scene.send_many(A, B, [target] * messages)

    for kill in range(3):
        with _relayer(config, target) as process:
            seen = len(await scene.deliveries(B, before))

            async def further(seen: int = seen) -> bool:
                return len(await scene.deliveries(B, before)) in {*range(seen + 1, messages), messages}

            # Wherever it stands then: at first it has only begun, later most likely with transactions in the pool.
            if kill:
                await once(further, "a delivery more")
            process.kill()
    with _relayer(config, target) as process:
        found = await scene.delivered(B, before, messages)
        process.terminate()
    assert process.returncode == 0
    assert len(found) == len(set(nonces(found))) == messages
    assert await scene.calls(B, target) == messages
    assert await scene.relays_paid(B, payer, before) == messages


async def test_the_command_line_sends_and_finds_again_by_the_hash_alone(scene: Scene, tmp_path: Path) -> None:
    target, config = await scene.target(B, 0x6001), _config(scene, tmp_path)

    sent = _xl2(config, "send", "c901", "c902", hex_text(target), "hello", "--yes", "--key", "user")
    # In another process than the one that sent.
    (waiting,) = await _within(config, "status", sent["transaction"])
    (relayed,) = await _within(config, "relay", sent["transaction"], "--yes", "--key", "user")
    (done,) = await _within(config, "status", sent["transaction"])

    assert (waiting["state"], relayed["state"], done["state"]) == ("not delivered", "delivered", "delivered")
    assert await scene.calls(B, target) == 1


async def test_a_reorg_at_the_origin_is_told_with_the_block_that_still_stands(scene: Scene) -> None:
    watcher = Watcher(scene.chains[C])
    begun = await watcher.begin(0)
    sent = await scene.send(C, A, await scene.target(A, 0x7001))

    async def look() -> bool:
        seen = await watcher.look(begun.trail)
        return seen is not None and [one.hash for one in seen.sent] == [sent.hash]

    await once(look, "the message's log")
    seen = await watcher.look(begun.trail)
    assert seen is not None
    with scene.beat.held():
        await scene.chains[C].rpc.call("anvil_rollback", await scene.height(C) - begun.upto)

    undone = await watcher.look(seen.trail)

    assert undone is not None
    assert undone.undone_above == begun.upto
    assert undone.trail == begun.trail


async def test_a_message_whose_log_is_too_old_is_relayed_once_it_is_sent_anew(scene: Scene) -> None:
    target = await scene.target(B, 0x8001)
    sent = await scene.send(A, B, target)
    week = 7 * 24 * 3600
    for chain in (A, B):
        await scene.chains[chain].rpc.call("evm_increaseTime", week + 60)

    async def later() -> bool:
        head = await scene.chains[B].block(await scene.height(B))
        return head.timestamp > sent.expires_at()

    await once(later, "a block a week later")
    with pytest.raises(MessageExpired):
        await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), sent.identifier, sent.payload)
    again = await _resent(scene, sent)

    assert again.hash == sent.hash
    await by_hand.relay(scene.chains[A], scene.chains[B], scene.user(), again.identifier, again.payload)
    assert await scene.calls(B, target) == 1


async def _resent(scene: Scene, sent: Sent) -> Sent:
    message = sent.message
    data = RESEND.encode(
        message.destination, message.nonce, hex_text(message.sender), hex_text(message.target), message.body
    )
    receipt = await by_hand._included(scene.chains[A], scene.user(), (MESSENGER, data), bool)
    (again,) = await by_hand.sent_in(scene.chains[A], receipt)
    return again


def _config(scene: Scene, folder: Path) -> Path:
    urls = scene.supersim.urls
    chains = [f'[chains.c{chain}]\nchain_id = {chain}\nfamily = "op"\nrpc_url = "{urls[chain]}"\n' for chain in (A, B)]
    keys = f'[keys]\nrelayer = "{account("challenger").private_key}"\nuser = "{account("proposer").private_key}"\n'
    file = folder / "xl2.toml"
    file.write_text("\n".join([*chains, keys]), encoding="utf-8")
    return file


@contextlib.contextmanager
def _relayer(config: Path, target: Address) -> Iterator["subprocess.Popen[str]"]:
    """The program in a process of its own, once it has begun; it carries what is said to one target."""
    words = ("interop", "relay", "-c", str(config), "--json", "--target", hex_text(target))
    process = subprocess.Popen(
        [sys.executable, "-m", "xl2.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        process.stdout.close()
        yield process
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()


def _xl2(config: Path, verb: str, *words: str) -> Any:
    ran = xl2(config.parent, "interop", verb, *words, "-c", str(config), "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


async def _within(config: Path, verb: str, *words: str) -> Any:
    """The same in a thread of this process, where nothing has to be imported anew."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = await asyncio.to_thread(guarded, program, ["interop", verb, *words, "-c", str(config), "--json"])
    assert code == 0, said.getvalue()
    return json.loads(said.getvalue())

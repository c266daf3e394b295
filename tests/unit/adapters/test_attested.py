"""Attested heads: a signature counts when it was recovered to a member of the set, over the head that we read."""

import asyncio
from typing import Any

import pytest
from attrs import evolve

from tests.attesters import CONTRACT, KEYS, honest, log_of, prover, world_with_a_message
from tests.waiting import PATIENCE_SECONDS
from xl2.attester.attest import HeadAttester
from xl2.core.attestation import AttestedProof, Signature
from xl2.core.evidence import Head
from xl2.core.lane import head_after
from xl2.core.types import Address, BlockNumber, Hash32, checksum
from xl2.errors import NotYet, ProofInvalid, RpcUnavailable
from xl2.ports import Attester, Log, Shown, SignedHead
from xl2.testing import World
from xl2_adapters import attested
from xl2_adapters.attested import recover
from xl2_adapters.web3_edge import AccountSigner, signer


class Odd:
    """An attester that does something else with the answer of an honest one."""

    def __init__(self, honest: HeadAttester, key: str) -> None:
        self.honest = honest
        self.signer: AccountSigner = signer(key)

    @property
    def address(self) -> Address:
        return self.honest.address

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        return await self.honest.attest(log, at, count)


class Forging(Odd):
    """Signs with a key that is not its own."""

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        signed = await self.honest.attest(log, at, count)
        forged = await signer("0x" + "77" * 32).sign_hash_of(signed.attestation.preimage)
        return evolve(signed, signature=forged)


class Lying(Odd):
    """Signs another head, with its own good key."""

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        signed = await self.honest.attest(log, at, count)
        head = Head(log=log.id, head=b"\x66" * 32, count=signed.attestation.head.count)
        attestation = evolve(signed.attestation, head=head)
        return SignedHead(attestation=attestation, signature=await self.signer.sign_hash_of(attestation.preimage))


class Asleep(Odd):
    """Is down."""

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        raise RpcUnavailable(f"nobody there to sign block {at} of chain {log.home}, {count}", endpoint="memory")


class Hanging(Odd):
    """Takes the question, and never answers."""

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        await asyncio.Event().wait()
        return await super().attest(log, at, count)


class Mangled(Odd):
    """Sends a signature that is none."""

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        return evolve(await self.honest.attest(log, at, count), signature=b"\xff" * 65)


class Heeding(Forging):
    """Is told what its signature is worth, which it gives when it may."""

    def __init__(self, honest: HeadAttester, key: str) -> None:
        super().__init__(honest, key)
        self.may = asyncio.Event()
        self.told: list[ProofInvalid | None] = []
        self.left: list[asyncio.Task[Any]] = []

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        await self.may.wait()
        return await super().attest(log, at, count)

    def checked(self, log: Log, wrong: ProofInvalid | None) -> None:
        assert log.id
        self.told.append(wrong)

    def late(self, log: Log, question: asyncio.Task[Any]) -> None:
        assert log.id
        self.left.append(question)


@pytest.fixture
async def world() -> World:
    return await world_with_a_message()


async def test_three_of_five_signatures_become_evidence(world: World) -> None:
    found = honest(world)

    shown = await prover(world, found).show(log_of(world), 1, BlockNumber(9))

    assert isinstance(shown, Shown)
    proof = AttestedProof.parse(shown.evidence[1:], signers=5)
    digest = (await found[0].attest(log_of(world), shown.at)).attestation.digest
    assert shown.evidence[0] == 0
    assert [recover(digest, one) for one in proof.signatures] == [proof.signers[one.index] for one in proof.signatures]
    assert len(proof.signatures) == 3
    assert shown.head.count == 1


@pytest.mark.parametrize("odd", [Forging, Lying, Asleep, Mangled, Hanging])
async def test_odd_attesters_cost_nothing_while_enough_are_honest(world: World, odd: type[Odd]) -> None:
    found: list[Attester] = [*honest(world)]
    for place in (0, 2):
        found[place] = odd(honest(world)[place], KEYS[place])

    shown = await prover(world, found).show(log_of(world), 1, BlockNumber(9))

    assert isinstance(shown, Shown)
    assert [one.index for one in AttestedProof.parse(shown.evidence[1:], signers=5).signatures] == [1, 3, 4]


@pytest.mark.parametrize("odd", [Forging, Lying, Asleep, Mangled])
async def test_too_few_honest_attesters_make_no_evidence(world: World, odd: type[Odd]) -> None:
    found: list[Attester] = [*honest(world)]
    for place in (0, 2, 4):
        found[place] = odd(honest(world)[place], KEYS[place])

    with pytest.raises(NotYet, match="2 of 3 attestations"):
        await prover(world, found).show(log_of(world), 1, BlockNumber(9))


async def test_one_that_is_heeded_is_waited_for_by_nobody_who_has_enough_and_checked_when_it_signs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attested, "_LATE_SECONDS", 3_600)
    *good, one = honest(world)
    late = Heeding(one, KEYS[4])

    async with asyncio.timeout(PATIENCE_SECONDS):
        shown = await prover(world, [late, *good[:3]]).show(log_of(world), 1, BlockNumber(9))
    told_by_then = list(late.told)
    late.may.set()
    await asyncio.gather(*late.left)

    assert isinstance(shown, Shown)
    assert told_by_then == []
    (wrong,) = late.told
    assert "the signature is by" in str(wrong)


async def test_attesters_that_give_no_answer_are_told_in_one_breath(world: World) -> None:
    attesters = [Asleep(one, key) for one, key in zip(honest(world), KEYS, strict=True)]

    with pytest.raises(NotYet) as waiting:
        await prover(world, attesters).show(log_of(world), 1, BlockNumber(2))

    assert waiting.value.what.endswith(f"of chain 901: {len(KEYS)} attesters give no answer: memory")


async def test_one_attester_counts_once_however_often_it_is_named(world: World) -> None:
    one, two, *_ = honest(world)

    with pytest.raises(NotYet):
        await prover(world, [one, two, one, two]).show(log_of(world), 1, BlockNumber(9))


async def test_who_is_not_of_the_set_is_not_asked(world: World) -> None:
    chains = {world.chain(one).chain: world.chain(one) for one in (901, 902)}
    strangers = [
        HeadAttester(signer=signer("0x" + f"{n:064x}"), chains=chains, verifiers=dict.fromkeys(chains, CONTRACT))
        for n in range(100, 105)
    ]

    with pytest.raises(NotYet, match="no attester is known"):
        await prover(world, strangers).show(log_of(world), 1, BlockNumber(9))


async def test_a_suspended_verifier_is_not_used(world: World) -> None:
    world.chain(902).verifiers = 1 << 128

    with pytest.raises(NotYet, match="does not stand"):
        await prover(world, honest(world)).show(log_of(world), 1, BlockNumber(9))


async def test_messages_that_are_not_final_are_waited_for(world: World) -> None:
    await world.chain(901).put(log_of(world).lane, b"second")

    with pytest.raises(NotYet, match="not in a final block"):
        await prover(world, honest(world)).show(log_of(world), 2, BlockNumber(9))


@pytest.mark.parametrize("wanted", [1, 250, 431, 600])
async def test_a_backlog_is_shown_from_a_block_with_little_behind(world: World, wanted: int) -> None:
    for number in range(599):
        await world.chain(901).put(log_of(world).lane, f"backlog {number}".encode())
    world.chain(901).mine(2)

    shown = await prover(world, honest(world)).show(log_of(world), wanted, BlockNumber(10**6))

    assert isinstance(shown, Shown)
    assert wanted <= shown.head.count <= wanted + 256
    assert (await world.chain(901).log_state(log_of(world), shown.at)).head == shown.head.head


async def test_a_head_that_the_asker_knows_is_shown_with_nothing_behind_it(world: World) -> None:
    log, origin = log_of(world), world.chain(901)
    for number in range(9):
        await origin.put(log.lane, f"more {number}".encode())
    origin.mine(2)
    sent = await origin.sent(log.lane, BlockNumber(0), BlockNumber(10**6))
    known = head_after(log.id, (one.message.id for one in sent[:4]))

    shown = await prover(world, honest(world)).show(log, 4, BlockNumber(10**6), known)

    assert isinstance(shown, Shown)
    assert shown.head == Head(log=log.id, head=known, count=4)


async def test_a_head_that_is_not_what_the_attesters_recomputed_gets_no_signature(world: World) -> None:
    with pytest.raises(NotYet, match="0 of 3 attestations"):
        await prover(world, honest(world)).show(log_of(world), 1, BlockNumber(9), Hash32(b"\x66" * 32))


async def test_a_signature_that_no_key_makes_is_refused() -> None:
    with pytest.raises(ProofInvalid):
        recover(b"\x01" * 32, Signature(index=0, r=0, s=1, y_parity=0))  # type: ignore[arg-type]


async def test_who_signed_for_something_else_is_said_by_the_field_that_differs(world: World) -> None:
    elsewhere = [evolve(one, verifiers=dict.fromkeys(one.verifiers, Address(b"\x0b" * 20))) for one in honest(world)]
    lying = [Lying(one, key) for one, key in zip(honest(world), KEYS, strict=True)]

    with pytest.raises(NotYet) as for_another:
        await prover(world, elsewhere).show(log_of(world), 1, BlockNumber(9))
    with pytest.raises(NotYet) as for_a_lie:
        await prover(world, lying).show(log_of(world), 1, BlockNumber(9))

    others, here = (checksum(Address(bytes((byte,)) * 20)) for byte in (0x0B, 0x0A))
    assert f": it signed for verifier {others}, the configuration has {here}" in for_another.value.what
    assert f": it signed for head 0x{'66' * 32}, the chain says 0x" in for_a_lie.value.what
    assert "Head(" not in for_another.value.what + for_a_lie.value.what
    assert "count" not in for_a_lie.value.what

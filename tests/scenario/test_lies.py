"""Endpoints that lie about proofs, claims and logs: found out in Python, before a single unit of gas is paid."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve

from tests.scenario.conftest import RouteOf
from tests.scenario.route import Route
from tests.scenario.walks import to_nobody
from xl2.core.types import Address, BlockNumber, Hash32
from xl2.errors import NotYet, ProofInvalid
from xl2.flow import prove
from xl2.ports import Record
from xl2_adapters.evm import Evm, Proof
from xl2_adapters.proven import ProvenProver

Lie = Callable[[Proof], Proof]


def flipped(nodes: Sequence[bytes]) -> tuple[bytes, ...]:
    """The nodes with one bit of the last one turned."""
    last = nodes[-1]
    return (*nodes[:-1], last[:-1] + bytes((last[-1] ^ 1,)))


LIES: dict[str, Lie] = {
    "a bit of the account's leaf": lambda proof: evolve(proof, account=flipped(proof.account)),
    "a bit of a slot's leaf": lambda proof: evolve(proof, storage=(*proof.storage[:-1], flipped(proof.storage[-1]))),
    "a node too few": lambda proof: evolve(proof, account=proof.account[:-1]),
    "a node too many": lambda proof: evolve(proof, account=(*proof.account, proof.account[-1])),
    "no node": lambda proof: evolve(proof, account=()),
    "the nodes of another slot": lambda proof: evolve(proof, storage=tuple(reversed(proof.storage))),
    "an endless node": lambda proof: evolve(proof, account=(proof.account[0] + b"\0",)),
}


async def provable(route: Route) -> tuple[Sequence[Record], ProvenProver]:
    """A message whose evidence is ready, and the prover that has it."""
    sent = await route.send(to_nobody(route.destination.chain, "proven"), role="bob")
    records = await route.observed([sent])
    await route.proven(records)
    prover = route.prover("op-a", "op-b")
    assert isinstance(prover, ProvenProver)
    return records, prover


def lying(chain: Evm, lie: Lie, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a chain's endpoint change its proofs."""
    honest = chain.proof

    async def proof(account: Address, slots: Sequence[Hash32], at: BlockNumber) -> Proof:
        found = await honest(account, slots, at)
        return lie(found) if found.storage else found

    monkeypatch.setattr(chain, "proof", proof)


async def test_no_lie_about_a_proof_becomes_evidence(route_of: RouteOf, monkeypatch: pytest.MonkeyPatch) -> None:
    route = route_of("proven")
    records, prover = await provable(route)
    spent_before = await route.destination.tx_nonce(route.account("relayer").address)
    refused: dict[tuple[str, str], str] = {}

    for name, lie in LIES.items():
        for where, chain in (("l1", prover.anchor), ("l2", prover.home)):
            with monkeypatch.context() as patch:
                lying(chain, lie, patch)
                try:
                    await prove.prove(records, route.store, prover)
                except ProofInvalid as found:
                    refused[name, where] = found.what

    # One slot is asked for on L2, so its proofs in another order are the same proofs.
    expected = {(name, where) for name in LIES for where in ("l1", "l2")} - {("the nodes of another slot", "l2")}
    assert set(refused) == expected
    assert await route.destination.tx_nonce(route.account("relayer").address) == spent_before


async def test_a_claim_that_our_node_does_not_confirm_is_passed_over(
    route_of: RouteOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = route_of("proven")
    records, prover = await provable(route)
    honest = prover.home.proof

    async def proof(account: Address, slots: Sequence[Hash32], at: BlockNumber) -> Proof:
        found = await honest(account, slots, at)
        # The message passer's storage root is part of the claim.
        return found if slots else evolve(found, storage_root=Hash32(b"\x66" * 32))

    monkeypatch.setattr(prover.home, "proof", proof)

    with pytest.raises(NotYet, match="claims another root than our node has"):
        await prove.prove(records, route.store, prover)


async def test_a_header_that_does_not_hash_to_its_block_is_refused(
    route_of: RouteOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = route_of("proven")
    records, prover = await provable(route)
    honest = prover.anchor.raw_block

    async def raw_block(number: BlockNumber) -> dict[str, Any]:
        return {**await honest(number), "stateRoot": "0x" + "66" * 32}

    monkeypatch.setattr(prover.anchor, "raw_block", raw_block)

    with pytest.raises(ProofInvalid, match="header hashes to"):
        await prove.prove(records, route.store, prover)

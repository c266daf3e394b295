"""
Layout: whether contracts on L1 keep their facts in the slots in which a rule of ours looks for them.

Comes in: facts, each a slot and the getter that tells the same. Goes out: nothing, or `LayoutDiffers`. Promise: before
slots that drift between releases are relied on, a proof of each word was compared with a call at the same block. A
fact that is zero by both is agreed on, too: what guards such a slot is the pinned implementation (`header_proof`).
"""

import contextlib
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import Address, Hash32, checksum, hex_text
from xl2.errors import LayoutDiffers, ProofInvalid
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.header_proof import HeaderProof

#: A busy node is at work on a block for as long as several looks take.
_LOOKS = 10


@frozen(kw_only=True)
class Fact:
    """Something that a contract keeps in a slot and tells by a getter."""

    contract: Address
    #: As its sources call it: `OptimismPortal2.respectedGameType`.
    name: str
    slot: Hash32
    #: Where in the word it stands: its lowest bit, and how many bits it has.
    shift: int = 0
    bits: int = 256
    getter: Method
    arguments: tuple[Any, ...] = ()
    #: Which of the values that the getter returns.
    value: int = 0


async def check_layout(l1: Evm, facts: Sequence[Fact]) -> None:
    """
    Compare proofs with calls at L1's tip.

    Raises `LayoutDiffers` for the first fact on which they disagree, `ProofInvalid` for proofs that do not hold; either
    only where several looks find nothing better, as a node that has begun its next block mixes the two.
    """
    for _ in range(_LOOKS - 1):
        with contextlib.suppress(ProofInvalid):
            return await _compare(l1, facts)
    return await _compare(l1, facts)


async def _compare(l1: Evm, facts: Sequence[Fact]) -> None:
    tip = await l1.head(Finality.LATEST)
    header = Header.of_block(await l1.raw_block(tip.number))
    proof = HeaderProof(l1, header)
    for contract, group in groupby(sorted(facts, key=lambda one: one.contract), key=lambda one: one.contract):
        mine = list(group)
        words = await proof.words(contract, [one.slot for one in mine])
        answers = await l1.views([(contract, one.getter.encode(*one.arguments)) for one in mine], header.number)
        for fact, word, answer in zip(mine, words, answers, strict=True):
            told = _as_number(fact.getter.decode(answer, l1.endpoint)[fact.value])
            proven = int.from_bytes(word) >> fact.shift & (1 << fact.bits) - 1
            if proven != told:
                raise LayoutDiffers(
                    f"{fact.name} of {checksum(contract)} at l1 block {header.number}: slot {hex_text(fact.slot)} "
                    f"proves {hex(proven)}, {fact.getter.name}() says {hex(told)}",
                    contract=checksum(contract),
                    slot=hex_text(fact.slot),
                    proven=proven,
                    told=told,
                )


def _as_number(value: Any) -> int:
    if isinstance(value, bytes):
        return int.from_bytes(value)
    if isinstance(value, str):
        return int(value, 16)
    return int(value)

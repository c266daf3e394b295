"""
Provers: evidence that in-memory chains believe: it names a block of the home chain, and the reader looks there.

Promise: evidence for a head that the named block does not hold is refused, by prover and chain alike.
"""

from collections.abc import Sequence

from attrs import define, field

from xl2.core.evidence import Finality, Head, VerifierNumber, class_of
from xl2.core.types import Assurance, BlockNumber, Hash32
from xl2.errors import NotYet, RpcRejected
from xl2.ports import Call, Chain, Log, Needed, Shown


@define(kw_only=True)
class MemoryProver:
    """Shows the newest final head. Implements `xl2.ports.Prover`."""

    home: Chain
    name: str = "memory"
    #: Number of its verifier; the class is in it.
    number: int = 128
    #: Asked for before each head that is shown, once.
    needs: list[Sequence[Call]] = field(factory=list)
    #: Says so instead of showing anything.
    waits_for: str = ""
    #: Of so many blocks its node keeps the states, and rejects what asks for older ones; None: of all.
    states_kept: int | None = None

    @property
    def assurance(self) -> Assurance:
        """Class of the verifier's number."""
        return class_of(VerifierNumber(self.number))

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Show a head over at least `count` entries, as storage has it at a block, whatever is `known`."""
        del known
        if self.waits_for:
            raise NotYet(self.waits_for)
        if self.needs:
            return Needed(calls=tuple(self.needs.pop(0)), why="the test asks for it")
        final = await self.home.head(Finality.FINALIZED)
        at = BlockNumber(min(final.number, upto))
        if self.states_kept is not None and final.number - at >= self.states_kept:
            raise RpcRejected(f"the state of block {at} is not kept", endpoint=self.name)
        state = await self.home.log_state(log, at)
        if state.count < count:
            raise NotYet(f"block {at} of chain {log.home} has {state.count} entries, asked for are {count}")
        return Shown(
            head=Head(log=log.id, head=state.head, count=state.count),
            evidence=evidence(log, at, self.number),
            assurance=self.assurance,
            trusted=("nobody: the test's own memory",),
            at=at,
        )


def evidence(log: Log, at: BlockNumber, number: int) -> bytes:
    """What in-memory chains take for evidence: number of the verifier, home, kind and block."""
    return bytes((number,)) + log.home.to_bytes(8) + bytes((log.kind,)) + at.to_bytes(8)

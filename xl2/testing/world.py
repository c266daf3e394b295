"""
World: in-memory chains that know each other.

Promise: every chain has a lane of each class to every other, and believes just what the other's blocks hold.
"""

from collections.abc import Sequence

from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32
from xl2.testing.chain import MemoryChain
from xl2.testing.contracts import State


class World:
    """Chains by id."""

    def __init__(self, chains: Sequence[int] = (901, 902)) -> None:
        """`chains`: their EIP-155 ids."""
        #: Evidence counts for nothing while this is not set, as if every verifier were suspended.
        self.believes = True
        ids = [ChainId(one) for one in chains]
        self._chains = {
            one: MemoryChain(
                State(
                    chain=one,
                    outbox=_contract("outbox", one),
                    inbox=_contract("inbox", one),
                    links={other: _contract("inbox", other) for other in ids if other != one},
                ),
                self._judge,
            )
            for one in ids
        }

    def chain(self, chain: int) -> MemoryChain:
        """A chain by its id."""
        return self._chains[ChainId(chain)]

    def lane(self, origin: int, destination: int, assurance: Assurance = Assurance.SETTLED) -> Lane:
        """A lane between two of the chains."""
        return Lane(
            origin=ChainId(origin),
            outbox=self.chain(origin).outbox,
            destination=ChainId(destination),
            inbox=self.chain(destination).inbox,
            assurance=assurance,
        )

    def _judge(self, log: Hash32, head: Hash32, count: int, evidence: bytes) -> bool:
        """Whether the block that the evidence names holds that head of that log."""
        if not self.believes or len(evidence) != 18 or evidence[9] > max(LogKind):
            return False
        home, kind = ChainId(int.from_bytes(evidence[1:9])), LogKind(evidence[9])
        at = BlockNumber(int.from_bytes(evidence[10:]))
        chain = self._chains.get(home)
        return chain is not None and chain.holds(log, kind, at, head, count)


def _contract(name: str, chain: ChainId) -> Address:
    return Address(keccak(name.encode() + chain.to_bytes(8))[12:])

"""
Provers: who makes the evidence for a head, and who signs one.

Promise: what a prover hands out as `Shown` was verified by it, by the same rules as the contract that will, so it can
be paid for. What is not there yet is `NotYet` or `Needed`, never weaker evidence.
"""

from asyncio import Task
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen

from xl2.core.attestation import Attestation
from xl2.core.evidence import Head
from xl2.core.types import Address, Assurance, BlockNumber, Hash32
from xl2.errors import ProofInvalid
from xl2.ports.seen import Log
from xl2.ports.transactions import Call


@frozen(kw_only=True)
class Shown:
    """A head and what shows it to be true; checked by whoever hands it out, so it can be paid for."""

    head: Head
    #: `verifier number ‖ proof`, or empty where the reader's `Heads` knows the head already.
    evidence: bytes = field(repr=False)
    assurance: Assurance
    #: Who is believed, in words: addresses of signers, or "nobody: storage proof under L1 block 1234".
    trusted: tuple[str, ...]
    #: Block of the log's home at which the head was read.
    at: BlockNumber


@frozen(kw_only=True)
class Needed:
    """Calls to make, in order and each included, before the prover is asked again (a checkpoint, a root, a deposit)."""

    calls: tuple[Call, ...]
    why: str


class Prover(Protocol):
    """Makes evidence for heads; one for each kind of verifier and pair of chains."""

    @property
    def name(self) -> str:
        """Kind of evidence, in a word: `attested`, `proven`, `routed`."""
        ...

    @property
    def assurance(self) -> Assurance:
        """Class of what it shows."""
        ...

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """
        Show a head of the log that covers at least its first `count` entries.

        `upto`: block of the log's home up to which the asker knows the log; a head read above it would be of no use.
        `known`: the head after just these entries, where the asker has recomputed it and found it in storage; who can
        show that very head spares the asker the ids behind it.

        Raises `NotYet` (the sentence says for what) while the chains have not got that far, `ProofInvalid` where an
        endpoint's answer or an attester's signature does not hold.
        """
        ...


@frozen(kw_only=True)
class SignedHead:
    """A head signed by one attester; counts for nothing until its signer was recovered and compared."""

    attestation: Attestation
    #: 65 bytes: r, s, v.
    signature: bytes = field(repr=False)


class Attester(Protocol):
    """Signs heads that it recomputed itself, at final blocks only."""

    @property
    def address(self) -> Address:
        """Whose signature to expect."""
        ...

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        """
        Sign the log's head at a block; or the one after its first `count` entries, all of which stand by that block.

        Raises `NotYet` while that block is not final for the attester, `Refused` for a log it does not attest,
        `ProofInvalid` where the chain's logs do not lead to what its storage holds.
        """
        ...


@runtime_checkable
class Heeded(Protocol):
    """An attester that is told by whoever checks its answers what they are worth, and for which nobody waits."""

    def checked(self, log: Log, wrong: ProofInvalid | None) -> None:
        """Why what it signed for a log does not hold; None: it does."""
        ...

    def late(self, log: Log, question: Task[Any]) -> None:
        """
        Take over a question about a log that has its answer without this one.

        It is ended here, or goes on to its own end, within its limit, so that what it comes to is checked too.
        """
        ...


class RemoteAttester(Attester, Protocol):
    """An attester behind a URL."""

    @property
    def name(self) -> str:
        """Scheme, host and port of its URL: never a path or a key."""
        ...

    async def answers_as(self) -> Address:
        """Account that it says it signs as; it signs nothing for that. Raises `RpcUnavailable`."""
        ...

    async def close(self) -> None:
        """Give its connections back; who is asked again opens new ones."""
        ...

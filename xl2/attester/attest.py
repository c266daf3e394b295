"""
Attest: a log and a block in, a signed head out.

Promise: a signature is made only over the head of a final block, recomputed here from the chain's own events and found
in its storage, and only for a log whose reader has an `AttestedHeads` that this attester was told of. The same question
gets the same answer. Who may ask is left to `service`: a true head is no secret.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from attrs import field, frozen

from xl2.core.attestation import Attestation
from xl2.core.evidence import Finality, Head
from xl2.core.types import Address, BlockNumber, ChainId, checksum
from xl2.errors import NotFound, NotYet, Xl2Error
from xl2.flow.recompute import Recomputed
from xl2.ports import Block, Chain, Log, LogState, SignedHead, Signer


@frozen(kw_only=True)
class HeadAttester:
    """Signs heads with one key. Implements `xl2.ports.Attester`."""

    signer: Signer
    #: Its own view of each chain.
    chains: Mapping[ChainId, Chain]
    #: `AttestedHeads` of each chain that reads heads signed here.
    verifiers: Mapping[ChainId, Address]
    _logs: dict[Log, Recomputed] = field(factory=dict, init=False)
    #: A final block of each chain, as high as any that was asked for.
    _finals: dict[ChainId, Block] = field(factory=dict, init=False)
    #: One question at a time for each log: two would read the same events twice.
    _turns: dict[Log, asyncio.Lock] = field(factory=lambda: defaultdict(asyncio.Lock), init=False)

    @property
    def address(self) -> Address:
        """Account of the key."""
        return self.signer.address

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        """Sign the log's head at a block, or after its first `count` entries, which stand by then."""
        chain, verifier = self._known(log)
        final = await self._final(chain, at)
        if at > final.number:
            raise NotYet(f"block {at} of chain {log.home} is not final; final is {final.number}")
        async with self._turns[log]:
            recomputed = self._logs.setdefault(log, Recomputed(chain, log))
            block = final if at == final.number else await chain.block(at)
            state = await recomputed.at(block)
            head = self._head(log, state, count, recomputed)
        await self._read_beside(log, block)
        attestation = Attestation(head=head, block=at, chain=log.reader, contract=verifier)
        return SignedHead(attestation=attestation, signature=await self.signer.sign_hash_of(attestation.preimage))

    async def _read_beside(self, log: Log, block: Block) -> None:
        """Read what stands between its events, of other logs of that contract: each would read them all once more."""
        for other in [one for one in self._logs if one != log and (one.home, one.kind) == (log.home, log.kind)]:
            if self._turns[other].locked():
                # Somebody asks for it, and reads it himself.
                continue
            async with self._turns[other]:
                # Whoever asks for it is told what is wrong with it.
                with suppress(Xl2Error):
                    await self._logs[other].read(block)

    async def _final(self, chain: Chain, at: BlockNumber) -> Block:
        """A final block, the newest one unless one as high as `at` is known: what is final stays so."""
        known = self._finals.get(chain.chain)
        if known is None or known.number < at:
            known = self._finals[chain.chain] = await chain.head(Finality.FINALIZED)
        return known

    def _head(self, log: Log, state: LogState, count: int | None, recomputed: Recomputed) -> Head:
        """The head asked for, of those that stand by a block with this state."""
        if count is None:
            return Head(log=log.id, head=state.head, count=state.count)
        head = recomputed.after(count) if count <= state.count else None
        if head is None:
            raise NotYet(
                f"entry {count - 1} is not in that block of chain {log.home} yet: it has {state.count} entries"
            )
        return Head(log=log.id, head=head, count=count)

    def _known(self, log: Log) -> tuple[Chain, Address]:
        """Home and verifier of a log between contracts that this attester was told of: others are not even read."""
        lane = log.lane
        origin, destination = self.chains.get(lane.origin), self.chains.get(lane.destination)
        verifier = self.verifiers.get(log.reader)
        if origin is None or destination is None or verifier is None:
            raise NotFound(
                f"this attester does not attest logs of chain {log.home} for chain {log.reader}",
                remedy="Ask an attester of these chains, or configure both chains and the reader's AttestedHeads here.",
            )
        if (lane.outbox, lane.inbox) != (origin.outbox, destination.inbox):
            raise NotFound(
                f"outbox {checksum(lane.outbox)} and inbox {checksum(lane.inbox)} are not the ones of chains "
                f"{lane.origin} and {lane.destination} here",
                remedy="Ask for a lane between the contracts that are configured here.",
            )
        return (origin if log.home == lane.origin else destination), verifier

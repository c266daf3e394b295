"""
Attested heads: k of n attesters are asked for a head, and their signatures become evidence.

Comes in: a log and a count. Goes out: `Shown` with the proof of `AttestedHeads`. Promise: the block is final and the
head is what this side read there itself, or what the asker found there; each signature was recovered to a signer of
the verifier's set before it counts, so a lying attester costs no gas, and a sleeping one no time where enough are awake
and somebody heeds it, else a moment. What the set is worth is left to whoever accepts it.
"""

import asyncio
import logging
from collections.abc import Sequence

from attrs import frozen
from eth_keys.datatypes import Signature as EcdsaSignature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from xl2.core.attestation import Attestation, AttestedProof, Signature
from xl2.core.evidence import Finality, Head, VerifierNumber, class_of, inline
from xl2.core.lane import PAGE_SIZE
from xl2.core.types import Address, Assurance, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid, Refused, Retryable, RpcRejected, RpcUnavailable
from xl2.ports import Attester, Chain, Heeded, Log, LogState, Needed, Shown, SignedHead, VerifierSettings
from xl2_adapters.standing import require_standing

log = logging.getLogger(__name__)

#: Where enough have signed, others that nobody heeds are waited for so long: who hangs costs no more, and who is merely
#: second is not cut off, which would cost a connection each time.
_LATE_SECONDS = 0.25

#: A checked signature, an attester that gives no answer, or why there is no signature.
_Answer = Signature | RpcUnavailable | str


@frozen(kw_only=True)
class AttestedProver:
    """Prover for one `AttestedHeads`. Implements `xl2.ports.Prover`."""

    home: Chain
    reader: Chain
    verifier: VerifierSettings
    attesters: Sequence[Attester]
    #: Longest wait for one attester: longer than it waits itself where it is behind a URL, so that it says what failed.
    timeout_seconds: float = 40.0

    @property
    def name(self) -> str:
        """Kind of evidence."""
        return "attested"

    @property
    def assurance(self) -> Assurance:
        """Class of the verifier's number."""
        return class_of(VerifierNumber(self.verifier.number))

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Show the head at the newest final block that the asker knows, or the very one that is `known` by then."""
        standing, final = await asyncio.gather(self.reader.standing(log), self.home.head(Finality.FINALIZED))
        require_standing(standing, self.verifier.number, log)
        at = min(final.number, upto)
        if known is not None:
            return await self._shown(log, Head(log=log.id, head=known, count=count), at, count)
        state = await self.home.log_state(log, at)
        if state.count < count:
            raise NotYet(
                f"entry {count - 1} is not in a final block of chain {log.home} yet: "
                f"block {at} has {state.count} entries, newest final block is {final.number}"
            )
        if state.count - count > PAGE_SIZE:
            at, state = await self._earlier(log, count, at, state)
        return await self._shown(log, Head(log=log.id, head=state.head, count=state.count), at, None)

    async def _shown(self, log: Log, head: Head, at: BlockNumber, count: int | None) -> Shown:
        """The head with enough signatures; `count`: the attesters are asked for that many entries, not for all."""
        attestation = Attestation(head=head, block=at, chain=log.reader, contract=self.verifier.address)
        signatures = await self._signatures(log, attestation, count)
        proof = AttestedProof(block=at, signers=self.verifier.signers, signatures=signatures)
        return Shown(
            head=attestation.head,
            evidence=inline(VerifierNumber(self.verifier.number), proof.encode()),
            assurance=self.assurance,
            trusted=tuple(f"attester {checksum(self.verifier.signers[one.index])}" for one in signatures),
            at=at,
        )

    async def _earlier(self, log: Log, count: int, at: BlockNumber, state: LogState) -> tuple[BlockNumber, LogState]:
        """
        A block whose head has less behind the entries asked for: ids behind them cost 32 bytes each.

        Looks back in doubling steps, then halves; ends as well where the endpoint keeps no older state.
        """
        low, high, best = -1, int(at), state
        step = 1
        while high - low > 1 and best.count - count > PAGE_SIZE:
            middle = max(low + 1, high - step) if low < 0 else (low + high) // 2
            try:
                found = await self.home.log_state(log, BlockNumber(middle))
            except (RpcRejected, RpcUnavailable):
                break
            if found.count >= count:
                high, best, step = middle, found, 2 * step
            else:
                low = middle
        return BlockNumber(high), best

    async def _signatures(self, log: Log, attestation: Attestation, count: int | None) -> tuple[Signature, ...]:
        """K good signatures by rising index. Raises `NotYet` where fewer came."""
        asked = [one for one in self.attesters if one.address in self.verifier.signers]
        answers = await self._answers(asked, log, attestation, count)
        by_index = {one.index: one for one in answers if isinstance(one, Signature)}
        good = [by_index[index] for index in sorted(by_index)]
        if len(good) < self.verifier.threshold:
            causes = "; ".join(_causes(answers)) or "no attester is known"
            raise NotYet(
                f"{len(good)} of {self.verifier.threshold} attestations for block {attestation.block} "
                f"of chain {log.home}: {causes}",
                remedy="Wait for the attesters, or see that enough of them run.",
            )
        return tuple(good[: self.verifier.threshold])

    async def _answers(
        self, asked: Sequence[Attester], log: Log, attestation: Attestation, count: int | None
    ) -> list[_Answer]:
        """All answers; but where enough sign, nobody is waited for who is heeded, and others a moment only."""
        waiting = {asyncio.ensure_future(self._ask(one, log, attestation, count)): one for one in asked}
        found: list[_Answer] = []
        signed: set[int] = set()
        try:
            while waiting and len(signed) < self.verifier.threshold:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for question in done:
                    del waiting[question]
                    found.append(question.result())
                signed = {one.index for one in found if isinstance(one, Signature)}
            for question, attester in list(waiting.items()):
                if isinstance(attester, Heeded):
                    del waiting[question]
                    attester.late(log, question)
            if waiting:
                done, _ = await asyncio.wait(waiting, timeout=_LATE_SECONDS)
                found += [question.result() for question in done]
        finally:
            for question in waiting:
                question.cancel()
        return found

    async def _ask(self, attester: Attester, log: Log, attestation: Attestation, count: int | None) -> _Answer:
        """A checked signature, or why there is none."""
        name = f"attester {checksum(attester.address)}"
        try:
            async with asyncio.timeout(self.timeout_seconds):
                signed = await attester.attest(log, attestation.block, count)
            return self._heeded(attester, log, signed, attestation)
        except TimeoutError:
            return f"{name} did not answer within {self.timeout_seconds:.0f} s"
        except RpcUnavailable as silent:
            return silent
        except (Retryable, Refused) as cause:
            return f"{name}: {cause.what}"

    def _heeded(self, attester: Attester, log: Log, signed: SignedHead, attestation: Attestation) -> Signature:
        """Its checked signature; it is told what that came to where it wants to know."""
        try:
            signature = self._checked(attester.address, signed, attestation)
        except ProofInvalid as wrong:
            _tell(attester, log, wrong)
            raise
        _tell(attester, log, None)
        return signature

    def _checked(self, address: Address, signed: SignedHead, attestation: Attestation) -> Signature:
        if signed.attestation != attestation:
            raise ProofInvalid(f"it signed for {_difference(signed.attestation, attestation)}")
        signature = Signature.of(self.verifier.signers.index(address), signed.signature)
        found = recover(attestation.digest, signature)
        if found != address:
            raise ProofInvalid(f"the signature is by {checksum(found)}")
        return signature


def _tell(attester: Attester, log: Log, wrong: ProofInvalid | None) -> None:
    if isinstance(attester, Heeded):
        attester.checked(log, wrong)


def _causes(answers: Sequence[_Answer]) -> list[str]:
    """Why there are no more signatures; those who give no answer are told in one breath."""
    told = sorted({one for one in answers if isinstance(one, str)})
    silent = [one for one in answers if isinstance(one, RpcUnavailable)]
    if len(silent) > 1:
        names = ", ".join(sorted({one.endpoint for one in silent}))
        return [f"{len(silent)} attesters give no answer: {names}", *told]
    return [*(one.what for one in silent), *told]


def _difference(signed: Attestation, wanted: Attestation) -> str:
    """Each field that differs, in hex where it is bytes: what was signed, and who says what it should be."""
    fields = (
        ("verifier", checksum(signed.contract), "the configuration has", checksum(wanted.contract)),
        ("chain", signed.chain, "asked was for", wanted.chain),
        ("block", signed.block, "asked was for", wanted.block),
        ("log", hex_text(signed.head.log), "asked was for", hex_text(wanted.head.log)),
        ("count", signed.head.count, "the chain says", wanted.head.count),
        ("head", hex_text(signed.head.head), "the chain says", hex_text(wanted.head.head)),
    )
    return "; ".join(f"{name} {one}, {who} {other}" for name, one, who, other in fields if one != other)


def recover(digest: Hash32, signature: Signature) -> Address:
    """Account that signed a digest. Raises `ProofInvalid` for a signature that no key makes."""
    try:
        ecdsa = EcdsaSignature(vrs=(signature.y_parity, signature.r, signature.s))
        return Address(ecdsa.recover_public_key_from_msg_hash(digest).to_canonical_address())
    except (BadSignature, ValidationError) as bad:
        raise ProofInvalid(f"no key makes this signature: {bad}") from bad

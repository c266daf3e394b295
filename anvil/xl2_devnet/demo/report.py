"""
Demo report: what the chains say of a demo's messages, as rows that can be printed and checks that can fail.

Messages' ids come in; rows (room, time, transaction, gas, evidence, who was trusted) go out. Promise: gas is the
receipt's, and who was trusted is read from the calldata that the inbox or outbox was given, not from who sent it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from attrs import frozen
from eth_abi.abi import decode

import xl2
from xl2.core.attestation import AttestedProof
from xl2.core.evidence import VerifierNumber, class_of
from xl2.core.hashing import keccak
from xl2.core.types import Hash32, MessageId, checksum
from xl2_adapters.chain import EvmChain
from xl2_devnet.demo.scene import Scene

#: Calls that carry evidence, as their second argument: their types by selector.
_CARRIERS = {
    keccak(f"{name}({','.join(types)})".encode())[:4]: types
    for name, types in (("deliver", ["bytes", "bytes", "address"]), ("settle", ["bytes", "bytes"]))
}


@frozen(kw_only=True)
class Row:
    """A room that one message passed."""

    message: str
    room: str
    chain: str
    time: str
    tx_hash: Hash32 | None
    gas: int | None
    #: Kind of the evidence, and its class.
    evidence: str
    trusted: str
    #: Accounts that signed, where signatures were believed.
    signers: tuple[str, ...] = ()


@frozen(kw_only=True)
class Check:
    """Something that has to be so."""

    what: str
    holds: bool
    #: The values that were compared.
    found: str


@frozen(kw_only=True)
class Report:
    """One route of the demo."""

    letter: str
    title: str
    rows: tuple[Row, ...]
    checks: tuple[Check, ...]
    #: From the first transaction to the last, on this machine's clock.
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether everything was as it should be."""
        return all(check.holds for check in self.checks)


def equal(what: str, found: object, wanted: object) -> Check:
    """A check that a value is the one wanted."""
    holds = found == wanted
    return Check(what=what, holds=holds, found=_shown(found) if holds else f"{_shown(found)}, not {_shown(wanted)}")


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return ", ".join(sorted(map(str, value))) if isinstance(value, set) else str(value)


def at_least(what: str, found: int, least: int) -> Check:
    """A check that a number is not below another."""
    return Check(what=what, holds=found >= least, found=f"{found} {'>=' if found >= least else '<'} {least}")


async def rows_of(scene: Scene, client: xl2.AsyncClient, label: str, message: MessageId) -> list[Row]:
    """Every room of a message, with what the chains say of its transaction."""
    status = await client.status(message)
    chains = {chain.chain: chain for chain in (scene.a, scene.b)}
    rows = []
    for step in status.steps:
        chain = chains[step.chain]
        believed = Believed()
        if step.tx_hash is not None:
            believed = _believed(chain, await scene.calldata_of(chain, step.tx_hash))
        at = "" if step.at is None else datetime.fromtimestamp(step.at, UTC).strftime("%H:%M:%S")
        rows.append(
            Row(
                message=label,
                room=step.state,
                chain=scene.name(chain),
                time=at,
                tx_hash=step.tx_hash,
                gas=None if step.tx_hash is None else await scene.gas_of(chain, step.tx_hash),
                evidence=believed.evidence,
                trusted=believed.trusted,
                signers=believed.signers,
            )
        )
    return rows


def act_rows(scene: Scene, label: str, relayed: xl2.Relayed) -> list[Row]:
    """What was done for a message after its last room: value and fee paid out."""
    chains = {chain.chain: chain for chain in (scene.a, scene.b)}
    known = {step.tx_hash for step in relayed.status.steps}
    return [
        Row(
            message=label,
            room=act.what.split(" ")[0],
            chain=scene.name(chains[act.chain]),
            time="",
            tx_hash=act.tx_hash,
            gas=act.gas_used,
            evidence="",
            trusted="",
        )
        for act in relayed.acts
        if act.tx_hash not in known and act.chain == relayed.status.message.origin
    ]


@frozen(kw_only=True)
class Believed:
    """Whose word a transaction rested on."""

    evidence: str = ""
    trusted: str = ""
    signers: tuple[str, ...] = ()


def _believed(chain: EvmChain, calldata: bytes) -> Believed:
    """Read from the evidence that stands in the calldata."""
    types = _CARRIERS.get(calldata[:4])
    return _evidence(chain, decode(types, calldata[4:])[1]) if types else Believed()


def _evidence(chain: EvmChain, evidence: bytes) -> Believed:
    if not evidence:
        return Believed(evidence="known head", trusted="whoever showed it before")
    number = VerifierNumber(evidence[0])
    verifier = next(one for one in chain.settings.verifiers if one.number == number)
    word = class_of(number).name.lower()
    kind = verifier.kind if verifier.kind == word else f"{verifier.kind} {word}"
    if verifier.kind == "attested":
        proof = AttestedProof.parse(evidence[1:], signers=len(verifier.signers))
        signers = tuple(checksum(proof.signers[one.index]) for one in proof.signatures)
        return Believed(evidence=kind, trusted=f"{len(signers)} of {len(proof.signers)} attesters", signers=signers)
    nobody = "nobody: L1 and the canonical bridge" if verifier.kind == "routed" else "nobody: storage proof through L1"
    return Believed(evidence=kind, trusted=nobody)


def failures(reports: Sequence[Report]) -> Iterator[str]:
    """What was not as it should be, in sentences."""
    for report in reports:
        for check in report.checks:
            if not check.holds:
                yield f"({report.letter}) {check.what}: {check.found}"

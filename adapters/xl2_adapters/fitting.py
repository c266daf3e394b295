"""
Fitting: the settings of a chain in, what its contracts say to the contrary out.

Promise: one batch of views and codes tells all of it. What is not there, reverts or answers oddly is a word about the
address that was configured: the endpoint did its part. What `Heads` has under a number, and who signs for a verifier,
never changes, so that time mends neither; only a number that nobody has yet may be given out.
"""

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import ZERO_ADDRESS, Address, address, checksum, hex_text
from xl2.errors import NotYet, Reverted, RpcRejected, RpcUnavailable
from xl2.ports import ChainSettings, Misfit, VerifierSettings
from xl2_adapters.abi import Method
from xl2_adapters.contracts.attested import SIGNERS_HASH, THRESHOLD
from xl2_adapters.contracts.heads import VERIFIER_OF
from xl2_adapters.contracts.inbox import HEADS, RECEIPTS
from xl2_adapters.contracts.outbox import LANE
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json
from xl2_adapters.rpc_wire import data

#: What each of the contracts answers whoever asks, and another one does not.
_PROBES = {
    "outbox": (LANE, (0, 0)),
    "inbox": (RECEIPTS, (bytes(32),)),
    "heads": (VERIFIER_OF, (0,)),
}
_ATTESTED = "attested"
_NO_CODE = (
    "has no code there; correct the address, or the chain was started anew since, or the endpoint has not got that far"
)


@frozen
class _Answers:
    """What was asked, and what came: values, or None where no contract of ours answered."""

    known: dict[tuple[Address, bytes], tuple[Any, ...] | None]
    without_code: frozenset[Address]

    def of(self, contract: Address, method: Method, *given: object) -> tuple[Any, ...] | None:
        return self.known[contract, method.encode(*given)]


async def misfits_of(evm: Evm, settings: ChainSettings) -> list[Misfit]:
    """
    All that does not fit, by one block. `evm`: its chain id was checked.

    Raises `NotYet` where the endpoint has not got as far as our contracts.
    """
    asked = list(_questions(settings))
    accounts = sorted({contract for contract, _, _ in asked})
    tip = (await evm.head(Finality.LATEST)).number
    if tip < settings.start:
        raise NotYet(f"chain {settings.name} is at block {tip} here, and our contracts begin at {settings.start}")
    # By its number: of the newest block one of several endpoints would be believed alone.
    codes = [Request("eth_getCode", (checksum(account), hex(tip))) for account in accounts]
    views = [evm.view_request(contract, method.encode(*given), tip) for contract, method, given in asked]
    outcomes = await evm.rpc.try_batch([*codes, *views])
    bodies = [_said(outcome, evm.endpoint) for outcome in outcomes]
    answers = _Answers(
        known={
            (contract, method.encode(*given)): _values(method, body, evm.endpoint)
            for (contract, method, given), body in zip(asked, bodies[len(codes) :], strict=True)
        },
        without_code=frozenset(account for account, code in zip(accounts, bodies, strict=False) if not code),
    )
    return [*_contracts(settings, answers), *_verifiers(settings, answers)]


def _questions(settings: ChainSettings) -> Iterator[tuple[Address, Method, tuple[object, ...]]]:
    found = settings.contracts
    for role, (method, given) in _PROBES.items():
        yield found[role], method, given
    for role in ("outbox", "inbox"):
        yield found[role], HEADS, ()
    for verifier in settings.verifiers:
        yield found["heads"], VERIFIER_OF, (verifier.number,)
        if verifier.kind == _ATTESTED:
            yield verifier.address, SIGNERS_HASH, ()
            yield verifier.address, THRESHOLD, ()


def _said(outcome: Json | RpcRejected, endpoint: str) -> bytes:
    """What a contract said, nothing where it reverts. Raises where it is the endpoint that does not serve."""
    if isinstance(outcome, Reverted):
        return b""
    if isinstance(outcome, RpcRejected):
        raise outcome
    return data(outcome, endpoint)


def _values(method: Method, body: bytes, endpoint: str) -> tuple[Any, ...] | None:
    try:
        return method.decode(body, endpoint)
    except RpcUnavailable:
        return None


def _contracts(settings: ChainSettings, answers: _Answers) -> Iterator[Misfit]:
    heads, rest_on = settings.contracts["heads"], dict[str, Address]()
    for role, (method, given) in _PROBES.items():
        key, contract = ("contracts", role), settings.contracts[role]
        named = f"the {role} {checksum(contract)} on chain {settings.name}"
        if contract in answers.without_code:
            yield Misfit(key=key, what=f"{named} {_NO_CODE}")
        elif answers.of(contract, method, *given) is None:
            yield Misfit(key=key, what=f"{named} is another contract: it does not answer `{method.name}`")
        elif role != "heads" and (rests := answers.of(contract, HEADS)):
            rest_on[role] = address(rests[0])
    for role, other in rest_on.items():
        if other != heads:
            named = f"the {role} {checksum(settings.contracts[role])} on chain {settings.name}"
            what = f"{named} rests on heads {checksum(other)}, configured are {checksum(heads)}"
            yield Misfit(key=("contracts", "heads"), what=f"{what}; correct whichever of the two is wrong")


def _verifiers(settings: ChainSettings, answers: _Answers) -> Iterator[Misfit]:
    """Only where heads are heads: else all of them would be wrong."""
    heads = settings.contracts["heads"]
    if heads in answers.without_code or answers.of(heads, VERIFIER_OF, 0) is None:
        return
    for place, verifier in enumerate(settings.verifiers):
        here = ("verifiers", place)
        told = answers.of(heads, VERIFIER_OF, verifier.number)
        registered = address(told[0]) if told else ZERO_ADDRESS
        if registered == ZERO_ADDRESS:
            what = f"chain {settings.name} has no verifier {verifier.number} registered at heads {checksum(heads)}"
            yield Misfit(key=(*here, "number"), what=f"{what}; no evidence for it is taken", may_come=True)
        elif registered != verifier.address:
            what = f"verifier {verifier.number} is {checksum(verifier.address)} here, {checksum(registered)} is "
            yield Misfit(key=(*here, "address"), what=f"{what}registered on chain {settings.name}; correct the address")
        elif verifier.kind == _ATTESTED:
            yield from _quorum(verifier, answers, (*here,))


def _quorum(verifier: VerifierSettings, answers: _Answers, here: tuple[str | int, ...]) -> Iterator[Misfit]:
    named = f"AttestedHeads {checksum(verifier.address)}"
    signers, threshold = answers.of(verifier.address, SIGNERS_HASH), answers.of(verifier.address, THRESHOLD)
    if signers is None or threshold is None:
        yield Misfit(key=(*here, "kind"), what=f"{checksum(verifier.address)} is no AttestedHeads; correct the kind")
        return
    if keccak(b"".join(verifier.signers)) != signers[0]:
        what = f"{named} has other signers than these, or in another order: their hash is {hex_text(signers[0])}"
        yield Misfit(key=(*here, "signers"), what=f"{what}; write them as it was deployed with")
    if verifier.threshold != threshold[0]:
        what = f"{named} asks for {threshold[0]} signatures, {verifier.threshold} are configured"
        yield Misfit(key=(*here, "threshold"), what=what)

"""
Doctor of contracts and verifiers: a chain in, whether what stands there is what the configuration says out.

Promise: the first check is of the contracts; with them ill, the others of that chain say nothing more. Each verifier
has a line, so that one that is wrong is found by its number.
"""

from xl2.app.checking import CHAIN_SECONDS, look_at_chain
from xl2.app.fitting import misfits_of
from xl2.core.types import checksum
from xl2.errors import ConfigInvalid
from xl2.operator.values import Check
from xl2.ports import Chain, ChainSettings, Misfit, VerifierSettings
from xl2.sdk import Parts


async def fitting_checks(parts: Parts, chain: Chain) -> list[Check]:
    """Of the contracts first, then of each verifier."""
    settings, found = parts.settings(chain.chain), list[Misfit]()

    async def contracts() -> str:
        found.extend(await misfits_of(chain))
        _require_none(settings, found, "contracts")
        return f"outbox {checksum(chain.outbox)}, inbox {checksum(chain.inbox)}"

    first = await look_at_chain(f"{settings.name}: contracts", contracts, seconds=CHAIN_SECONDS)
    if not first.ok:
        return [first]
    return [first, *[_verifier(settings, place, one, found) for place, one in enumerate(settings.verifiers)]]


def _require_none(settings: ChainSettings, found: list[Misfit], table: str) -> None:
    wrong = [one for one in found if one.key[0] == table]
    if wrong:
        keys = ", ".join(dict.fromkeys(_key(settings, one) for one in wrong))
        raise ConfigInvalid("; ".join(one.what for one in wrong), remedy=f"See {keys} of the configuration.")


def _verifier(settings: ChainSettings, place: int, verifier: VerifierSettings, found: list[Misfit]) -> Check:
    what = f"{settings.name}: verifier {verifier.number}"
    wrong = [one for one in found if one.key[:2] == ("verifiers", place)]
    if wrong:
        said, keys = "; ".join(one.what for one in wrong), ", ".join(_key(settings, one) for one in wrong)
        return Check(what=what, ok=False, said=said, remedy=f"See {keys} of the configuration.")
    said = f"{verifier.kind}, {checksum(verifier.address)}, as registered"
    if verifier.signers:
        said += f"; {verifier.threshold} of {len(verifier.signers)} signers must sign"
    return Check(what=what, ok=True, said=said)


def _key(settings: ChainSettings, misfit: Misfit) -> str:
    return ".".join(("chains", settings.name, *map(str, misfit.key)))

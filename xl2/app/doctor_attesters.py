"""
Doctor of attesters: a configuration in, who of those that it names answers, and as whom, out.

Promise: each attester behind a URL is a line, asked side by side; and each verifier that asks for signatures is one,
which is ill where a relayer is set up here and fewer answer than must sign. Nobody is asked for a signature.
"""

import asyncio
import contextlib
from collections.abc import Collection
from functools import partial

from xl2.app.attesters import ATTESTED, remote_attester, signers_here
from xl2.app.checking import look_at_chain
from xl2.config import Config
from xl2.core.types import Address, checksum
from xl2.errors import Xl2Error
from xl2.operator.values import Check
from xl2.ports import VerifierSettings
from xl2.relayer.attester_watch import who_answers


async def attester_checks(config: Config) -> list[Check]:
    """Of each attester behind a URL, then of each verifier that asks for signatures."""
    urls = config.attester.urls
    looks = [look_at_chain(f"attester {checksum(one)}", partial(_answers, config, one)) for one in urls]
    checks = await asyncio.gather(*looks)
    there = {account for account, check in zip(urls, checks, strict=True) if check.ok}
    # A key that cannot be opened as it is configured signs nothing; of whoever is named to sign with it that is said.
    with contextlib.suppress(Xl2Error):
        there |= signers_here(config)
    verifiers = [(one.name, verifier) for one in config.settings() for verifier in one.verifiers]
    return [
        *checks,
        *(_quorum(config, name, verifier, there) for name, verifier in verifiers if verifier.kind == ATTESTED),
    ]


async def _answers(config: Config, account: Address) -> str:
    attester = remote_attester(config, account)
    try:
        await who_answers(attester)
    finally:
        await attester.close()
    is_asked = any(account in verifier.signers for one in config.settings() for verifier in one.verifiers)
    unasked = "" if is_asked else "; no verifier here has it as a signer, so it is not asked"
    return f"answers at {attester.name}, as this account{unasked}"


def _quorum(config: Config, chain: str, verifier: VerifierSettings, answering: Collection[Address]) -> Check:
    found = [one for one in verifier.signers if one in answering]
    enough = len(found) >= verifier.threshold
    said = f"{len(found)} of {len(verifier.signers)} signers answer, {verifier.threshold} must sign"
    unknown = len([one for one in verifier.signers if one not in answering and one not in config.attester.urls])
    said += f"; of {unknown} no URL is known here" if unknown else ""
    return Check(
        what=f"{chain}: signers of verifier {verifier.number}",
        ok=enough or config.relayer.key not in config.keys,
        said=said,
        remedy=""
        if enough
        else "Bring attesters back, or add [attester.urls]; until then messages wait, or go by other evidence.",
    )

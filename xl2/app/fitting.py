"""
Fitting: a configuration and its chains in, nothing out where the chains are as it says.

Promise: an address, a verifier's number or a set of signers that the chain contradicts is refused at its file, line and
key before anything is carried: no waiting mends it. What may come, as a verifier that is registered later, is told once
and not refused. A chain that cannot compare is taken at its word.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from xl2.config import Config, refusal
from xl2.core.types import ChainId
from xl2.ports import Chain, Fitting, Misfit

log = logging.getLogger(__name__)


async def require_fitting(config: Config, chains: Mapping[ChainId, Chain]) -> None:
    """Raise `ConfigInvalid` for settings that chains contradict, all of them at once."""
    found = await asyncio.gather(*(misfits_of(chain) for chain in chains.values()))
    wrong = []
    for chain, misfits in zip(chains, found, strict=True):
        name = config.chain(chain).name
        for one in misfits:
            if one.may_come:
                log.warning("%s (chains.%s.%s)", one.what, name, ".".join(map(str, one.key)))
            else:
                wrong.append((("chains", name, *one.key), one.what))
    if wrong:
        raise refusal(config, wrong)


async def misfits_of(chain: Chain) -> Sequence[Misfit]:
    """What does not fit on one chain."""
    return await chain.misfits() if isinstance(chain, Fitting) else ()

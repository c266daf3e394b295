"""
Parts: a configuration in, chains, provers, keys and stores put together out.

Promise: nothing here connects to anything, and no key is opened before something is signed. How chains are found is
`families`', who sends on them `sending`'s, who signs heads `attesters`'.
"""

from collections.abc import Callable, Sequence
from functools import cache

from xl2.app.attesters import Attesters
from xl2.app.endpoints import report_to
from xl2.app.families import opened
from xl2.app.sending import Senders
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmLines, Log, Observer, Prover, Signer
from xl2.sdk import Parts
from xl2.store import SqlStore
from xl2.wallet import WalletHooks


def parts_of(
    config: Config,
    *,
    store: SqlStore,
    signer: Callable[[], Signer],
    hooks: WalletHooks,
    observer: Observer | None = None,
    alarms: Alarms | None = None,
) -> Parts:
    """
    Everything a client is made of. Raises `ConfigInvalid` for a chain family that is not installed.

    :param observer: is told of transactions, and of what alarms those who send them or ask endpoints; else the log.
    :param alarms: shared with others who may meet the same causes.
    """
    told = observer or AlarmLines()
    here = opened(config)
    report_to(told, here.connections)
    attesters = Attesters(config, here.chains, alarms)
    senders = Senders(
        config=config, chains=here.everywhere, store=store, signer=signer, hooks=hooks, observer=told, alarms=alarms
    )

    @cache
    def provers(log: Log) -> Sequence[Prover]:
        return tuple(here.provers(log, attesters.of(here.settings[log.reader])))

    async def close() -> None:
        await attesters.close()
        await here.close()
        await store.close()

    return Parts(
        config=config,
        chains=here.chains,
        anchors=here.anchors,
        bare=here.bare,
        provers=provers,
        why_not=here.why_not,
        bridges=cache(here.bridge),
        submitter=senders.submitter,
        journalled=senders.journalled,
        store=store,
        clock=CLOCK,
        hooks=hooks,
        close=close,
    )

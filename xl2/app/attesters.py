"""
Attesters: a configuration in, those who sign heads for its chains out.

Promise: each is made once, and one behind a URL keeps its connections, from log to log and from question to question,
until all are closed. One whose key the configuration itself holds, as on a devnet, is no less careful for that: it
recomputes each head from its own reading of the chain.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, field

from xl2.app.edges import edge
from xl2.app.keys import account_of, open_key
from xl2.attester.attest import HeadAttester
from xl2.clock import CLOCK
from xl2.config import Config
from xl2.core.types import Address, ChainId, checksum
from xl2.errors import ConfigInvalid
from xl2.flow.alarms import Alarms
from xl2.ports import Attester, Chain, ChainSettings, Clock, RemoteAttester
from xl2.relayer.attester_heed import HeededAttester
from xl2.relayer.attester_watch import AttesterWatch, Quorum

#: Name of the verifier kind that asks attesters.
ATTESTED: Final = "attested"


@define
class Attesters:
    """Those of one configuration. Nothing is opened before it is asked for."""

    config: Config
    #: As those see them whose keys are here.
    chains: Mapping[ChainId, Chain]
    #: Are told of who refuses to sign, or signs what does not hold; None: only whoever asks is.
    alarms: Alarms | None = None
    _remote: dict[Address, RemoteAttester] = field(factory=dict, init=False)
    _here: dict[str, HeadAttester] = field(factory=dict, init=False)

    def of(self, reader: ChainSettings) -> Sequence[Attester]:
        """Who signs heads for a chain: those behind URLs, and those whose keys the configuration itself holds."""
        wanted = {account for one in reader.verifiers if one.kind == ATTESTED for account in one.signers}
        urls = self.config.attester.urls
        remote = [self._behind(account) for account in urls if account in wanted]
        here = wanted - set(urls)
        # Only what may be one is opened: others may ask for a password.
        names = [name for name in self.config.keys if account_of(self.config, name) in here] if here else []
        return [*remote, *(self._with(name) for name in names)]

    async def close(self) -> None:
        """Give all connections back; who is asked again opens new ones."""
        for attester in self._remote.values():
            await attester.close()

    def _behind(self, account: Address) -> Attester:
        if account not in self._remote:
            made = remote_attester(self.config, account)
            alarms = self.alarms
            heeded = made if alarms is None else HeededAttester(inner=made, clock=CLOCK, alarms=alarms)
            self._remote[account] = heeded
        return self._remote[account]

    def _with(self, key: str) -> HeadAttester:
        if key not in self._here:
            self._here[key] = attester_of(self.config, key, self.chains)
        return self._here[key]


def remote_attester(config: Config, account: Address) -> RemoteAttester:
    """The attester behind the URL that the configuration has for an account; it connects when it is asked."""
    made: RemoteAttester = edge("attester")(config.attester.urls[account], account)
    return made


def signers_here(config: Config) -> frozenset[Address]:
    """Signers without a URL whose keys the configuration itself holds; where all have one, no key is looked at."""
    signers = {account for one in config.settings() for verifier in one.verifiers for account in verifier.signers}
    here = signers - set(config.attester.urls)
    return frozenset(account for name in config.keys if here and (account := account_of(config, name)) in here)


def attester_watch(config: Config, clock: Clock, alarms: Alarms) -> AttesterWatch:
    """Who watches those behind URLs that a verifier's set has; what is asked of nobody is no relayer's concern."""
    verifiers = [(one.name, verifier) for one in config.settings() for verifier in one.verifiers]
    quorums = [
        Quorum(chain=name, signers=frozenset(one.signers), threshold=one.threshold)
        for name, one in verifiers
        if one.kind == ATTESTED
    ]
    signers = frozenset[Address]().union(*(one.signers for one in quorums))
    urls = config.attester.urls
    return AttesterWatch(
        attesters=[remote_attester(config, account) for account in urls if account in signers],
        here=signers_here(config),
        quorums=quorums,
        clock=clock,
        alarms=alarms,
    )


def attester_of(config: Config, key: str, chains: Mapping[ChainId, Chain]) -> HeadAttester:
    """
    The attester with this key, over its own view of the chains.

    Where a chain has several attested verifiers it signs for the one that names it. Raises `ConfigInvalid` where more
    than one does: a signature is for one contract, and a question does not say for which.
    """
    signer = open_key(config, key)
    verifiers: dict[ChainId, Address] = {}
    for settings in config.settings():
        attested = [one for one in settings.verifiers if one.kind == ATTESTED]
        mine = attested if len(attested) == 1 else [one for one in attested if signer.address in one.signers]
        if len(mine) > 1:
            raise ConfigInvalid(
                f"attester {checksum(signer.address)} is a signer of {len(mine)} attested verifiers on chain "
                f"{settings.name}: {', '.join(checksum(one.address) for one in mine)}",
                remedy=f"Give each its own key, or leave one of them under [chains.{settings.name}].",
            )
        if mine:
            verifiers[settings.chain] = mine[0].address
    return HeadAttester(signer=signer, chains=chains, verifiers=verifiers)

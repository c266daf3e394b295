"""
Rights: what the watcher's key may do, asked of the chains before it is used.

Promise: a key that may do more than pause is refused, with what it may do: a watcher stands in the open, and whoever
takes its key must be able to stop things and nothing else. Tokens that it holds are said, not refused: they are its
owner's to lose.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from xl2.core.types import Address, ChainId, checksum
from xl2.errors import ConfigInvalid
from xl2.ports import Chain, Rights


@frozen(kw_only=True)
class KeyRights:
    """What a key may do on each chain."""

    account: Address
    chains: Mapping[ChainId, Rights]
    #: Chains on which it has nothing to pay gas with.
    penniless: tuple[ChainId, ...] = ()
    #: Other keys of the configuration that are of the same account, by name.
    shared: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it may do, in words."""
        told = []
        for chain, rights in self.chains.items():
            may = "it may pause lanes, verifiers and tokens" if rights.is_guardian else "it may do nothing"
            told.append(f"chain {chain}: {may}" + "".join(f"; it holds {held}" for held in rights.holds))
        return tuple(told)

    @property
    def not_guarded(self) -> tuple[ChainId, ...]:
        """Chains on which it cannot pause."""
        return tuple(chain for chain, rights in self.chains.items() if not rights.is_guardian)

    def require_no_more_than_pausing(self) -> None:
        """Raise `ConfigInvalid` for a key that may do more."""
        beyond = [what for rights in self.chains.values() for what in rights.beyond]
        beyond += [f"it is the key {name!r} of this configuration too" for name in self.shared]
        if beyond:
            raise ConfigInvalid(
                f"the watcher's key {checksum(self.account)} may do more than pause: {'; '.join(beyond)}",
                remedy="Give the watcher a key of its own, make that a guardian (`Guard.setGuardian`), and no more.",
            )

    def require_pausing(self) -> None:
        """Raise `ConfigInvalid` for a key that cannot pause everywhere."""
        if self.not_guarded:
            chains = ", ".join(map(str, self.not_guarded))
            raise ConfigInvalid(
                f"the watcher's key {checksum(self.account)} is no guardian on chain {chains}",
                remedy="Have the owner call `Guard.setGuardian` there, or watch without pausing: --dry-run.",
            )
        if self.penniless:
            chains = ", ".join(map(str, self.penniless))
            raise ConfigInvalid(
                f"the watcher's key {checksum(self.account)} has nothing to pay gas with on chain {chains}",
                remedy="Give it enough for a few transactions there, and watch its balance; or use --dry-run.",
            )


async def key_rights(
    account: Address,
    chains: Mapping[ChainId, Chain],
    bridges: Mapping[ChainId, Sequence[Address]],
    shared: Sequence[str] = (),
) -> KeyRights:
    """Ask the chains. `shared`: names of other keys of the same account."""
    found = {id_: await chain.watched().rights(account, bridges.get(id_, ())) for id_, chain in chains.items()}
    penniless = tuple([id_ for id_, chain in chains.items() if not await chain.balance(account)])
    return KeyRights(account=account, chains=found, penniless=penniless, shared=tuple(shared))

"""
Claiming: a configuration and an account in, the fees that it has earned paid out to it.

Promise: anybody may, for anybody, and the credit goes to who earned it, whoever signs. A key is opened where there is
something to claim, and never signs as a relayer that runs. One chain that does not answer keeps no other from being
claimed on.
"""

from collections.abc import Collection, Sequence

from attrs import frozen

from xl2.app.clients import Source, configuration, signer_of
from xl2.app.keys import account_of
from xl2.app.parts import parts_of
from xl2.app.viewing import view_file
from xl2.config import Config
from xl2.core.types import Address, ChainId, Wei, address, checksum
from xl2.errors import ConfigInvalid, NotAccepted, Refused, Retryable
from xl2.flow.settle import claim
from xl2.operator.client import find
from xl2.ports import SIGNER_LEASES, Chain, Signer, TxReceipt, lease_account
from xl2.sdk import Parts
from xl2.store import SqliteStore, is_shared, open_store
from xl2.wallet import WalletHooks


@frozen(kw_only=True)
class Claimed:
    """What became of an account's credit on a chain."""

    chain: ChainId
    name: str
    credit: Wei
    #: None: nothing was claimed.
    receipt: TxReceipt | None = None
    #: Why not, where there may be credit.
    why_not: str = ""


async def claim_fees(
    source: Source = None,
    *,
    hooks: WalletHooks,
    account: Address | None = None,
    chain: str | None = None,
    key: str | None = None,
) -> tuple[Address, list[Claimed]]:
    """
    Claim on every chain, or on one. Returns for whom, and what became of it.

    :param account: whose fees; else the relayer's payee, or the account that pays for it, of the one that runs first.
    :param key: pays gas: a name under the configuration's `keys`; else its `key`.
    :raises NotAccepted: the key is the one of a relayer that runs, here or on the same shared store.
    """
    config = configuration(source)
    running = await _running(config)
    paying = {*running, *await _leased(config)}
    earner = account or _earner(config, running)
    if (known := account_of(config, key or config.key)) is not None:
        _refuse(known, paying)
    opened = signer_of(config, key=key)

    def signer() -> Signer:
        made = opened()
        _refuse(made.address, paying)
        return made

    store = SqliteStore(config.path(config.journal))
    parts = parts_of(config, store=store, signer=signer, hooks=hooks)
    try:
        wanted = parts.chains.values() if chain is None else [parts.chain(chain)]
        return earner, [await _claimed(parts, one, earner) for one in wanted]
    finally:
        await parts.close()


async def _claimed(parts: Parts, chain: Chain, earner: Address) -> Claimed:
    name, credit = parts.settings(chain.chain).name, Wei(0)
    try:
        credit = await chain.credit(earner)
        receipt = await claim(chain, parts.submitter(chain.chain), earner, Wei(1)) if credit else None
    except NotAccepted:
        raise
    except (Retryable, Refused) as silent:
        return Claimed(chain=chain.chain, name=name, credit=credit, why_not=silent.what)
    return Claimed(chain=chain.chain, name=name, credit=credit, receipt=receipt)


def _earner(config: Config, running: Sequence[Address]) -> Address:
    name = config.relayer.key
    configured = account_of(config, name) if name in config.keys else None
    known = config.relayer.payee or next(iter(running), configured)
    if known is None:
        raise ConfigInvalid(
            "whose fees are to be claimed is not known: there is no relayer.payee, and relayer.key tells no account",
            remedy="Name the account: --account 0x...",
        )
    return known


async def _running(config: Config) -> Sequence[Address]:
    """What the relayer signs with that runs here, whatever key it was given; none where none runs."""
    where = await find(view_file(config))
    return [address(where.pays)] if where is not None and where.pays else []


async def _leased(config: Config) -> Sequence[Address]:
    """What relayers sign with on a store that is shared, on whatever machines."""
    if not is_shared(config.relayer.store):
        return ()
    async with open_store(config.relayer.store, config.source.parent, is_waited_for=False) as store:
        return [lease_account(one.name) for one in await store.leases(SIGNER_LEASES)]


def _refuse(account: Address, paying: Collection[Address]) -> None:
    """Two who sign for one account take each other's nonces."""
    if account in paying:
        raise NotAccepted(
            f"a relayer that runs signs as {checksum(account)} already; two at once would take each other's nonces",
            remedy="Pay by another key (--key NAME): anybody may claim, and it goes to who earned it.",
        )

"""
Clients: a configuration, an account and hooks in, a client out.

Promise: making one reads files and nothing else; keys are looked for when something is first signed, so that reading
needs none.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from xl2 import mask
from xl2.app.development_keys import refuse_off_devnets
from xl2.app.edges import edge
from xl2.app.keys import open_key
from xl2.app.parts import parts_of
from xl2.config import Config, find, load, secrets_in
from xl2.ports import Signer
from xl2.sdk import AsyncClient, Client
from xl2.store.sqlite import SqliteStore
from xl2.wallet import Unattended, WalletHooks

#: A configuration, its file, or None: the one that is found.
Source = Config | Path | str | None
#: A private key, or an account of eth-account.
Account = Any
#: By name of chain, an RPC URL or a `Web3`/`AsyncWeb3`.
Providers = Mapping[str, Any]


def connect(
    source: Source = None,
    *,
    account: Account = None,
    key: str | None = None,
    hooks: WalletHooks | None = None,
    providers: Providers | None = None,
) -> Client:
    """
    Make a client for programs without an event loop.

    :param source: a configuration file (`xl2.toml`, `devnet.json`) or a `Config`; else the one that is found.
    :param account: signs: a private key, or an eth-account account. Else the key that the configuration names.
    :param key: a name under the configuration's `keys`, instead of `account`.
    :param hooks: sees every transaction before it is signed.
    :param providers: by name of chain, a URL or a `Web3` to reach it by, instead of the configuration's.
    :raises ConfigInvalid: the configuration cannot be used.
    """

    async def make() -> AsyncClient:
        return connect_async(source, account=account, key=key, hooks=hooks, providers=providers)

    return Client(make)


def connect_async(
    source: Source = None,
    *,
    account: Account = None,
    key: str | None = None,
    hooks: WalletHooks | None = None,
    providers: Providers | None = None,
) -> AsyncClient:
    """Make a client for programs with an event loop; see `connect`."""
    config = reached_by(configuration(source), providers or {})
    store = SqliteStore(config.path(config.journal))
    parts = parts_of(config, store=store, signer=signer_of(config, account, key), hooks=hooks or Unattended())
    return AsyncClient(parts)


def configuration(source: Source) -> Config:
    """The configuration that is meant. Raises `ConfigInvalid`."""
    if isinstance(source, Config):
        return source
    read = load(find() if source is None else Path(source))
    # Whatever is printed from now on is masked by them.
    mask.hide(*secrets_in(read))
    return read


def reached_by(config: Config, providers: Providers) -> Config:
    """The configuration with chains reached another way. Raises `NotFound` for a chain that it has not."""
    urls = {
        config.chain(name).name: provider if isinstance(provider, str) else str(edge("web3").rpc_url(provider))
        for name, provider in providers.items()
    }
    return config.reached_by(urls)


def signer_of(config: Config, account: Account = None, key: str | None = None) -> Callable[[], Signer]:
    """Who signs, made when something is first signed."""

    @cache
    def signer() -> Signer:
        if account is None:
            return open_key(config, key or config.key)
        made: Signer = edge("web3").signer(account)
        refuse_off_devnets(config, made.address, "the account")
        return made

    return signer

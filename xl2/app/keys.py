"""
Keys: a configuration and the name of a key in, a signer out.

Promise: whoever keeps a key is found by an entry point of the group `xl2.signers`, so a key can be kept by another
distribution; opening one signs nothing. What a plug-in signs is compared. Keys that everybody knows are refused
off devnets. Which account a key is can be told without opening it, where the configuration says so.
"""

import logging
import stat
from functools import cache
from pathlib import Path
from typing import Final

from xl2 import mask
from xl2.app.development_keys import refuse_off_devnets
from xl2.app.edges import edge
from xl2.app.installed import installed, names
from xl2.config import Config, Secret, keys_in
from xl2.config.keys import PluginKey, opened_by
from xl2.core.types import ADDRESS_SIZE, Address
from xl2.errors import ConfigInvalid
from xl2.ports import KeySettings, OpenedLater, Signer, SignerMaker

logger = logging.getLogger(__name__)

SIGNERS: Final = "xl2.signers"


def open_key(config: Config, name: str, *, is_alarmed: bool = False) -> Signer:
    """
    The signer of a key. `is_alarmed`: whoever asks alarms where it is opened only later; else that is a line here.

    Raises `NotFound` where there is none of that name, `ConfigInvalid` where it cannot be opened as it is configured or
    may not sign on these chains.
    """
    key = config.key_named(name)
    entry, table = opened_by(key)
    made: Signer = _maker(name, entry)(
        KeySettings(
            name=name,
            address=None if isinstance(key, Secret) else key.address,
            folder=config.source.parent,
            table=table,
            hide=mask.hide,
        )
    )
    if isinstance(key, PluginKey):
        _check(name, key, made)
        made = edge("checked")(made)
    if isinstance(key, Secret) and config.devnet is None:
        # A devnet's keys are everybody's anyway.
        _warn_of_open_file(config.source)
    refuse_off_devnets(config, made.address, f"keys.{name}")
    if not is_alarmed and isinstance(made, OpenedLater) and (lost := made.not_opened):
        # In words: a field named as a key would be masked, and this is where it stands in the configuration.
        logger.warning("%s; it is opened when something is signed. %s", lost.what, lost.remedy)
    return made


def account_of(config: Config, name: str) -> Address | None:
    """Which account a key is, without a password and without asking anybody; None where that cannot be told."""
    key = config.key_named(name)
    if isinstance(key, Secret):
        return open_key(config, name).address
    return key.address


@cache
def _warn_of_open_file(path: Path) -> None:
    """Say once where a file that holds private keys may be read by others."""
    held = keys_in(path)
    if held and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        # In words: a command that renders no fields prints this line as it is.
        logger.warning(
            "%s holds private keys (%s), and others on this machine may read it: run `chmod 600 %s`, "
            "and better keep them in keystores (docs/how-to/keys.md)",
            *(path, ", ".join(held), path),
        )


def _maker(name: str, entry_name: str) -> SignerMaker:
    maker: SignerMaker | None = installed(SIGNERS, entry_name)
    if maker is None:
        raise ConfigInvalid(
            f"keys.{name}: no {entry_name!r} is installed that opens keys (entry point group {SIGNERS})",
            remedy=f"Installed are: {names(SIGNERS)}. Correct `plugin`, or install the package that brings it.",
        )
    return maker


def _check(name: str, key: PluginKey, made: object) -> None:
    """Another's signer is one, and of the account that the configuration says."""
    account = getattr(made, "address", None)
    if not isinstance(account, bytes) or len(account) != ADDRESS_SIZE:
        raise ConfigInvalid(
            f"keys.{name}: the plug-in {key.plugin} gave a {type(made).__name__}, which has no address of 20 bytes",
            remedy="Mend the plug-in: it returns an `xl2.ports.Signer`.",
        )
    if key.address is not None and key.address != account:
        raise ConfigInvalid(
            f"keys.{name}: the plug-in {key.plugin} opened the key of another account than `address` says",
            remedy="Correct `address`, or what the plug-in is told.",
        )

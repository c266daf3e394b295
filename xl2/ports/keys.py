"""
Keys: where a private key is kept becomes a `Signer`; the port of the entry point group `xl2.signers`.

Comes in: one key's table of the configuration. Goes out: a signer. Promise of whoever implements it: the key, its
password and what leads to them stand in no error, no `repr` and no log, and making a signer signs nothing. Which
chains a key may be used on is left to the house.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen

from xl2.core.types import Address
from xl2.errors import KeyLost
from xl2.ports.transactions import Signer


@frozen(kw_only=True)
class KeySettings:
    """One key of the configuration, for whoever opens it."""

    #: Under `keys` of the configuration, and in every error about it; empty: it is just being made, and stands nowhere.
    name: str
    #: Account that the configuration says it is; None where it does not. One that differs is refused.
    address: Address | None
    #: Folder that paths of the table are relative to.
    folder: Path
    #: The rest of its table, with secrets in the clear.
    table: Mapping[str, Any] = field(repr=False)
    #: Is told every secret that is found on the way, so that no log shows it.
    hide: Callable[[str], object] = field(default=lambda _: None, repr=False)


@runtime_checkable
class OpenedLater(Protocol):
    """A signer whose key could not be opened when it was made, and is when something is signed."""

    @property
    def not_opened(self) -> KeyLost | None:
        """Why it is not opened yet; None: it is."""
        ...


class SignerMaker(Protocol):
    """What an entry point of the group `xl2.signers` is."""

    def __call__(self, key: KeySettings) -> Signer:
        """
        Open a key.

        Raises `ConfigInvalid` where it can never be opened as it is configured, `KeyLost` where it may be later.
        """
        ...

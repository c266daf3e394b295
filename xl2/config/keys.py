"""
Keys: what the configuration says of a private key: the key itself, or who keeps it.

In: a string or a table under `[keys]`. Out: a `Secret`, a `Keystore`, a `RemoteKey` or a `PluginKey`. Promise: no value
of a key is repeated in an error. Nothing is opened here: that is done by entry points of the group `xl2.signers`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from xl2.config.complaint import Complaints
from xl2.config.secret import Secret
from xl2.core.types import Address
from xl2.errors import InvalidInput

ETH_SIGN_TRANSACTION: Final = "eth_signTransaction"
ETH1_SIGN: Final = "eth1_sign"


@frozen(kw_only=True)
class Keystore:
    """A keystore of version 3 (Web3 Secret Storage); its password comes from one of the three places."""

    keystore: Path
    password_file: Path | None = None
    #: File descriptor that the process was started with; it is read to its end, once.
    password_fd: int | None = None
    #: Ask at the terminal.
    prompt: bool = False
    #: Account that it must hold; with it, a file that cannot be read yet does not stop a daemon.
    address: Address | None = None


@frozen(kw_only=True)
class RemoteKey:
    """A key that a signer of Web3Signer's kind keeps and signs with."""

    #: Where the signer answers; may carry a password, so it is never printed.
    remote: Secret
    #: The account; what comes back is refused where it is another's.
    address: Address
    #: How transactions are signed: `eth_signTransaction`, which knows one chain a process, or `eth1_sign`.
    transactions: str = ETH_SIGN_TRANSACTION
    timeout_seconds: float = 10.0


@frozen(kw_only=True)
class PluginKey:
    """A key that another distribution opens: an entry point of the group `xl2.signers`."""

    plugin: str
    address: Address | None = None
    #: The rest of its table. Which of its texts are secrets only the plug-in knows, so each is one here.
    table: Mapping[str, Any] = field(factory=dict, repr=False)


#: What stands under a name of `[keys]`; a `Secret` is the private key itself.
Key: TypeAlias = Secret | Keystore | RemoteKey | PluginKey

_KINDS: Final = {"keystore": Keystore, "remote": RemoteKey, "plugin": PluginKey}


def key_of(value: object, structure: Callable[[Any, type[Any]], Any]) -> Key:
    """
    Read what stands under a name of `[keys]`. `structure`: reads a table strictly as a class.

    Raises `InvalidInput`, or what `structure` raises.
    """
    if isinstance(value, str):
        return Secret(value)
    if not isinstance(value, dict):
        raise InvalidInput("this is neither text nor a table (its value is not shown here)")
    kinds = [kind for word, kind in _KINDS.items() if word in value]
    if len(kinds) != 1:
        raise InvalidInput(
            f"a key's table has one of {', '.join(_KINDS)}; this one has {len(kinds)} of them "
            "(a private key itself is a string, not a table)"
        )
    if kinds[0] is PluginKey:
        known = {name: value[name] for name in ("plugin", "address") if name in value}
        table = {name: _concealed(inner) for name, inner in value.items() if name not in known}
        plugin: PluginKey = structure(known, PluginKey)
        return evolve(plugin, table=table)
    made: Key = structure(value, kinds[0])
    return made


def opened_by(key: Key) -> tuple[str, dict[str, Any]]:
    """Entry point that opens a key, and the table it is given, with secrets in the clear."""
    match key:
        case Secret():
            return "raw", {"key": key.reveal()}
        case Keystore():
            password = {"password_file": key.password_file, "password_fd": key.password_fd, "prompt": key.prompt}
            return "keystore", {"keystore": key.keystore, **password}
        case RemoteKey():
            asked = {"transactions": key.transactions, "timeout_seconds": key.timeout_seconds}
            return "remote", {"remote": key.remote.reveal(), **asked}
        case PluginKey():
            return key.plugin, {name: _revealed(inner) for name, inner in key.table.items()}


def complaints(keys: Mapping[str, Key]) -> Complaints:
    """What is wrong with keys, without their values."""
    for name, key in keys.items():
        here = ("keys", name)
        match key:
            case Secret() if not is_key(key.reveal()):
                yield here, "a private key is 0x and 64 hex digits (its value is not shown here)"
            case Keystore():
                places = (key.password_file is not None, key.password_fd is not None, key.prompt)
                if sum(places) != 1:
                    yield here, f"a keystore has one of password_file, password_fd, prompt = true; not {sum(places)}"
                if key.password_fd is not None and key.password_fd < 0:
                    yield (*here, "password_fd"), f"{key.password_fd} is no file descriptor"
            case RemoteKey():
                if not key.remote.reveal().startswith(("http://", "https://")):
                    yield (*here, "remote"), "its URL begins with http:// or https:// (its value is not shown here)"
                if key.transactions not in (ETH_SIGN_TRANSACTION, ETH1_SIGN):
                    said = f"{key.transactions!r} is neither {ETH_SIGN_TRANSACTION} nor {ETH1_SIGN}"
                    yield (*here, "transactions"), said
                if key.timeout_seconds <= 0:
                    yield (*here, "timeout_seconds"), f"{key.timeout_seconds} is no time to wait"
            case _:
                pass


def _concealed(value: object) -> object:
    """A text as a secret, and what holds texts as what holds secrets."""
    if isinstance(value, dict):
        return {name: _concealed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_concealed(inner) for inner in value]
    return Secret(value) if isinstance(value, str) else value


def _revealed(value: object) -> object:
    if isinstance(value, dict):
        return {name: _revealed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_revealed(inner) for inner in value]
    return value.reveal() if isinstance(value, Secret) else value


def is_key(text: str) -> bool:
    """Whether a text is a private key in hex."""
    digits = text.removeprefix("0x")
    return len(digits) == 64 and all(digit in "0123456789abcdefABCDEF" for digit in digits) and int(digits, 16) > 0

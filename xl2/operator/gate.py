"""
Gate: who may ask, and who may order.

Promise: a request whose Host is none of ours is refused, so that a web page cannot reach us through a name that it
rebinds to loopback; an order needs the token, compared in constant time; without a token of the configuration nobody
listens on another address than loopback.
"""

import contextlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from attrs import field, frozen

from xl2.config.tree import MIN_TOKEN
from xl2.errors import ConfigInvalid, Refused

_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_PRIVATE: Final = 0o600


class Unauthorized(Refused):
    """The order came without the token, or with another."""

    default_remedy = (
        "Send `Authorization: Bearer TOKEN`; the token is in the configuration, or in the file beside the store."
    )


class WrongHost(Refused):
    """The request was meant for another host."""

    default_remedy = "Ask by the address that the relayer listens on, or add the name under `relayer.hosts`."


@frozen(kw_only=True)
class Gate:
    """Lets requests in, or raises."""

    token: str = field(repr=False)
    #: Names by which we may be asked, without port.
    hosts: frozenset[str]

    def admit(self, host: str) -> None:
        """Raises `WrongHost` where the Host header names none of ours."""
        name = host_of(host)
        if name not in self.hosts:
            raise WrongHost(f"this is no request for {host[:100]!r}")

    def authorize(self, header: str | None) -> None:
        """Raises `Unauthorized` where the Authorization header does not hold the token."""
        scheme, _, given = (header or "").partition(" ")
        # A header may hold any bytes; what is no text comes as lone surrogates.
        token = given.strip().encode(errors="surrogatepass")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token, self.token.encode()):
            raise Unauthorized("this order needs the token of the relayer" if not header else "this is not the token")


def gate_for(host: str, token: str, names: Iterable[str] = ()) -> Gate:
    """The gate of who listens on an address. `names`: further names of it."""
    own = _LOOPBACK_NAMES if is_loopback(host) else (host,)
    return Gate(token=token, hosts=frozenset(name.lower() for name in (*own, *names)))


def host_of(header: str) -> str:
    """Host of a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_for(host: str, given: str, file: Path) -> str:
    """
    The token of orders: what the configuration gives, else that of `file`, which is made (mode 0600) where it is not.

    Raises `ConfigInvalid` for a short one, and where a public address has none in the configuration.
    """
    if given:
        if len(given) < MIN_TOKEN:
            raise ConfigInvalid(
                f"relayer.token has {len(given)} characters, too few to keep anybody out",
                remedy=f"Give at least {MIN_TOKEN}, from a random source.",
            )
        return given
    if not is_loopback(host):
        raise ConfigInvalid(
            f"relayer.listen is {host}, which others can reach, and there is no token",
            remedy="Set XL2_RELAYER__TOKEN, or listen on 127.0.0.1 and put a proxy with a login before it.",
        )
    return kept_token(file) or _made(file)


def kept_token(file: Path) -> str:
    """The token in a file, empty where there is none. Raises `ConfigInvalid` where others may read it."""
    try:
        with file.open(encoding="ascii") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise ConfigInvalid(
                    f"others may read the token in {file}",
                    remedy=f"Delete {file.name}: a new one is made; or chmod 600.",
                )
            return opened.read().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as bad:
        raise ConfigInvalid(f"the token in {file} cannot be read: {bad}", remedy="Delete the file.") from bad


def _made(file: Path) -> str:
    token = secrets.token_urlsafe(32)
    with contextlib.suppress(FileNotFoundError):
        file.unlink()  # an empty one
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except OSError as bad:
        raise ConfigInvalid(
            f"no token can be kept in {file}: {bad.strerror}", remedy="Name a store in a folder that may be written."
        ) from bad
    with os.fdopen(made, "w", encoding="ascii") as opened:
        opened.write(token + "\n")
    return token

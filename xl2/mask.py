"""
Mask: text in, the same text without the secrets of this process out.

Promise: a secret that was told here shows in no text that passed, in none of the forms it takes on its way: without 0x,
in capitals, as a decimal number, percent-encoded in a URL, escaped in JSON, in base64 as HTTP sends a password; and of
a URL no user, path or query shows, whoever's it is. One process has one set of secrets: they come from its
configuration, and from whoever opens keys.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from attrs import frozen

MASK: Final = "[masked]"
#: What is shorter stands in innocent words too often to be masked; nobody's secret is so short.
_MIN_LENGTH: Final = 4
#: Shorter parts of a URL's path are words (`v3`, `rpc`), longer ones may be keys.
_MIN_URL_PART: Final = 8

_KEYS_IN_PATH: Final = ("http", "https", "ws", "wss")

_URL: Final = re.compile(r"\b((?:https?|wss?|postgres(?:ql)?)://)(?:[^/\s@'\"]*@)?([^/\s?#'\"]+)[^\s'\"]*")
_HEX_KEY: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")

_hidden: set[str] = set()


def begin(secrets: Iterable[str] = ()) -> None:
    """Know these secrets, and no others from before."""
    _hidden.clear()
    _known.cache_clear()
    hide(*secrets)


def hide(*secrets: str) -> None:
    """Know these secrets too. A URL is hidden in its parts: its host may be shown."""
    _hidden.update(form for secret in secrets for form in _forms(secret))
    _known.cache_clear()


def masked(text: str) -> str:
    """The text without secrets."""
    known = _known()
    low = text.lower()
    # Nearly no text has any: to look for each in turn is many times quicker than the pattern.
    if len(low) >= _MIN_LENGTH and any(form in low for form in known.lower):
        text = known.pattern.sub(MASK, text)
    return _URL.sub(r"\1\2", text) if "://" in low else text


@frozen
class _Known:
    lower: tuple[str, ...]
    pattern: re.Pattern[str]


@cache
def _known() -> _Known:
    """All forms of all secrets, longest first: one that contains another is masked whole."""
    forms = sorted(_hidden, key=len, reverse=True)
    lower = tuple(dict.fromkeys(form.lower() for form in forms))
    return _Known(lower, re.compile("|".join(map(re.escape, forms)), re.IGNORECASE))


def _forms(secret: str) -> Iterator[str]:
    for part in _of_url(secret) if "://" in secret else [secret]:
        if len(part) < _MIN_LENGTH:
            continue
        yield from (part, quote(part), quote(part, safe=""), quote_plus(part))
        yield from (json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], repr(part)[1:-1])
        yield b64encode(part.encode()).decode().rstrip("=")
        if key := _HEX_KEY.fullmatch(part):
            yield from (key[1], str(int(key[1], 16)), b64encode(bytes.fromhex(key[1])).decode().rstrip("="))


def _of_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        yield url
        return
    if password:
        yield from (password, unquote(password), f"{user}:{password}", f"{unquote(user)}:{unquote(password)}")
    # The path of a database's URL is its name.
    path = parts.path.split("/") if parts.scheme in _KEYS_IN_PATH else []
    pieces = [*path, *(value for _, value in parse_qsl(parts.query)), parts.fragment]
    pieces += [user] if not password and parts.scheme in _KEYS_IN_PATH else []
    for piece in pieces:
        if len(piece) >= _MIN_URL_PART:
            yield from (piece, unquote(piece))

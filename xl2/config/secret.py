"""
Secret: text that is never printed, wherever it goes.

Promise: `repr`, `str` and every other way to show the value hide it; `reveal` is called where it is used. Whoever masks
logs finds every secret of a tree by `secrets_in`; a URL that is a host and no more is none, as endpoints go by it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

#: Scheme, host and port: what logs and alarms call an endpoint.
_HOST_ALONE: Final = re.compile(r"\w+://[^/@?#\s]+/?")


class Secret:
    """
    Text that is never printed: `repr` and `str` hide it, `reveal` is called where it is used.

    No attrs class on purpose: whatever walks the fields of a tree (`asdict`, a converter) finds none here.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret([masked])"

    def __str__(self) -> str:
        return "[masked]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


def secrets_in(value: object) -> Iterator[str]:
    """Every secret of a tree of settings, in the clear."""
    if isinstance(value, Secret):
        if not _HOST_ALONE.fullmatch(value.reveal()):
            yield value.reveal()
    elif attrs.has(kind := type(value)):
        for attribute in attrs.fields(kind):
            inner = getattr(value, attribute.name)
            # A text that its class does not show: a place that may be a URL with a password.
            concealed = attribute.repr is False and isinstance(inner, str) and "://" in inner
            yield from secrets_in(Secret(inner) if concealed else inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for inner in value:
            yield from secrets_in(inner)

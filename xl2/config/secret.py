"""
Secret: text that is never printed, wherever it goes.

Promise: `repr`, `str` and every other way to show the value hide it; `reveal` is called where it is used. Whoever masks
logs finds every secret of a tree by `secrets_in`.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs
from attrs import field, frozen


@frozen
class Secret:
    """Text that is never printed: `repr` and `str` hide it, `reveal` is called where it is used."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __str__(self) -> str:
        return "[masked]"


def secrets_in(value: object) -> Iterator[str]:
    """Every secret of a tree of settings, in the clear."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif attrs.has(type(value)):
        for attribute in attrs.fields(type(value)):
            yield from secrets_in(getattr(value, attribute.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for inner in value:
            yield from secrets_in(inner)

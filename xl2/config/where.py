"""
Where: on which line of a TOML file a key stands.

In: the text and a path of keys. Out: a line number from 1, or None where it cannot be told. Promise: a number that is
given is right; this only reads headers and the beginnings of lines, so a key in an inline table is placed at its table.
"""

import re
from typing import Final

_HEADER: Final = re.compile(r"^\s*\[(\[?)\s*([^\]#]+?)\s*\]")
_KEY: Final = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")

Path = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int | None:
    """Line of the longest beginning of `path` that the text shows; None where it shows nothing of it."""
    lines = {_plain(known): number for known, number in _lines(text).items()}
    for length in range(len(path), 0, -1):
        if _plain(path[:length]) in lines:
            return lines[_plain(path[:length])]
    return None


def _plain(path: Path) -> Path:
    """Addresses are the same in any case of their letters."""
    return tuple(part.lower() if isinstance(part, str) and part.startswith("0x") else part for part in path)


def _lines(text: str) -> dict[Path, int]:
    found: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    in_string = ""
    for number, line in enumerate(text.splitlines(), 1):
        # A header inside a multi-line string is text.
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2 and in_string in ("", quotes):
                in_string = "" if in_string else quotes
        if in_string:
            continue
        if header := _HEADER.match(line):
            table = _absolute(_split(header[2]), counts)
            if header[1]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            _note(found, table, number)
        elif key := _KEY.match(line):
            _note(found, (*table, *_split(key[1])), number)
    return found


def _note(found: dict[Path, int], path: Path, number: int) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], number)


def _split(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _absolute(path: Path, counts: dict[Path, int]) -> Path:
    """`[tokens.on.a]` after `[[tokens]]` speaks of the last token."""
    whole: Path = ()
    for place, part in enumerate(path):
        whole = (*whole, part)
        if whole in counts and place + 1 < len(path):
            whole = (*whole, counts[whole])
    return whole

"""
Log: the lines that the packages write by stdlib `logging` are rendered for a person or a machine.

In: records whose message is a constant event name, with data in `extra={"fields": {...}}`; `message_id` and `lane`
from `bound`. Out: one line each on stderr, JSON or console. Promise: no line shows a secret, whether it stands under a
telling name, in the path of a URL, or is one of the strings that the configuration calls secret. Loaded by the command
line and the daemons alone: a program that uses xl2 as a library renders logs as it likes.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Final, TextIO, TypeAlias

import structlog
from structlog.contextvars import bound_contextvars as bound

from xl2 import mask
from xl2.mask import MASK

Event: TypeAlias = MutableMapping[str, Any]  # structlog's own type of an event
Processor: TypeAlias = Callable[[Any, str, Event], Event]

__all__ = ["MASK", "bound", "configure"]

_TELLING: Final = re.compile(r"(private|secret|password|passphrase|mnemonic|authorization|api_?key|token$|_key$|^key$)")


def configure(
    *, level: str = "INFO", form: str = "console", secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Render all logging of this process. What `mask` is told later is masked too.

    `level`: a name of the stdlib. `form`: `console` or `json`. `secrets`: strings that must never be printed.
    `stream`: where to write; stderr unless given, because stdout belongs to the command's answer.
    """
    out = stream or sys.stderr
    mask.begin(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _fields,
        structlog.processors.format_exc_info,
        _mask,
    ]
    console = structlog.dev.ConsoleRenderer(colors=out.isatty())
    last = structlog.processors.JSONRenderer() if form == "json" else console
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _fields(_logger: object, _method: str, event: Event) -> Event:
    """The data of `extra={"fields": ...}` become fields of the line; they never replace its own."""
    record = event.get("_record")
    fields = getattr(record, "fields", None)
    if isinstance(fields, dict):
        for name, value in fields.items():
            event.setdefault(str(name), value)
    return event


def _mask(_logger: object, _method: str, event: Event) -> Event:
    """Names of fields are masked too: some are made of what came in."""
    return {
        mask.masked(name): value if name in ("_record", "_from_structlog") else _masked(name, value)
        for name, value in event.items()
    }


def _masked(name: str, value: object) -> object:
    """A value as it may be printed under a name. What is no plain value is printed as its text."""
    if value is None or isinstance(value, bool):
        return value
    if _TELLING.search(name):
        return MASK
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, dict):
        return {mask.masked(str(key)): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(name, inner) for inner in value]
    return mask.masked("0x" + value.hex() if isinstance(value, bytes) else str(value))

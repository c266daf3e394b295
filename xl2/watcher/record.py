"""
Record: a contradiction as a file that a person, or `xl2 watcher verify`, can go through fact by fact.

In: a contradiction. Out: JSON, and back. Promise: what is written is read back as the same facts; a file is named for
its contradiction and written whole or not at all. Bytes are 0x and hex; amounts are whole numbers.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
from attrs import frozen

from xl2 import whole
from xl2.core.types import Address, ChainId, hex_text
from xl2.errors import InvalidInput
from xl2.watcher.brake import Pulled
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.facts import (
    Fact,
    HeadTaken,
    Holding,
    LogBroken,
    LogStands,
    NeverSent,
    NonceDelivered,
    TransferMoved,
)
from xl2.watcher.witness import Testimony

_FACTS: Final[Mapping[str, type[Any]]] = {
    "head-taken": HeadTaken,
    "log-stands": LogStands,
    "log-broken": LogBroken,
    "holding": Holding,
    "transfer-moved": TransferMoved,
    "never-sent": NeverSent,
    "nonce-delivered": NonceDelivered,
}
_REMEDY = "Name a file that `xl2 watcher run` wrote."


def written(
    contradiction: Contradiction, margin_seconds: int, said: Testimony, pulled: Sequence[Pulled]
) -> dict[str, Any]:
    """A contradiction, who confirmed it and what was paused, as JSON has it."""
    names = {kind: name for name, kind in _FACTS.items()}
    tree: dict[str, Any] = _CONVERTER.unstructure(
        {
            "contradiction": contradiction.id,
            "kind": contradiction.kind.value,
            "what": contradiction.why(margin_seconds),
            "margin_seconds": margin_seconds,
            "facts": [{"fact": names[type(one)], **attrs.asdict(one)} for one in contradiction.facts],
            "ends": dict(contradiction.ends),
            "confirmed_by": dict(said.yes),
            "denied_by": dict(said.no),
            "silent": dict(said.nothing),
            "paused": [{"pause": type(one.pause).__name__, **attrs.asdict(one)} for one in pulled],
        }
    )
    return tree


def read(path: Path) -> tuple[Contradiction, int]:
    """The contradiction of a file, and the margin that it was judged by. Raises `InvalidInput` for any other file."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        facts = tuple(_fact(one) for one in tree["facts"])
        ends = {ChainId(int(chain)): _CONVERTER.structure(end, Address) for chain, end in tree["ends"].items()}
        margin = tree["margin_seconds"]
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}", remedy=_REMEDY) from error
    except json.JSONDecodeError as bad:
        what = f"it is no JSON from line {bad.lineno}, column {bad.colno} on"
        raise InvalidInput(f"{path} is no evidence of a contradiction: {what}", remedy=_REMEDY) from bad
    except KeyError as bad:
        what = f"{bad} is missing in it, or is no fact's name"
        raise InvalidInput(f"{path} is no evidence of a contradiction: {what}", remedy=_REMEDY) from bad
    except (ValueError, TypeError, AttributeError, cattrs.BaseValidationError) as bad:
        what = "a value in it is not what a watcher writes"
        raise InvalidInput(f"{path} is no evidence of a contradiction: {what}", remedy=_REMEDY) from bad
    if not facts or type(margin) is not int:
        raise InvalidInput(f"{path} is no evidence of a contradiction: it has no facts", remedy=_REMEDY)
    return Contradiction(facts=facts, ends=ends), margin


@frozen
class Cabinet:
    """The folder that evidence is kept in."""

    folder: Path

    def path(self, contradiction: Contradiction) -> Path:
        """Where a contradiction is kept."""
        return self.folder / f"{contradiction.kind.value}-{contradiction.id.hex()[:16]}.json"

    def keep(self, contradiction: Contradiction, tree: Mapping[str, Any]) -> Path:
        """Write what there is; what stood there of the same contradiction is replaced."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(contradiction)
        # For anybody: it holds nothing but what the chains show.
        whole.write(path, json.dumps(tree, indent=2).encode(), mode=0o644)
        return path


def _fact(tree: dict[str, Any]) -> Fact:
    kind = _FACTS[tree["fact"]]
    fact: Fact = _CONVERTER.structure({name: one for name, one in tree.items() if name != "fact"}, kind)
    return fact


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(bytes, hex_text)
    converter.register_structure_hook(bytes, lambda value, _: bytes.fromhex(value.removeprefix("0x")))
    return converter


_CONVERTER: Final = _converter()

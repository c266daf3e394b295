"""
Load: a TOML file (or the devnet's JSON) and the environment become a `Config`.

In: a path, the process environment. Out: the tree. Promise: everything that is wrong is said at once, each with file,
line where it can be told, key, and what to do; an unknown key is wrong; a secret's value is never repeated. This is
where the environment comes in: `XL2_` and the keys of the path, joined by two underscores (`XL2_CHAINS__A__RPC_URL`).
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_origin

import attrs
import cattrs
from attrs import evolve, frozen
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn
from cattrs.v import format_exception

from xl2.config.chain import Chain, Verifier
from xl2.config.fill import fill
from xl2.config.floors import Floors, floors_of
from xl2.config.keys import Key, Keystore, PluginKey, RemoteKey, is_key, key_of
from xl2.config.policy import LanePolicy, RelayerPolicy
from xl2.config.secret import Secret
from xl2.config.tree import Attester, Config, Log, Relayer, Token, TokenPlace, complaints
from xl2.config.watcher import Watcher
from xl2.config.where import line_of
from xl2.core.types import Assurance, address
from xl2.errors import ConfigInvalid, InvalidInput
from xl2.mask import MASK, masked

T = TypeVar("T")

PREFIX: Final = "XL2_"
#: Where a command looks when no file is named.
DEFAULT_FILES: Final = ("xl2.toml", "devnet.json")
#: Names the file instead of `--config`.
FILE_VARIABLE: Final = "XL2_CONFIG"

_TREE: Final = (
    Verifier,
    Chain,
    TokenPlace,
    Token,
    Keystore,
    RemoteKey,
    PluginKey,
    LanePolicy,
    RelayerPolicy,
    Relayer,
    Attester,
    Watcher,
    Log,
    Config,
)


@frozen(kw_only=True)
class Complaint:
    """One thing that is wrong."""

    path: tuple[str | int, ...]
    what: str


def find(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Path:
    """The configuration to use where none is named: `XL2_CONFIG`, else `xl2.toml` or `devnet.json` in the folder."""
    env = os.environ if environ is None else environ
    if env.get(FILE_VARIABLE):
        return Path(env[FILE_VARIABLE])
    here = folder or Path.cwd()
    for name in DEFAULT_FILES:
        if (here / name).is_file():
            return here / name
    raise ConfigInvalid(
        f"there is no configuration: neither {FILE_VARIABLE} is set, nor is {' or '.join(DEFAULT_FILES)} in {here}",
        remedy="Name a file with --config, or run `xl2 devnet up`, which writes a devnet.json.",
    )


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """
    Read a configuration.

    :param path: TOML, or JSON with the same tree when its name ends in `.json`.
    :param environ: the process environment unless given.
    :raises ConfigInvalid: the file cannot be read, or anything in it or in the environment is wrong.
    """
    text = _text(path)
    tree = _parse(path, text)
    # What only a devnet has (its process, clocks, nodes) stands beside its configuration, for its own tools.
    devnet = tree.pop("devnet", None)
    env = os.environ if environ is None else environ
    problems = [*_override(tree, env)]
    problems += [Complaint(path=where, what=what) for where, what in fill(tree)]
    config, wrong = _structure(tree)
    problems += wrong
    if config is not None:
        problems += [Complaint(path=where, what=what) for where, what in complaints(config)]
    if problems or config is None:
        raise _invalid(path, text, problems, env)
    return evolve(config, source=path, devnet=devnet)


def require_key(config: Config, *path: str) -> str:
    """
    The name of a key that stands at a place of the configuration, such as `relayer.key`.

    Asked by who is about to sign, not at each load: others read the same file without its keys. Raises `ConfigInvalid`
    where there is no key of that name, with the line where it stands.
    """
    place: Any = config
    for step in path:
        place = getattr(place, step)
    name = str(place)
    if name in config.keys:
        return name
    if is_key(name):
        what = "this is a private key, not the name of one (its value is not shown here); others could read it: use it"
        what += " no more. docs/how-to/keys.md says where keys belong"
    else:
        near = get_close_matches(name, config.keys, n=1)
        known = ", ".join(sorted(config.keys)) or "none"
        meant = f"did you mean {near[0]}? " if near else ""
        what = f"there is no key named {name!r}; {meant}[keys] has {known}, and XL2_KEYS__{name.upper()} would set it"
    raise refusal(config, [(path, what)])


def refusal(config: Config, wrong: Iterable[tuple[tuple[str | int, ...], str]]) -> ConfigInvalid:
    """The error about values that only a chain, or who needs them, finds wrong; each with its file, line and key."""
    text = config.source.read_text("utf-8") if config.source.is_file() else ""
    problems = [Complaint(path=path, what=what) for path, what in wrong]
    return _invalid(config.source, text, problems, os.environ)


def keys_in(path: Path) -> tuple[str, ...]:
    """Names of the private keys that stand in a file itself, not in the environment. None in what is no file."""
    if not path.is_file():
        return ()
    keys = _parse(path, _text(path)).get("keys")
    return tuple(name for name, value in keys.items() if isinstance(value, str)) if isinstance(keys, dict) else ()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(
            f"the configuration {path} cannot be read: {error.strerror}",
            remedy="Name a file that exists with --config, or run `xl2 devnet up`, which writes a devnet.json.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"the configuration {path} is not UTF-8 text", remedy="Save it as UTF-8.") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:  # of json and of tomllib alike; both name line and column
        raise ConfigInvalid(
            f"the configuration {path} does not parse: {error}", remedy="Correct the line that is named."
        ) from error
    if not isinstance(tree, dict):
        raise ConfigInvalid(f"the configuration {path} is a {type(tree).__name__}, not a table of settings")
    return tree


def _override(tree: dict[str, Any], environ: Mapping[str, str]) -> Iterable[Complaint]:
    """Lay the environment over the tree. One-word names that are no key at the top belong to others (`XL2_ANVIL`)."""
    top = {attribute.name for attribute in Config.__attrs_attrs__} - {"source", "chains", "tokens", "devnet"}
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        keys = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if len(keys) == 1 and keys[0] not in top:
            continue
        if not all(keys):
            yield Complaint(path=(name,), what="this variable of the environment names no key")
            continue
        table = tree
        for key in keys[:-1]:
            table = table.setdefault(_as_written(table, key), {})
            if not isinstance(table, dict):
                yield Complaint(
                    path=(name,), what=f"this variable of the environment goes into {key}, which is no table"
                )
                break
        else:
            table[_as_written(table, keys[-1])] = _value(keys, environ[name])


def _as_written(table: dict[str, Any], key: str) -> str:
    """A key of the table: whatever its case, which is upper by custom, and a dash, which no shell takes, as `_`."""
    same = [known for known in table if known.lower() == key]
    return next(iter(same or [known for known in table if known.lower().replace("-", "_") == key]), key)


def _value(keys: tuple[str, ...], text: str) -> object:
    """A number, truth value or list as TOML has it; anything else, and every secret, is text."""
    if (keys[0] == "keys" and len(keys) == len(("keys", "name"))) or keys == ("relayer", "token"):
        return text
    if text.startswith("0x"):
        # To TOML a number; here addresses begin so.
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _structure(tree: dict[str, Any]) -> tuple[Config | None, list[Complaint]]:
    try:
        return _CONVERTER.structure(tree, Config), []
    except cattrs.BaseValidationError as errors:
        return None, [_complaint(line) for line in cattrs.transform_error(errors, path="", format_exception=_sentence)]


def _sentence(error: BaseException, type_: type[Any] | None) -> str:
    if isinstance(error, InvalidInput):
        return error.what
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = sorted(map(str, error.extra_fields))
        near = get_close_matches(unknown[0], [one.name for one in attrs.fields(error.cl)], n=1)
        meant = f"; did you mean {near[0]}?" if near and len(unknown) == 1 else ""
        return "unknown key: " + ", ".join(unknown) + meant
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is missing"
    return format_exception(error, type_)


#: The sentence about a single unknown key.
_UNKNOWN: Final = re.compile(r"^unknown key: ([^,;]+)(?:;|$)")
_LIKE_A_KEY: Final = re.compile(r"\b(0x)?[0-9a-fA-F]{64}\b")
_STEP: Final = re.compile(r"\.(\w+)|\['?([^\]']+)'?\]")


def _complaint(line: str) -> Complaint:
    """Cattrs writes `sentence @ path`; the path as `.chains['a'].chain_id`."""
    what, _, where = line.rpartition(" @ ")
    steps = [step[1] or step[2] for step in _STEP.finditer(where)]
    if extra := _UNKNOWN.match(what):
        steps.append(extra[1])  # so that the line of the key is found, not of its table
    return Complaint(path=tuple(int(step) if step.isdigit() else step for step in steps), what=what or line)


def _invalid(path: Path, text: str, problems: list[Complaint], environ: Mapping[str, str]) -> ConfigInvalid:
    lines = []
    for problem in problems:
        key = ".".join(map(str, problem.path))
        place = _variable(problem.path, environ)
        if place is None:
            line = line_of(text, problem.path) if path.suffix != ".json" else None
            place = f"{path.name}:{line}" if line else path.name
        # Secrets slip into wrong places: what looks like one, a key or a URL with more than a host, is not repeated.
        said = f"{key}: {problem.what}" if key else problem.what
        lines.append(f"{place}: {_LIKE_A_KEY.sub(MASK, masked(said))}")
    count = f"{len(lines)} things are wrong" if len(lines) > 1 else "one thing is wrong"
    return ConfigInvalid(
        f"{count} in the configuration:\n  " + "\n  ".join(lines),
        remedy="Correct the keys named above; examples/xl2.toml shows every key with a comment.",
    )


def _variable(path: tuple[str | int, ...], environ: Mapping[str, str]) -> str | None:
    """The variable of the environment that a value, or the list that it stands in, came from; None: the file."""
    for length in range(len(path), 0, -1):
        name = PREFIX + "__".join(str(step).upper() for step in path[:length])
        for spelt in (name, name.replace("-", "_")):
            if spelt in environ:
                return f"{spelt} in the environment"
    return None


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    # A bool is an int to Python, and "902" is a number to cattrs; neither is to a reader.
    converter.register_structure_hook(int, lambda value, _: _exactly(value, int, "a whole number"))
    converter.register_structure_hook(str, lambda value, _: _exactly(value, str, "text"))
    converter.register_structure_hook(bool, lambda value, _: _exactly(value, bool, "true or false"))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    converter.register_structure_hook(Secret, lambda value, _: Secret(_secret_text(value)))
    converter.register_structure_hook(Path, lambda value, _: Path(_exactly(value, str, "a path")))
    converter.register_structure_hook(Assurance, lambda value, _: assurance(value))
    converter.register_structure_hook(Floors, lambda value, _: floors_of(value))
    converter.register_structure_hook(Key, lambda value, _: key_of(value, converter.structure))
    # `Address` is a NewType of bytes, and nothing else in the tree is.
    converter.register_structure_hook(bytes, lambda value, _: address(_exactly(value, str, "an address")))
    converter.register_structure_hook_factory(_is_list, _list)
    for kind_ in _TREE:
        converter.register_structure_hook(
            kind_,
            make_dict_structure_fn(kind_, converter, _cattrs_forbid_extra_keys=True),
        )
    return converter


def _is_list(type_: object) -> bool:
    return get_origin(type_) is tuple


def _list(type_: type[tuple[Any, ...]], converter: cattrs.Converter) -> Callable[[object, Any], tuple[Any, ...]]:
    # Text is a row of letters to cattrs, and a table a row of its keys; the value is not repeated, for it may be a URL.
    structured: Callable[[object, Any], tuple[Any, ...]] = homogenous_tuple_structure_factory(type_, converter)

    def hook(value: object, into: Any) -> tuple[Any, ...]:  # noqa: ANN401 - cattrs gives the type
        if not isinstance(value, list):
            raise InvalidInput("this is not a list: put what it holds into [ ], or a table of it under [[ ]]")
        return structured(value, into)

    return hook


def _exactly(value: object, kind: type[T], name: str) -> T:
    if type(value) is not kind:
        raise InvalidInput(f"{value!r} is not {name}", value=value)
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInput(f"{value!r} is not a number", value=value)
    return float(value)


def _secret_text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput("this is not text (its value is not shown here)")
    return value


def assurance(value: object) -> Assurance:
    """Evidence class by its word or its number. Raises `InvalidInput`."""
    for known in Assurance:
        if value in (known.name.lower(), known.value) and not isinstance(value, bool):
            return known
    raise InvalidInput(
        f"{value!r} is no evidence class; there are attested, optimistic and settled",
        field="assurance",
        value=value,
        remedy="Name one of them.",
    )


_CONVERTER: Final = _converter()

"""
Password: from a file, a file descriptor or the terminal.

In: one key's table. Out: the password. Promise: never from the words of a command, which others can read in the list
of processes; a file that all may read is refused; no error shows the password.
"""

import getpass
import os
import sys
from functools import cache
from pathlib import Path
from typing import Final

from xl2.errors import ConfigInvalid
from xl2.ports import KeySettings

_MAX_BYTES: Final = 4_096
#: Permission bits of those who are neither the owner nor in the group.
_OTHERS: Final = 0o007


def password_of(key: KeySettings) -> str:
    """Get a keystore's password. Raises `ConfigInvalid` that names the key, the place and the mend."""
    if (file := key.table.get("password_file")) is not None:
        return _text(key, _read(key, key.folder / file), f"the password file {file}")
    if (descriptor := key.table.get("password_fd")) is not None:
        return _text(key, _read_descriptor(key.name, descriptor), f"file descriptor {descriptor}")
    return _asked(key)


def private_bytes(key: KeySettings, path: Path, what: str, limit: int) -> bytes:
    """
    The first bytes of a file, one more than `limit` where there are more.

    Raises `ConfigInvalid` where others than owner and group may use it, and `OSError` where it cannot be read.
    """
    with path.open("rb") as file:
        # Of what is open, not of what the path leads to by then.
        mode = os.fstat(file.fileno()).st_mode
        if mode & _OTHERS:
            raise ConfigInvalid(
                f"{_called(key.name)}: {what} {path} has mode {mode & 0o777:04o}: everybody may use it",
                remedy=f"Run `chmod 600 {path}`, and think about who has read it meanwhile.",
            )
        return file.read(limit + 1)


def _called(name: str) -> str:
    return f"keys.{name}" if name else "the new key"


def _setting(name: str) -> str:
    return f"password_file of keys.{name}" if name else "--password-file"


def _read(key: KeySettings, path: Path) -> bytes:
    try:
        return private_bytes(key, path, "the password file", _MAX_BYTES)
    except OSError as error:
        raise ConfigInvalid(
            f"{_called(key.name)}: the password file {path} cannot be read: {error.strerror}",
            remedy=f"Correct {_setting(key.name)}, or who may read the file.",
        ) from error


@cache
def _read_descriptor(name: str, descriptor: int) -> bytes:
    """Read it to its end, once: a pipe gives what it has a single time."""
    try:
        with os.fdopen(descriptor, "rb") as pipe:
            return pipe.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigInvalid(
            f"{_called(name)}: file descriptor {descriptor} cannot be read: {error.strerror}",
            remedy=f"Start the process with it: xl2 ... {descriptor}< FILE, or {descriptor}< <(a command).",
        ) from error


def _text(key: KeySettings, read: bytes, where: str) -> str:
    """One line of UTF-8; editors put an end to it that is no part of the password."""
    try:
        text = read.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not text or "\n" in text or len(read) > _MAX_BYTES:
        raise ConfigInvalid(
            f"{_called(key.name)}: {where} holds no password: one line of UTF-8 text is wanted",
            remedy="Write the password alone into it.",
        )
    return text


def _asked(key: KeySettings) -> str:
    if not sys.stdin.isatty():
        raise ConfigInvalid(
            f"keys.{key.name}: its password is to be asked for, and there is no terminal",
            remedy="Use password_file or password_fd where nobody sits at a terminal.",
        )
    return getpass.getpass(f"Password of keys.{key.name}: ")

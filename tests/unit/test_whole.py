"""A file is written whole or not at all, for its user alone, and a new one never over another."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from xl2 import whole

Write = Callable[[Path, bytes], None]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fails(_: int) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("write", [whole.write, whole.write_new])
def test_what_is_written_is_its_users_alone_and_nothing_is_left_beside_it(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "file"

    write(path, b"content")

    assert (path.read_bytes(), mode(path)) == (b"content", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_they_are_let_read(tmp_path: Path) -> None:
    path = tmp_path / "file"

    whole.write(path, b"content", mode=0o644)

    assert mode(path) == 0o644


def test_what_stood_there_is_replaced_and_stays_where_the_disk_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    whole.write(path, b"old")

    whole.write(path, b"newer")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        whole.write(path, b"newest")

    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_never_goes_over_another(tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole.write_new(path, b"first")

    with pytest.raises(FileExistsError):
        whole.write_new(path, b"second")

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]

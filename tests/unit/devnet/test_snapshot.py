"""Snapshots: used for what they were made from, and for nothing else."""

import os
from pathlib import Path

from xl2_devnet.snapshot import Snapshot, cache_folder, forget, keep, key_of, load

STATE = Snapshot(states={"l1": "0x00"}, deployed={"rollups": {}})


def test_a_kept_snapshot_is_found_by_its_key_alone(tmp_path: Path) -> None:
    keep(tmp_path, "aa", STATE)

    assert load(tmp_path, "aa") == STATE
    assert load(tmp_path, "bb") is None


def test_a_broken_snapshot_is_as_none(tmp_path: Path) -> None:
    keep(tmp_path, "aa", STATE)
    (tmp_path / "snapshot-aa.json").write_bytes(b'{"states": {')

    assert load(tmp_path, "aa") is None


def test_a_forgotten_snapshot_is_gone(tmp_path: Path) -> None:
    keep(tmp_path, "aa", STATE)
    forget(tmp_path, "aa")

    assert load(tmp_path, "aa") is None


def test_the_longest_unused_snapshots_make_room(tmp_path: Path) -> None:
    for number in range(8):
        keep(tmp_path, str(number), STATE)
        os.utime(tmp_path / f"snapshot-{number}.json", (number, number))
    load(tmp_path, "0")

    keep(tmp_path, "new", STATE)

    assert load(tmp_path, "1") is None
    assert load(tmp_path, "0") == load(tmp_path, "new") == STATE


def test_other_parameters_and_another_anvil_have_another_key(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"22")

    keys = {key_of(anvil=one, parameters=1), key_of(anvil=one, parameters=2), key_of(anvil=other, parameters=1)}

    assert len(keys) == 3
    assert key_of(anvil=one, parameters=1) in keys


def test_the_cache_is_where_xdg_says() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/x", "HOME": "/h"}) == Path("/x/xl2/devnet")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/xl2/devnet")

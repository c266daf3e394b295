"""What npm brings, and what of it reaches the cache. npm is a script here that serves a tarball made by the test."""

import base64
import io
import tarfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve, frozen

from tests.unit.devnet.machine import Machine
from xl2_devnet.node import NodeMissing
from xl2_devnet.packages import FetchFailed, IntegrityBroken, Package, fetched, place

CONTENT = {"package/package.json": b"{}", "package/build/A.json": b'{"abi": []}', "package/bin/run": b"#!/bin/sh\n"}


@frozen(kw_only=True)
class Serving(Machine):
    """Its npm brings a package."""

    @property
    def kept(self) -> Path:
        """Where fetched packages are."""
        return self.cache / "npm"

    def serve(self, content: Mapping[str, bytes] = CONTENT) -> Package:
        """Let npm bring these files; the package whose pin they meet."""
        with tarfile.open(self.served, "w:gz") as tarball:
            for name, data in content.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o755 if "/bin/" in name else 0o644
                tarball.addfile(entry, io.BytesIO(data))
        return Package(
            name="@some/contracts",
            version="3.2.0",
            sha512=self.digest,
            megabytes=0.6,
            licence="BUSL-1.1",
            purpose="to deploy it on the local devnet",
            instead="live without it",
        )


@pytest.fixture
def machine(tmp_path: Path) -> Serving:
    return Serving(root=tmp_path)


def test_a_fetched_package_is_whole_and_alone_in_the_cache(machine: Serving) -> None:
    package = machine.serve()

    folder = fetched(package, machine.environ)

    found = {f"package/{file.relative_to(folder)}": file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert found == CONTENT
    assert (folder / "bin" / "run").stat().st_mode & 0o100
    assert list(machine.kept.iterdir()) == [folder]


def test_the_user_is_told_licence_and_purpose_before_anything_is_fetched(machine: Serving) -> None:
    said: list[str] = []

    fetched(machine.serve(), machine.environ, said.append)

    assert "@some/contracts@3.2.0" in said[0]
    assert "BUSL-1.1" in said[0]
    assert "to deploy it on the local devnet" in said[0]


def test_the_second_time_nothing_is_fetched(machine: Serving) -> None:
    package = machine.serve()
    first = fetched(package, machine.environ)
    machine.served.unlink()
    said: list[str] = []

    assert fetched(package, machine.environ, said.append) == first
    assert said == []


def test_two_that_fetch_at_once_both_get_a_whole_package(machine: Serving) -> None:
    package = machine.serve()

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: fetched(package, machine.environ), range(2)))

    assert found == [place(package, machine.environ)] * 2
    assert list(machine.kept.iterdir()) == [found[0]]


def test_other_bytes_than_the_pinned_ones_never_reach_the_cache(machine: Serving) -> None:
    package = machine.serve()
    machine.serve({**CONTENT, "package/build/A.json": b'{"abi": [1]}'})

    with pytest.raises(IntegrityBroken, match="pinned is") as broken:
        fetched(package, machine.environ)

    assert "Do not work around it" in broken.value.remedy
    assert list(machine.kept.iterdir()) == []


def test_another_pin_of_the_same_version_does_not_find_what_the_first_left(machine: Serving) -> None:
    first = machine.serve()
    fetched(first, machine.environ)
    second = machine.serve({**CONTENT, "package/new": b"new"})

    assert fetched(second, machine.environ) != place(first, machine.environ)
    assert (place(second, machine.environ) / "new").is_file()


def test_npms_own_words_and_the_way_without_it_reach_the_user(machine: Serving) -> None:
    package = machine.serve()
    machine.served.unlink()

    with pytest.raises(FetchFailed, match="no such package") as failed:
        fetched(package, machine.environ)

    assert "npm ping" in failed.value.remedy
    assert "live without it" in failed.value.remedy
    assert list(machine.kept.iterdir()) == []


def test_without_npm_there_is_no_package(machine: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xl2_devnet.node._from_wheel", lambda: None)

    with pytest.raises(NodeMissing):
        fetched(machine.serve(), {**machine.environ, "PATH": ""})


@pytest.mark.parametrize("name", ["package/../../escaped", "/escaped"])
def test_a_file_that_would_leave_the_package_is_not_written(machine: Serving, name: str) -> None:
    package = machine.serve({**CONTENT, name: b"out"})

    with pytest.raises(IntegrityBroken):
        fetched(package, machine.environ)

    assert not list(machine.root.rglob("escaped"))
    assert list(machine.kept.iterdir()) == []


def test_a_tarball_of_several_folders_is_refused(machine: Serving) -> None:
    package = machine.serve({**CONTENT, "another/file": b""})

    with pytest.raises(IntegrityBroken, match="one folder"):
        fetched(package, machine.environ)


def test_the_cache_is_where_xdg_says_unless_that_is_relative(machine: Serving) -> None:
    package = machine.serve()
    xdg = machine.root / "xdg"

    assert fetched(package, {**machine.environ, "XDG_CACHE_HOME": str(xdg)}).is_relative_to(xdg / "xl2" / "npm")
    assert fetched(package, {**machine.environ, "XDG_CACHE_HOME": "xdg"}).is_relative_to(machine.kept)


def test_a_slash_in_a_pin_does_not_make_a_folder(machine: Serving) -> None:
    package = evolve(machine.serve(), sha512=base64.b64encode(b"\xff" * 64).decode())

    assert place(package, machine.environ).parent == machine.kept

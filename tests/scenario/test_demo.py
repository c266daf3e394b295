"""The demo: six ways, each right, and loud when one is not."""

import io
import json
import subprocess
import sys

import pytest
from attrs import evolve
from rich.console import Console

from xl2.errors import NotYet
from xl2_devnet.demo.report import Check, Report, Row, at_least, equal, failures
from xl2_devnet.demo.routes import LETTERS
from xl2_devnet.demo.scene import Scene
from xl2_devnet.demo.show import _reported
from xl2_devnet.demo.tables import as_json, draw

ROOMS = ["sent", "observed", "delivered", "confirmed", "settled"]


def report(*checks: Check) -> Report:
    row = Row(
        message="message A to B",
        room="delivered",
        chain="op-b",
        time="12:00:00",
        tx_hash=None,
        gas=90_500,
        evidence="attested",
        trusted="3 of 5 attesters",
    )
    return Report(letter="a", title="a way", rows=(row,), checks=checks)


@pytest.mark.timeout(660)
def test_the_demo_shows_six_ways_and_each_is_right() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "xl2.cli", "demo", "--json"], capture_output=True, text=True, timeout=600, check=False
    )

    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr
    told = json.loads(ran.stdout)
    ways = {way["letter"]: way for way in told["routes"]}
    assert list(ways) == ["a", "b", "c", "d", "e", "f"]
    assert told["is_right"]
    for letter, evidence in (("a", "attested"), ("b", "proven settled"), ("c", "routed settled")):
        rows = ways[letter]["rows"]
        assert [row["room"] for row in rows] == ROOMS * 4
        assert {row["evidence"] for row in rows if row["room"] == "delivered"} == {evidence}
    assert all(len(row["signers"]) == 3 for row in ways["a"]["rows"] if row["room"] == "delivered")
    assert all(row["trusted"].startswith("nobody") for row in ways["b"]["rows"] if row["room"] == "delivered")
    assert [row["room"] for row in ways["d"]["rows"]][-1] == "claim"
    assert [row["room"] for row in ways["f"]["rows"]][:4] == ["sent", "observed", "failed", "delivered"]


def test_what_is_not_as_it_should_be_is_said_in_a_sentence() -> None:
    wrong = report(equal("tokens that arrived", 0, 25), at_least("locked, against minted", 1, 2))

    assert list(failures([wrong])) == ["(a) tokens that arrived: 0, not 25", "(a) locked, against minted: 1 < 2"]
    assert not wrong.is_right
    assert json.loads(as_json([wrong], 1.0))["is_right"] is False


async def test_a_way_that_breaks_off_is_reported_and_hides_no_other() -> None:
    async def broken(_scene: Scene) -> Report:
        raise NotYet("the relayer sleeps", remedy="Wake it.")

    LETTERS[broken] = "a"
    try:
        found = await _reported(broken, None)  # type: ignore[arg-type]  # it does not get so far
    finally:
        del LETTERS[broken]

    assert not found.is_right
    assert list(failures([found])) == ["(a) it came to its end: the relayer sleeps (Wake it.)"]


def test_a_report_without_failures_is_right() -> None:
    right = evolve(report(equal("tokens", 25, 25)), seconds=7.0)
    out = io.StringIO()

    draw(Console(file=out, width=120), [right], 7.0)

    assert right.is_right
    assert "everything is as it should be" in out.getvalue()
    assert "3 of 5 attesters" in out.getvalue()

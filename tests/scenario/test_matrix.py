"""Every L2 to every other by every route: each cell works, or says why its family cannot."""

import io
import itertools
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from xl2_devnet.matrix.cells import ROUTES, Cell, Kind, Outcome
from xl2_devnet.matrix.tables import draw

# The first test waits for the whole table.
pytestmark = pytest.mark.timeout(660)

L2S = ("op-a", "base-b", "arbitrum-c", "zk-d")
#: Where the log of each kind stands that is shown: messages at the origin, receipts at the destination.
HOME = {Kind.MESSAGE: "origin", Kind.TRANSFER: "origin", Kind.REFUND: "destination"}


@pytest.fixture(scope="module")
def matrix() -> Mapping[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "xl2.cli", "devnet", "matrix", "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.stdout, ran.stderr
    found: Mapping[str, Any] = json.loads(ran.stdout)
    return found


def test_every_pair_route_and_kind_has_a_cell(matrix: Mapping[str, Any]) -> None:
    cells = {(cell["origin"], cell["destination"], cell["route"], cell["kind"]) for cell in matrix["cells"]}

    pairs = itertools.permutations(L2S, 2)
    assert cells == {(*pair, route, kind) for pair, route, kind in itertools.product(pairs, ROUTES, Kind)}


def test_no_cell_fails(matrix: Mapping[str, Any]) -> None:
    assert [cell for cell in matrix["cells"] if cell["outcome"] == Outcome.FAILED] == []


def test_only_storage_proofs_of_the_zk_chain_cannot_be_and_say_so(matrix: Mapping[str, Any]) -> None:
    for cell in matrix["cells"]:
        cannot = cell["route"] == "proven" and cell[HOME[Kind(cell["kind"])]] == "zk-d"

        assert (cell["outcome"] == Outcome.CANNOT) is cannot, cell
        assert ("no storage proof leads from an L1 block to its state" in cell["why"]) is cannot


def test_what_failed_is_shown_with_its_reason_once() -> None:
    cells = [
        Cell(origin="a", destination="b", route=route, kind=kind, outcome=Outcome.FAILED, why="[the] game is lost")
        for route in ROUTES
        for kind in Kind
    ]
    console = Console(width=80, file=io.StringIO())

    draw(console, cells, 1.0)

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("[the] game is lost") == 1
    assert shown.count("FAILED (1)") == len(cells)
    assert "9 FAILED" in shown

"""The settled rule, by proof and by call, beside the portal of Optimism's own contracts that it is taken from."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.vectors.proofs import make_games

#: Names of errors by which `ProvenGames` refuses what the portal would pay out on: code whose slots it does not know.
STRICTER = {"Upgraded", "NotThisGame"}


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Every station of a game's life, lived anew."""
    folder = tmp_path_factory.mktemp("games")
    asyncio.run(make_games.main(folder))
    found: list[dict[str, str]] = json.loads((folder / "games.json").read_text())
    return found


def test_proof_says_what_it_must_at_every_station(stations: list[dict[str, str]]) -> None:
    assert {station["name"]: station["proven"] for station in stations} == {
        station["name"]: station["error"] for station in stations
    }


def test_what_is_settled_by_proof_or_by_call_the_portal_would_pay_out_on(stations: list[dict[str, str]]) -> None:
    for station in stations:
        pays = station["portal"] == "0x1"
        assert (station["live"] == "") == pays, station["name"]
        if station["proven"] == "":
            assert pays, station["name"]


def test_proof_refuses_what_the_portal_pays_out_on_only_for_code_it_does_not_know(
    stations: list[dict[str, str]],
) -> None:
    stricter = [station for station in stations if station["portal"] == "0x1" and station["proven"]]

    assert {station["proven"] for station in stricter} == STRICTER


def test_the_committed_stations_are_those_of_the_real_contracts(stations: list[dict[str, str]]) -> None:
    committed = json.loads((Path(make_games.__file__).parent / "games.json").read_text())
    told = ("name", "error", "proven", "live", "portal", "index")

    assert [[station[key] for key in told] for station in stations] == [
        [station[key] for key in told] for station in committed
    ]

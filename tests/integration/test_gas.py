"""Gas, measured again: it is exact, so what is committed must come out again, or less."""

import asyncio
from collections.abc import Mapping

import pytest

from bench.figures import GOALS, Figure, load, missed
from bench.gas import measure_gas
from bench.page import PAGE, page


@pytest.fixture(scope="module")
def measured() -> Mapping[str, Figure]:
    return asyncio.run(measure_gas())


def test_every_figure_of_the_table_is_measured(measured: Mapping[str, Figure]) -> None:
    assert measured.keys() == GOALS.keys()


def test_no_must_is_missed(measured: Mapping[str, Figure]) -> None:
    assert missed(measured) == []


def test_no_figure_rises_above_what_is_committed(measured: Mapping[str, Figure]) -> None:
    committed = load("gas")

    risen = {
        key: (figure.value, committed[key].value)
        for key, figure in measured.items()
        if figure.value > committed[key].value
    }

    assert risen == {}, "if this is meant, run `make bench` and commit what it writes"


def test_a_must_that_is_missed_is_named() -> None:
    figures = {key: Figure(value=0, unit="gas", how="") for key in GOALS} | {
        "send_32": Figure(value=50_000, unit="gas", how="")
    }

    assert missed(figures) == ["send_32 needs 50,000 gas; it must not need more than 47,500"]


def test_the_page_says_what_the_files_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load("gas"), load("times"), load("rollups"), load("relayer"))

"""`xl2 relayer pause` before a relayer ever ran: in an incident nobody starts one to be able to pause it."""

import shutil
from pathlib import Path

import pytest

from xl2.cli.outcome import guarded
from xl2.cli.program import xl2 as program

EXAMPLE = Path(__file__).parents[3] / "examples" / "xl2.toml"
LANE = "901-902-attested"


def test_a_lane_is_paused_before_the_first_start_and_stays_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = shutil.copy(EXAMPLE, tmp_path)
    paused = guarded(program, ["relayer", "pause", LANE, "--why", "audit", "--config", str(config)])
    shown = guarded(program, ["relayer", "status", "--config", str(config)])

    assert (paused, shown) == (0, 0)
    assert f"PAUSED {LANE}" in capsys.readouterr().out
    assert (tmp_path / "xl2-relayer.sqlite").exists()


def test_what_needs_a_store_that_was_never_made_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = shutil.copy(EXAMPLE, tmp_path)
    for order in (["resume", LANE], ["retry", "0x" + "ab" * 32], ["status"]):
        assert guarded(program, ["relayer", *order, "--config", str(config)]) == 3

    assert capsys.readouterr().err.count("no relayer runs here, and it has no store") == 3
    assert [file.name for file in tmp_path.iterdir()] == ["xl2.toml"]


def test_a_store_in_memory_is_told_to_be_gone_with_its_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "xl2.toml"
    config.write_text(
        EXAMPLE.read_text("utf-8").replace('# store = "xl2-relayer.sqlite"', 'store = ":memory:"'), "utf-8"
    )

    code = guarded(program, ["relayer", "pause", LANE, "--config", str(config)])

    assert code == 3
    assert "its store is gone with its process" in capsys.readouterr().err

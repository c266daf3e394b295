"""How commands end: codes for scripts, one sentence and a remedy for people, and never a traceback."""

import json
from typing import NoReturn

import click
import pytest

from xl2 import errors
from xl2.cli.outcome import (
    ANSWER_IS_NO,
    DEFECT,
    DONE,
    INTERRUPTED,
    REFUSED,
    STOP,
    TRY_AGAIN,
    USAGE,
    AnswerIsNo,
    exit_code,
    guarded,
)


def raising(error: BaseException) -> click.Command:
    def fail(as_json: bool) -> NoReturn:
        del as_json
        raise error

    return click.Command("fail", params=[click.Option(["--json", "as_json"], is_flag=True)], callback=fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotYet("x"), TRY_AGAIN),
        (errors.RpcUnavailable("x", endpoint="node"), TRY_AGAIN),
        (errors.InvalidInput("x"), REFUSED),
        (errors.NotFound("x"), REFUSED),
        (errors.NotAccepted("x"), REFUSED),
        (errors.Unaffordable("x", needed=2, available=1), REFUSED),
        (errors.ConfigInvalid("x"), STOP),
        (errors.WrongChain("x", expected=1, actual=2), STOP),
        (errors.Incident("x"), STOP),
        (AnswerIsNo(), ANSWER_IS_NO),
        (click.UsageError("x"), USAGE),
        (click.Abort(), INTERRUPTED),
        (KeyboardInterrupt(), INTERRUPTED),
        (RuntimeError("x"), DEFECT),
        (ExceptionGroup("many", [RuntimeError("x")]), DEFECT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_end_has_its_code_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), []) == code
    assert "Traceback" not in capsys.readouterr().err


def test_every_error_of_the_tree_tells_the_caller_what_to_do_by_its_code() -> None:
    codes = {kind: exit_code(kind("x")) for kind in (errors.Retryable, errors.Refused, errors.Fatal)}

    assert codes == {errors.Retryable: TRY_AGAIN, errors.Refused: REFUSED, errors.Fatal: STOP}


def test_an_error_is_its_sentence_and_its_remedy_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(errors.NotFound("there is no such lane", remedy="Name another.")), [])

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "xl2: there is no such lane\n  Name another.\n"


def test_with_json_an_error_is_one_value_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(errors.NotFound("there is no such lane", remedy="Name another.")), ["--json"])

    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "error": {"code": "NotFound", "what": "there is no such lane", "remedy": "Name another."}
    }
    assert said.err == ""


def test_a_defect_says_where_and_how_to_report_it(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(RuntimeError("the impossible")), [])

    said = capsys.readouterr().err
    assert "xl2 has a defect: RuntimeError: the impossible" in said
    assert "test_outcome.py:" in said
    assert "XL2_TRACEBACK=1" in said


def test_who_mends_a_defect_can_see_its_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XL2_TRACEBACK", "1")

    guarded(raising(RuntimeError("the impossible")), [])

    assert "Traceback" in capsys.readouterr().err


def test_what_goes_well_is_0() -> None:
    assert guarded(click.Command("fine", callback=lambda: None), []) == DONE


def test_a_code_that_a_verb_exits_with_is_the_code() -> None:
    assert guarded(raising(click.exceptions.Exit(7)), []) == 7

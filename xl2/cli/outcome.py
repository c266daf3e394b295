"""
Outcome: how a command ends, as an exit code and, if it ends badly, one clear sentence with its remedy.

In: a click command, run. Out: an exit code. Promise: an error of the tree becomes its sentence and its remedy on stderr
(or a JSON object on stdout with `--json`); anything else is a defect of ours and says so, without a traceback.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import click

from xl2.errors import Fatal, Refused, Retryable, Xl2Error
from xl2.mask import masked

DONE: Final = 0
#: The question was answered, and the answer is no: a check failed, a message ended otherwise.
ANSWER_IS_NO: Final = 1
#: click's own: the words of the command line are wrong.
USAGE: Final = 2
#: Change the request.
REFUSED: Final = 3
#: Do the same again later.
TRY_AGAIN: Final = 4
#: Stop and look.
STOP: Final = 5
#: A defect of xl2 (BSD's EX_SOFTWARE).
DEFECT: Final = 70
#: Ctrl-C, as shells have it.
INTERRUPTED: Final = 130

#: When set, a defect shows its traceback, for whoever mends it.
TRACEBACK_VARIABLE: Final = "XL2_TRACEBACK"


class AnswerIsNo(click.exceptions.Exit):
    """The command did its work, and the answer is no."""

    def __init__(self) -> None:
        super().__init__(ANSWER_IS_NO)


def exit_code(error: Xl2Error) -> int:
    """Exit code of an error: what the caller should do next."""
    if isinstance(error, Retryable):
        return TRY_AGAIN
    if isinstance(error, Fatal):
        return STOP
    return REFUSED if isinstance(error, Refused) else DEFECT


def guarded(command: click.Command, arguments: list[str] | None = None) -> int:
    """Run a command to its exit code. Writes what went wrong; raises nothing."""
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in words
    try:
        code = command.main(args=words, prog_name="xl2", standalone_mode=False)
    except BrokenPipeError:
        return _nobody_reads()
    except click.ClickException as wrong:
        if not as_json:
            wrong.show()
        else:
            _say(as_json, "Usage", wrong.format_message(), "Run the verb with --help.")
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        _say(as_json, "Interrupted", "interrupted", "Nothing is lost: what was sent is on the chains; run it again.")
        return INTERRUPTED
    except Xl2Error as error:
        _say(as_json, error.code, error.what, error.remedy)
        return exit_code(error)
    except Exception as defect:  # noqa: BLE001 - the outermost frame: a defect is reported, never shown as a traceback
        if os.environ.get(TRACEBACK_VARIABLE):
            click.echo(masked(traceback.format_exc()), err=True)
        _say(as_json, "Defect", f"xl2 has a defect: {_named(defect)}", _report_hint(defect))
        return DEFECT
    # click hands the code of an `Exit` out, and what a command returned: ours return nothing.
    return code if isinstance(code, int) else DONE


def _nobody_reads() -> int:
    # Whoever read our answer has gone (`| head`); the interpreter's last flush must not fail over it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _named(defect: BaseException) -> str:
    while isinstance(defect, BaseExceptionGroup):
        defect = defect.exceptions[0]
    return f"{type(defect).__name__}: {defect}"


def _report_hint(defect: BaseException) -> str:
    frames = traceback.extract_tb(defect.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    return (
        f"Please report it with the command, `xl2 doctor --json` and this place: {place}. "
        f"{TRACEBACK_VARIABLE}=1 shows where it came from."
    )


def _say(as_json: bool, code: str, what: str, remedy: str) -> None:
    what, remedy = masked(what), masked(remedy)
    if as_json:
        error: dict[str, Any] = {"error": {"code": code, "what": what, "remedy": remedy}}
        click.echo(json.dumps(error))
    else:
        click.echo(f"{click.style('xl2:', fg='red', bold=True)} {what}\n  {remedy}", err=True)

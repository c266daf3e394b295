"""
Canary watch: reads along whatever the suite prints and logs, and fails the run where a secret shows.

In: output that pytest captured, that tests took from `capsys`, that programs which tests ran gave back, and what
daemons wrote into files `*.log` of temporary folders. Out: names of tests and secrets at the end of the run, never the
secret itself. Not seen: what an asyncio subprocess says to a test that keeps it for itself.
"""

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.canaries import shown_in


class CanaryWatch:
    """What was found so far."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}

    def read(self, where: str, text: object) -> None:
        """Look at a piece of output."""
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or "")
        self.found |= {f"{where} shows {name}": None for name in shown_in(said)}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for title, content in report.sections:
            self.read(f"{report.nodeid} ({title})", content)
        self.read(f"{report.nodeid} (failure)", report.longreprtext)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # None where no test asked for a temporary folder; asking now would make one.
        folder = getattr(getattr(session.config, "_tmp_path_factory", None), "_basetemp", None)
        for written in sorted(folder.rglob("*.log")) if folder is not None else ():
            self.read(str(written.relative_to(folder)), written.read_bytes())
        worker = getattr(session.config, "workeroutput", None)
        if worker is not None:
            worker["canaries"] = list(self.found)
        elif self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        del error
        self.found |= dict.fromkeys(getattr(node, "workeroutput", {}).get("canaries", ()))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            terminalreporter.section("secrets show", red=True)
            for line in self.found:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    watch = CanaryWatch()
    config.pluginmanager.register(watch, "canary-watch")
    undo = pytest.MonkeyPatch()
    config.add_cleanup(undo.undo)
    undo.setattr(pytest.CaptureFixture, "readouterr", _reading(watch, pytest.CaptureFixture.readouterr))
    undo.setattr(subprocess.Popen, "communicate", _reading(watch, subprocess.Popen.communicate))


def _reading(watch: CanaryWatch, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, whose answer (a pair of outputs) is read along."""

    def reading(*arguments: Any, **named: Any) -> Any:
        both = call(*arguments, **named)
        for text in both:
            watch.read(os.environ.get("PYTEST_CURRENT_TEST", "outside of a test"), text)
        return both

    return reading

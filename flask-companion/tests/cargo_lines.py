"""A plugin of pytest that tells of each test as cargo does: ``scripts/test.sh`` reads that, whatever language a test is in."""

from __future__ import annotations

import re
from typing import Optional

import pytest
from _pytest.terminal import TerminalReporter

#: What ends a line of cargo's.
OUTCOMES = {"passed": "ok", "failed": "FAILED", "skipped": "ignored"}


def name_of(node: str) -> str:
    """``tests/stores/test_swap.py::test_it[redis]`` is ``stores::swap::test_it[redis]``."""
    file, _, test = node.partition(".py::")
    return re.sub(r"^tests/|(?<![^/])test_", "", file).replace("/", "::") + "::" + test


class CargoLines:
    """Takes the place of the dots; failures are explained at the end, as always."""

    def __init__(self, terminal: TerminalReporter) -> None:
        self.terminal = terminal
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.told: Optional[str] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Optional[tuple[str, str, str]]:
        is_told = report.when == "call" or not report.passed
        return (report.outcome if is_told else "", "", "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # What fails before a test, or after it has passed, fails the test.
        if report.nodeid == self.told or (report.passed and report.when != "teardown"):
            return
        self.told = report.nodeid
        self.counts[report.outcome] += 1
        self.terminal.write_line(f"test {name_of(report.nodeid)} ... {OUTCOMES[report.outcome]}")

    def pytest_terminal_summary(self, exitstatus: int) -> None:
        verdict = "FAILED" if exitstatus else "ok"
        passed, failed, ignored = self.counts.values()
        self.terminal.write_line(f"test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    assert isinstance(terminal, TerminalReporter)
    config.pluginmanager.register(CargoLines(terminal), "cargo-lines")

"""A pytest plugin that writes down which tests failed, one a line: `-p tests.support.failures --failures-to FILE`."""

from __future__ import annotations

from pathlib import Path

import pytest


class _Failures:
    """Collects, in the process that all reports come to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failed: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure; side by side, a test's name ends with its group."""
        if report.failed:
            name, _, group = report.nodeid.rpartition("@")  # side by side, xdist may add the group
            is_group = name and (group.endswith(".py") or group.isalnum()) and "[" not in group
            self._failed[name if is_group else report.nodeid] = None

    def pytest_sessionfinish(self) -> None:
        """Write them down."""
        self._file.write_text("".join(f"{name}\n" for name in self._failed), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where to."""
    parser.addoption("--failures-to", type=Path, help="file that the names of failed tests are written to")


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the first process alone."""
    if config.option.failures_to is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Failures(config.option.failures_to))

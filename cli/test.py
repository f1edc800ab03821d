"""`bursar test`: every check and the default tests, on real servers that the tests start themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import rich_click as click

from cli.lint import STATIC_CHECKS, failed_checks
from cli.options import CHECKOUT, child_environment

UNSTEADY_MAX: Final = 12  # more failures than these are no accident
TESTS_FAILED: Final = 1  # exit code of pytest
WORKERS_MAX: Final = 4  # each has a PostgreSQL, a NATS and a Valkey of its own


@click.command(name="test", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(pytest_arguments: tuple[str, ...]) -> None:
    """Run the static checks of `bursar lint`, then the default tests, group by group on as many processes as cores.

    Further arguments go to pytest, such as `-k hold` or a folder: then without the static checks and in one process,
    unless `-n 2 --dist loadgroup` is among them.
    """
    os.chdir(CHECKOUT)
    failed = [] if pytest_arguments else failed_checks(STATIC_CHECKS)
    code = run_pytest(*pytest_arguments) if pytest_arguments else run_all(os.cpu_count() or 1)
    if failed:
        click.echo(f"the tests are done, but these checks failed before them: {', '.join(failed)}", err=True)
    raise SystemExit(code or int(bool(failed)))


def run_all(cores: int) -> int:
    """Run everything; what failed beside other tests, when it is little, once more by itself. Return the exit code.

    Many tests start and kill processes, and some wait for them longer than a busy machine allows. One that passes by
    itself is named as unsteady, loudly: it wants mending. One that fails by itself fails the run.
    """
    with tempfile.TemporaryDirectory(prefix="bursar-tests-") as folder:
        file = Path(folder) / "failed"
        code = run_pytest(*side_by_side(cores), "-p", "tests.support.failures", "--failures-to", str(file))
        failed = [name for name in file.read_text("utf-8").splitlines() if ".py::" in name] if file.exists() else []
    if code != TESTS_FAILED or not 0 < len(failed) <= UNSTEADY_MAX:
        return code
    click.echo(f"\n-- once more, by themselves: the {len(failed)} that failed beside others")
    again = run_pytest("-n", "0", *failed)
    if again == 0:
        click.echo("UNSTEADY: failed beside other tests, passed alone; mend them:\n  " + "\n  ".join(failed), err=True)
    return again


def run_pytest(*arguments: str) -> int:
    """Run pytest in the checkout and return its exit code."""
    argv = [sys.executable, "-P", "-m", "pytest", *arguments]
    return subprocess.run(argv, env=child_environment(), check=False).returncode


def side_by_side(cores: int) -> tuple[str, ...]:
    """Return pytest's arguments for several processes; what shares a fixture stays together, see tests/conftest.py."""
    workers = min(cores, WORKERS_MAX)
    # in the order of the folders: left to itself, xdist begins the long files, which hold few tests, last
    return ("-n", str(workers), "--dist", "loadgroup", "--no-loadscope-reorder") if workers > 1 else ()

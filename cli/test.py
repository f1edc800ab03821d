"""`bursar test`: every check and the default tests, on real servers that the tests start themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import rich_click as click

from cli.lint import STATIC_CHECKS, failed_checks
from cli.options import CHECKOUT, child_environment

WORKERS_MAX: Final = 4  # each has a PostgreSQL, a NATS and a Valkey of its own


@click.command(name="test", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(pytest_arguments: tuple[str, ...]) -> None:
    """Run the static checks of `bursar lint`, then the default tests, group by group on one process more than cores.

    Further arguments go to pytest, such as `-k hold` or a folder: then without the static checks and in one process,
    unless `-n 2` is among them.
    """
    os.chdir(CHECKOUT)
    failed = [] if pytest_arguments else failed_checks(STATIC_CHECKS)
    argv = [sys.executable, "-P", "-m", "pytest", *(pytest_arguments or side_by_side(os.cpu_count() or 1))]
    code = subprocess.run(argv, env=child_environment(), check=False).returncode
    if failed:
        click.echo(f"the tests are done, but these checks failed before them: {', '.join(failed)}", err=True)
    raise SystemExit(code or int(bool(failed)))


def side_by_side(cores: int) -> tuple[str, ...]:
    """Return pytest's arguments for several processes; what shares a fixture stays together, see tests/conftest.py."""
    workers = min(cores + 1, WORKERS_MAX)  # many tests wait, for a cut-off or a time-out
    # in the order of the folders: left to itself, xdist begins the long files, which hold few tests, last
    return ("-n", str(workers), "--no-loadscope-reorder")

"""`bursar test`: every check and the default tests, on real servers that the tests start themselves."""

from __future__ import annotations

import os
import subprocess
import sys

import rich_click as click

from cli.lint import STATIC_CHECKS, failed_checks
from cli.options import CHECKOUT, child_environment


@click.command(name="test", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(pytest_arguments: tuple[str, ...]) -> None:
    """Run the static checks of `bursar lint`, then the default tests.

    Further arguments go to pytest, such as `-k hold` or a folder; the static checks are left out then.
    """
    os.chdir(CHECKOUT)
    failed = [] if pytest_arguments else failed_checks(STATIC_CHECKS)
    argv = [sys.executable, "-P", "-m", "pytest", *pytest_arguments]
    code = subprocess.run(argv, env=child_environment(), check=False).returncode
    if failed:
        click.echo(f"the tests are done, but these checks failed before them: {', '.join(failed)}", err=True)
    raise SystemExit(code or int(bool(failed)))

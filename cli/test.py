"""`bursar test`: the default tests, on real servers that the tests start themselves."""

from __future__ import annotations

import os
import sys

import rich_click as click

from cli.options import CHECKOUT


@click.command(name="test", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(pytest_arguments: tuple[str, ...]) -> None:
    """Run the default tests.

    Further arguments go to pytest, such as `-k hold` or a folder.
    """
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *pytest_arguments])

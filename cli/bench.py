"""`bursar bench`: the benchmarks, each beside a baseline of the same run, on servers of their own."""

from __future__ import annotations

import os
import sys

import rich_click as click

from cli.options import CHECKOUT


@click.command(name="bench", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Measure writing, reading and visibility. `bursar bench --help` lists the benchmarks; --json for scripts."""
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "tests.benchmarks", *arguments])

"""`bursar bench`: the benchmarks, each beside a baseline of the same run, on servers of their own."""

from __future__ import annotations

import subprocess
import sys

import rich_click as click

from cli.options import CHECKOUT, child_environment


@click.command(name="bench", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Measure writing, reading and visibility on servers of its own, with the ratio to a baseline of the same run.

    --json prints one object for scripts. --only NAME... runs some of: sequencer, balance, visibility, single, hot,
    bulk, payments, rail, screening, risk, pure, dashboard.
    """
    argv = [sys.executable, "-P", "-m", "tests.benchmarks", *arguments]
    raise SystemExit(subprocess.run(argv, cwd=CHECKOUT, env=child_environment(), check=False).returncode)

"""`bursar lint`: every check that reads the code without running it, all of them even when one fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import rich_click as click

from cli.options import CHECKOUT, Failure

# The programs stand beside the interpreter of the environment.
STATIC_CHECKS = {
    "ruff check": ("ruff", "check"),
    "ruff format": ("ruff", "format", "--check"),
    "mypy": ("mypy",),
    "imports": ("lint-imports",),
    "published schemas": ("python", "-m", "cli.published"),
}
CHECKS = {**STATIC_CHECKS, "architecture": ("pytest", "-q", "tests/architecture")}
CHECK_WITHIN_S = 900.0


@click.command(name="lint")
def command() -> None:
    """Check style, types, the direction of imports and the rules of the architecture."""
    failed = failed_checks(CHECKS)
    if failed:
        raise Failure(f"failed: {', '.join(failed)}")


def failed_checks(checks: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Run checks one after another, all of them, and return the names of those that failed."""
    return [name for name, arguments in checks.items() if not _passes(name, arguments)]


def _passes(name: str, arguments: tuple[str, ...]) -> bool:
    click.echo(f"-- {name}")
    began = time.monotonic()
    program, *rest = arguments
    argv = [str(Path(sys.executable).with_name(program)), *rest]
    passed = subprocess.run(argv, cwd=CHECKOUT, timeout=CHECK_WITHIN_S, check=False).returncode == 0
    click.echo(f"-- {name}: {'passed' if passed else 'FAILED'} ({time.monotonic() - began:.1f} s)")
    return passed

"""Options that several commands share, and the one way a command ends with an error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

CHECKOUT = Path(__file__).resolve().parents[1]
DATA_DIR_DEFAULT = CHECKOUT / ".bursar"

F = TypeVar("F", bound=Callable[..., Any])


def data_dir_option(function: F) -> F:
    """Add `--data-dir`, the folder of one local stack."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=DATA_DIR_DEFAULT,
        envvar="BURSAR_DATA_DIR",
        show_default=".bursar in the checkout",
        help="Folder of the stack. Two folders are two independent stacks.",
    )(function)


def json_option(function: F) -> F:
    """Add `--json`, for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(function)


def child_environment() -> dict[str, str]:
    """Return the environment for `python -P -m cli`: this process's, with the checkout on Python's path."""
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


class Failure(SystemExit):
    """Ends a command with exit code 1; the text says cause and remedy and is printed as it is, log lines included."""

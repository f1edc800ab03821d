"""`bursar down`: stop the stack of a folder, from another terminal or after `up --detach`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from cli.options import Failure, data_dir_option

if TYPE_CHECKING:
    from cli.devstack.state import DataDir

DOWN_WITHIN_S = 120.0
POLL_S = 0.1


@click.command(name="down")
@data_dir_option
@click.option("--wipe", is_flag=True, help="Delete the folder afterwards: book, stream, read models, secrets.")
def command(data_dir: Path, wipe: bool) -> None:
    """Stop the stack of a folder; its data stays unless --wipe is given."""
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    if data.is_running():
        _stop(data)
        click.echo(f"stopped; the data stays in {data.path}" if not wipe else "stopped")
    else:
        click.echo(f"nothing is running in {data.path}")
    if wipe:
        _wipe(data)


def _stop(data: DataDir) -> None:
    pid = data.read_state().supervisor_pid
    if pid is None:
        raise Failure(f"{data.path} is locked by a stack that is only just starting; try again in a moment")
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError as refused:
        raise Failure(
            f"the stack in {data.path} belongs to another user (pid {pid}); stop it as that user"
        ) from refused
    deadline = time.monotonic() + DOWN_WITHIN_S
    while data.is_running() or not _has_ended(pid):  # its lock goes a moment before it does
        if time.monotonic() > deadline:
            raise Failure(f"the supervisor (pid {pid}) did not stop within {DOWN_WITHIN_S:.0f} s; see {data.logs}")
        time.sleep(POLL_S)


def _has_ended(pid: int) -> bool:
    """Tell whether a process is gone, or is only waiting for its parent to look (a zombie)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError):  # no /proc here, or gone by now
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def _wipe(data: DataDir) -> None:
    """Delete the folder, but only one that a stack has made."""
    if not data.path.exists():
        return
    if not data.state_file.exists():
        raise Failure(f"{data.path} has no state.json, so it is not a stack's folder; nothing was deleted")
    shutil.rmtree(data.path)
    click.echo(f"deleted {data.path}")

"""`bursar up`: the whole system on this machine, until Ctrl-C or, with `--detach`, until `bursar down`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import rich_click as click

from cli.options import CHECKOUT, Failure, child_environment, data_dir_option

if TYPE_CHECKING:
    from cli.devstack.state import DataDir

DETACHED_READY_WITHIN_S = 300.0
FOLLOW_EVERY_S = 0.1
TOKEN_RENEWED_EVERY_S = 3600.0
DETACHED_LOG = "up.log"
READY_LINE = "everything is ready"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(name="up")
@data_dir_option
@click.option("--detach", is_flag=True, help="Return when everything is ready; stop with `bursar down`.")
@click.option("--demo/--no-demo", default=True, help="Simulate a small fintech and its banks.")
@click.option("--seed", type=click.IntRange(min=0), help="The same seed makes the same demo. Default: random.")
def command(data_dir: Path, detach: bool, demo: bool, seed: int | None) -> None:
    """Start PostgreSQL, NATS, Valkey and Bursar's processes here; for the demo a simulated bank and card processor too.

    Data, ports and passwords stay in the data folder: the next `up` continues where this one ended. Whatever dies is
    restarted. Ctrl-C stops everything.
    """
    from cli.devstack.state import DataDir
    from cli.status_box import show_box

    data = DataDir(data_dir)
    if data.is_running():
        click.echo(f"already running in {data.path}")
    elif detach:
        _start_detached(data_dir, demo=demo, seed=seed)
    else:
        _run_here(data_dir, demo=demo, seed=seed)
        return
    show_box(data)


def _run_here(data_dir: Path, *, demo: bool, seed: int | None) -> None:
    from cli.devstack.binaries import MissingBinary, OldServer
    from cli.devstack.ports import NoFreePort
    from cli.devstack.privileges import Unreachable
    from cli.devstack.state import AlreadyRunning
    from cli.devstack.supervisor import StartFailed
    from runtime.migrate import MigrationError

    explained = (
        MissingBinary,
        OldServer,
        NoFreePort,
        Unreachable,
        AlreadyRunning,
        StartFailed,
        MigrationError,
        OSError,
    )
    try:
        asyncio.run(run_until_stopped(data_dir, demo=demo, seed=seed))
    except explained as error:
        raise Failure(f"{error}\n`bursar doctor` checks this machine.") from error


async def run_until_stopped(data_dir: Path, *, demo: bool, seed: int | None) -> None:
    """Start, show the box, wait for a signal, stop. The first signal cancels; the ones after it change nothing."""
    from cli.devstack import DEVELOPMENT, DevStack
    from cli.devstack.identity import ready_made_token
    from cli.devstack.processes import demonstration
    from cli.status_box import show_box

    processes = demonstration(seed=seed) if demo else DEVELOPMENT
    _cancel_on_signal()
    began = time.monotonic()
    click.echo(f"starting in {data_dir}")
    with contextlib.suppress(asyncio.CancelledError):
        async with DevStack(data_dir, processes=processes, report=lambda line: click.echo(f"  {line}")) as stack:
            if demo:
                await _seed(stack.url("command-api"), stack.servers.data)
            click.echo(f"{READY_LINE} ({time.monotonic() - began:.1f} s)")
            show_box(stack.servers.data)
            while True:  # only a signal ends it
                await asyncio.sleep(TOKEN_RENEWED_EVERY_S)
                ready_made_token(stack.servers.data)
    click.echo(f"stopped; the data stays in {data_dir}")


async def _seed(command_api_url: str, data: DataDir) -> None:
    """Open the demo's business before the box invites to use it; its process then finds everything there."""
    from cli.demo.people import speaking
    from cli.demo.seed import seed

    began = time.monotonic()
    async with speaking(command_api_url, data) as people:
        seeded = await seed(people)
    added = f"{seeded.added} commands new, {seeded.replayed} in the book already"
    click.echo(f"  demo seeded: {added} ({time.monotonic() - began:.1f} s)")


def _cancel_on_signal() -> None:
    """Let the first stop signal cancel this task, wherever it is; later ones must not cancel the stopping."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, lambda: None)
        if task is not None:
            task.cancel()
        click.echo("stopping ...")

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)


def _start_detached(data_dir: Path, *, demo: bool, seed: int | None) -> None:
    """Start the same command in a session of its own and follow its log until it is ready."""
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    data.create()
    argv = [sys.executable, "-P", "-m", "cli", "up", "--data-dir", str(data.path), "--demo" if demo else "--no-demo"]
    argv += [] if seed is None else ["--seed", str(seed)]
    with (data.logs / DETACHED_LOG).open("w+", encoding="utf-8") as log:
        supervisor = subprocess.Popen(
            argv,
            cwd=CHECKOUT,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        with (data.logs / DETACHED_LOG).open(encoding="utf-8") as follow:
            try:
                _follow(supervisor, follow)
            except KeyboardInterrupt:
                supervisor.terminate()
                raise


def _follow(supervisor: subprocess.Popen[bytes], log: IO[str]) -> None:
    """Show the log's progress lines until the stack is ready; stop it and fail when it is not in time."""
    deadline = time.monotonic() + DETACHED_READY_WITHIN_S
    while time.monotonic() < deadline:
        has_ended = supervisor.poll() is not None
        for line in log.read().splitlines():
            click.echo(line)
            if line.startswith(READY_LINE):
                return
        if has_ended:
            raise Failure(f"the stack did not start; the lines above stay in {log.name}")
        time.sleep(FOLLOW_EVERY_S)
    supervisor.terminate()
    raise Failure(f"the stack was not ready within {DETACHED_READY_WITHIN_S:.0f} s and was stopped; see {log.name}")

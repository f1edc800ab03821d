"""`bursar reactors`: see which reactions wait or are parked, let parked ones go on, or skip them and say why."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from projectors.reactors.desk import OperatorDesk

T = TypeVar("T")


def database_option(function: Any) -> Any:
    """Add `--database-url`, and the folder of a local stack for when it is missing."""
    return data_dir_option(
        click.option(
            "--database-url",
            envvar="BURSAR_REACTIONS_DATABASE_URL",
            help="PostgreSQL as bursar_reactor; else the local stack's.",
        )(function)
    )


@click.group(name="reactors")
def command() -> None:
    """Look at what Bursar does about its own events, and help where it cannot go on by itself.

    A task is named by its reactor, the position of its event and its step, written as 4711.0.
    """


@command.command(name="list")
@database_option
@json_option
def list_all(data_dir: Path, database_url: str | None, as_json: bool) -> None:
    """List every reactor: how far it has read the book, and how many tasks wait or are parked."""
    rows = _at_desk(data_dir, database_url, lambda desk: desk.reactors())
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(f"{row.reactor}: position {row.position}, {row.waiting} waiting, {row.parked} parked")
    if not rows:
        click.echo("no reactor has run here yet")


@command.command(name="parked")
@click.argument("reactor", required=False)
@database_option
@json_option
def parked(reactor: str | None, data_dir: Path, database_url: str | None, as_json: bool) -> None:
    """List parked tasks, why they are parked, and how many tasks wait behind each.

    Ends with exit code 1 when there are any.
    """
    rows = _at_desk(data_dir, database_url, lambda desk: desk.parked(reactor))
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], indent=2))
    for row in [] if as_json else rows:
        sent = "  It may have been sent: ask the other side before you skip it." if row.intended else ""
        since = f"parked {row.parked_at:%Y-%m-%d %H:%M:%S} UTC after {row.attempts} attempts, {row.behind} behind it"
        click.echo(f"{row.reactor} {row.position}.{row.step}  {row.kind} of {row.key}, {since}: {row.last_error}{sent}")
    if rows:
        raise SystemExit(1)
    if not as_json:
        click.echo("nothing is parked")


@command.command(name="resume")
@click.argument("reactor")
@click.argument("task", required=False)
@click.option("--reason", help="What was mended; kept with your name.")
@database_option
def resume(reactor: str, task: str | None, reason: str | None, data_dir: Path, database_url: str | None) -> None:
    """Let a parked task be tried again in its old place, or all parked tasks of a reactor when none is named."""

    async def at(desk: OperatorDesk) -> int:
        tasks = [_place_of(task)] if task else [(row.position, row.step) for row in await desk.parked(reactor)]
        for position, step in tasks:
            await desk.resume(reactor, position, step, reason=reason)
        return len(tasks)

    click.echo(f"{_at_desk(data_dir, database_url, at)} resumed")


@command.command(name="skip")
@click.argument("reactor")
@click.argument("task")
@click.option("--reason", required=True, help="Why it need not happen; kept for ever with your name.")
@database_option
def skip(reactor: str, task: str, reason: str, data_dir: Path, database_url: str | None) -> None:
    """Give one parked task up, for good; what waits behind it goes on."""
    position, step = _place_of(task)

    async def at(desk: OperatorDesk) -> None:
        await desk.skip(reactor, position, step, reason=reason)

    _at_desk(data_dir, database_url, at)
    click.echo(f"{reactor} {task} skipped")


def _place_of(task: str) -> tuple[int, int]:
    position, _, step = task.partition(".")
    if not (position.isdecimal() and step.isdecimal()):
        raise Failure(f"{task!r} names no task; write its position and step, such as 4711.0")
    return int(position), int(step)


def _at_desk(data_dir: Path, database_url: str | None, ask: Callable[[OperatorDesk], Awaitable[T]]) -> T:
    """Ask the table one thing, and end in words when that is not possible."""
    from projectors.apply import TargetUnreachable
    from projectors.reactors.desk import NotParked

    async def connected() -> T:
        import asyncpg

        from projectors.reactors.desk import OperatorDesk

        connection = await asyncpg.connect(database_url or _local(data_dir))
        try:
            return await ask(OperatorDesk(connection, operator=getpass.getuser()))
        finally:
            await connection.close()

    try:
        return asyncio.run(connected())
    except (NotParked, TargetUnreachable, ValueError, OSError) as error:
        raise Failure(str(error)) from error


def _local(data_dir: Path) -> str:
    """Return the URL of the stack that runs in a folder, as the reactor. Raises Failure when none runs."""
    from cli.devstack import postgres
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    state = data.read_state()
    if not data.is_running() or "postgres" not in state.ports:
        raise Failure(f"no stack runs in {data.path}; start it with `bursar up`, or give --database-url")
    return postgres.dsn(postgres.REACTOR, password=data.secret(postgres.REACTOR), port=state.ports["postgres"])


def _plain(row: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(row)

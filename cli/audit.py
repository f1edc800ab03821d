"""`bursar audit`: what the auditor has proved and found, a whole audit now, and the repair of what differs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from cli.options import Failure, data_dir_option, json_option
from cli.verify import VERIFY_LEDGER, Places, places_of

if TYPE_CHECKING:
    from contracts.audits import AuditDifference, AuditsView
    from projectors.auditor.auditing import Auditor
    from projectors.auditor.healing import Healed
    from projectors.auditor.reading import BookReader

T = TypeVar("T")

EXIT_DIFFERENT = 1


def places_options(function: Any) -> Any:
    """Add the options that say where the copies are; without them it is the local stack."""
    options = (
        data_dir_option,
        json_option,
        click.option("--ledger", default=VERIFY_LEDGER, envvar="BURSAR_LEDGER", help="Name of the ledger."),
        click.option("--database-url", envvar="BURSAR_DATABASE_URL", help="PostgreSQL; else the local stack's."),
        click.option("--nats-url", envvar="BURSAR_NATS_URL", help="NATS of the stream; else the local stack's."),
        click.option("--redis-url", envvar="BURSAR_REDIS_URL", help="Redis of the models; else the local stack's."),
        click.option("--lake-dir", envvar="BURSAR_LAKE_DIR", help="Folder of the lake; else the local stack's."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group(name="audit")
def command() -> None:
    """Prove that stream, Redis and lake say what the book says, account by account, and repair what does not.

    The timers do this all the time, a slice at a time; `status` shows how far they are. Nothing needs to stop.
    """


@command.command(name="status")
@places_options
def status(data_dir: Path, as_json: bool, ledger: str, **given: str | None) -> None:
    """Show how far each side is proved, and every difference that is known.

    Ends with exit code 1 when there is a difference.
    """
    view = _asked(_status(places_of(data_dir, ledger, given)))
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(view)).decode())
    else:
        click.echo(_status_text(view))
    if view.last_run.differences:
        raise SystemExit(EXIT_DIFFERENT)


@command.command(name="run")
@places_options
def run(data_dir: Path, as_json: bool, ledger: str, **given: str | None) -> None:
    """Audit every side from the newest position to the first, now. Ends with exit code 1 when something differs."""
    from projectors.auditor.sweeping import sweep_all
    from runtime.clock import SystemClock

    steps = _asked(_with_auditor(places_of(data_dir, ledger, given), lambda a, b: sweep_all(a, b, clock=SystemClock())))
    differences = [difference for step in steps for difference in step.differences]
    compared: dict[str, int] = {}
    for step in steps:
        compared[step.side] = compared.get(step.side, 0) + step.compared
    position = max((step.high for step in steps), default=0)
    if as_json:
        click.echo(json.dumps({"position": position, "compared": compared, "differences": _plain(differences)}))
    else:
        click.echo(f"position {position}: " + ", ".join(f"{side} {count}" for side, count in compared.items()))
        click.echo("\n".join(map(_line, differences)) or "nothing differs")
    if differences:
        raise SystemExit(EXIT_DIFFERENT)


@command.command(name="heal")
@places_options
def heal(data_dir: Path, as_json: bool, ledger: str, **given: str | None) -> None:
    """Audit every side, and repair what differs from the book.

    One thing at a time where that can be done, else by rebuilding its model. The book is never changed: while it
    differs from itself, nothing is repaired.
    """
    differences, healed = _asked(_heal(places_of(data_dir, ledger, given)))
    if as_json:
        click.echo(json.dumps({"differences": _plain(differences), **healed._asdict()}))
        return
    click.echo("\n".join(map(_line, differences)) or "nothing differs")
    for name in healed.things:
        click.echo(f"healed {name}")
    for name in healed.rebuilt:
        click.echo(f"{name} is being built again from the book")


async def _status(places: Places) -> AuditsView:
    from contracts.audits import audits_view
    from projectors.auditor.store import AuditStore
    from runtime.postgres import create_pool

    pool = await create_pool(places.database_url, application_name="bursar-audit", size_max=1)
    try:
        store = AuditStore(pool)
        cursors = tuple(state.cursor for state in (await store.states()).values())
        differences = tuple(await store.differences())
        return audits_view(cursors, differences, sum((await store.counts()).values()))
    finally:
        await pool.close()


async def _heal(places: Places) -> tuple[list[AuditDifference], Healed]:
    from projectors.auditor.healing import Healed, heal
    from projectors.auditor.healing import Places as Copies
    from projectors.auditor.sweeping import sweep_all
    from runtime.clock import SystemClock

    async def work(auditor: Auditor, book: BookReader) -> tuple[list[AuditDifference], Healed]:
        steps = await sweep_all(auditor, book, clock=SystemClock())
        differences = [difference for step in steps for difference in step.differences]
        if not differences:
            return [], Healed([], [])
        return differences, await heal(auditor, book, differences, Copies(places.redis_url, Path(places.lake_dir)))

    return await _with_auditor(places, work)


async def _with_auditor(places: Places, work: Callable[[Auditor, BookReader], Awaitable[T]]) -> T:
    from projectors.auditor.auditing import Auditor
    from projectors.auditor.reading import BookReader
    from runtime.postgres import create_pool

    pool = await create_pool(places.database_url, application_name="bursar-audit", size_max=2)
    book = BookReader(pool, ledger=places.ledger)
    auditor = Auditor(book, redis_url=places.redis_url, nats_url=places.nats_url, lake_dir=Path(places.lake_dir))
    try:
        return await work(auditor, book)
    finally:
        await auditor.close()
        await pool.close()


def _asked(asking: Awaitable[T]) -> T:
    """Wait for an answer; say plainly why there is none."""
    from nats.errors import Error as NatsError
    from redis.exceptions import RedisError

    from projectors.apply import Fenced, TargetUnreachable
    from projectors.auditor.auditing import Waiting
    from projectors.auditor.healing import HealRefused
    from projectors.book import BookUnreachable, WrongBook
    from runtime.jetstream import JetStreamRefused
    from runtime.logs import configure_logging

    async def answered() -> T:
        return await asking

    configure_logging("audit", "error")
    faults = (Waiting, Fenced, HealRefused, BookUnreachable, WrongBook, TargetUnreachable, RedisError, NatsError)
    try:
        return asyncio.run(answered())
    except (*faults, JetStreamRefused, OSError) as fault:
        raise Failure(str(fault)) from fault


def _line(difference: AuditDifference) -> str:
    account = f" [{difference.account_id} {difference.currency}]" if difference.account_id else ""
    return (
        f"{difference.side}: {difference.subject}{account}: {difference.field} at position {difference.position}: "
        f"found {difference.found}, expected {difference.expected}"
    )


def _plain(differences: list[AuditDifference]) -> Any:
    import msgspec

    return msgspec.to_builtins(differences)


def _status_text(view: AuditsView) -> str:
    lines = [f"{view.state}: {view.last_run.differences} differences, proved up to position {view.last_run.position}"]
    for cursor in view.sides:
        swept = "never" if cursor.swept_at is None else f"{cursor.swept_at:%Y-%m-%d %H:%M:%S} UTC"
        doing = cursor.waiting or (f"sweeping, {cursor.sweep_low} positions to go" if cursor.sweep_low else "at rest")
        lines.append(f"  {cursor.side}: up to {cursor.audited_to}, last whole sweep {swept}; {doing}")
    return "\n".join([*lines, *map(_line, view.differences)])

"""`bursar verify`: prove that the book is whole and that stream, Redis and lake say what it says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from msgspec import Struct

from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from contracts.findings import Check
    from ledger.verify.book import BookProof

CATCH_UP_S = 20.0
POLL_S = 0.1
EXIT_DIFFERENT = 1
VERIFY_LEDGER = "main"


class Places(Struct, frozen=True, kw_only=True):
    """Where a ledger's copies are."""

    ledger: str
    database_url: str
    nats_url: str
    redis_url: str
    lake_dir: str


@click.command(name="verify")
@data_dir_option
@json_option
@click.option("--ledger", default=VERIFY_LEDGER, envvar="BURSAR_LEDGER", help="Name of the ledger.")
@click.option("--database-url", envvar="BURSAR_DATABASE_URL", help="PostgreSQL of the book; else the local stack's.")
@click.option("--nats-url", envvar="BURSAR_NATS_URL", help="NATS of the stream; else the local stack's.")
@click.option("--redis-url", envvar="BURSAR_REDIS_URL", help="Redis of the read model; else the local stack's.")
@click.option("--lake-dir", envvar="BURSAR_LAKE_DIR", help="Folder of the lake; else the local stack's.")
def command(data_dir: Path, as_json: bool, ledger: str, **given: str | None) -> None:
    """Recompute the hash chain, every balance and every sum from the events; compare all copies at one position.

    Nothing needs to stop. Ends with exit code 1 at the first difference of any check, which it names.
    """
    from runtime.logs import configure_logging

    configure_logging("verify", "error")
    places = places_of(data_dir, ledger, given)
    started = time.perf_counter()
    position, checks = asyncio.run(verify(places))
    report = {
        "ok": all(check.ok for check in checks),
        "ledger": ledger,
        "position": position,
        "seconds": round(time.perf_counter() - started, 2),
        "checks": [_shown(check) for check in checks],
        "first_difference": next((_shown(check)["difference"] for check in checks if not check.ok), None),
    }
    click.echo(json.dumps(report, indent=2) if as_json else _text(report))
    if not report["ok"]:
        raise SystemExit(EXIT_DIFFERENT)


async def verify(places: Places) -> tuple[int, list[Check]]:
    """Run every check at one position of the book. A store that cannot be reached is a failed check, not an end."""
    import asyncpg

    from ledger.verify.book import verify_book
    from ledger.verify.stream import verify_stream
    from projectors.stores.lake import serving_folder
    from projectors.verify import verify_lake
    from runtime.jetstream import connect_nats

    book = await asyncpg.connect(places.database_url)
    try:
        async with book.transaction(isolation="repeatable_read", readonly=True):
            proof = await verify_book(book)
            position, accounts = proof.fold.position, proof.fold.accounts
            checks = list(proof.checks)

            async def stream() -> list[Check]:
                nats = await connect_nats(places.nats_url, name="bursar-verify", on_closed=lambda: None)
                try:
                    await _catch_up(lambda: _stream_position(nats, places.ledger), position)
                    return [await verify_stream(book, nats, ledger=places.ledger, position=position)]
                finally:
                    await nats.close()

            async def wallets() -> list[Check]:
                return await _verify_redis(places, proof)

            async def lake() -> list[Check]:
                folder = serving_folder(Path(places.lake_dir) / places.ledger)
                await _catch_up(lambda: _lake_position(folder), position)
                return await verify_lake(folder, book, accounts, position)

            for name, work in (("stream", stream), ("redis", wallets), ("lake", lake)):
                checks += await _reached(name, work)
    finally:
        await book.close()
    return position, checks


async def _verify_redis(places: Places, proof: BookProof) -> list[Check]:
    """Compare accounts and payments of the read model with the book, once it has come as far."""
    import asyncpg

    from contracts.read_models import WALLETS, WALLETS_VERSION, WalletsKeys
    from projectors.stores.redis import serving_version
    from projectors.verify import verify_payments, verify_wallets, wallets_position
    from runtime.redis_client import connect_redis

    fold = proof.fold
    client = await connect_redis(places.redis_url)
    try:
        keys = WalletsKeys(places.ledger, await serving_version(client, places.ledger, WALLETS, WALLETS_VERSION))
        await _catch_up(lambda: wallets_position(client, keys), fold.position)
        live = await asyncpg.connect(places.database_url)  # sees what was committed after the snapshot
        try:
            return [
                await verify_wallets(client, keys, live, fold.accounts, fold.position),
                await verify_payments(client, keys, live, fold.records.payments, fold.position),
            ]
        finally:
            await live.close()
    finally:
        await client.aclose()


async def _reached(name: str, work: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    """Run a check; a store that does not answer fails it with the reason."""
    import asyncpg
    import duckdb
    from deltalake.exceptions import DeltaError
    from nats.errors import Error as NatsError
    from redis.exceptions import RedisError

    from contracts.findings import Check, Difference
    from projectors.lake.tables import TableUnreadable
    from runtime.jetstream import IncompleteRange, JetStreamRefused

    faults = (
        OSError,
        NatsError,
        JetStreamRefused,
        IncompleteRange,
        RedisError,
        DeltaError,
        TableUnreadable,
        duckdb.Error,
        asyncpg.PostgresError,
    )
    try:
        return await work()
    except faults as fault:
        return [Check(f"{name}: readable", 0, Difference(name, f"{type(fault).__name__}: {fault}", "an answer"))]


async def _catch_up(reached: Callable[[], Awaitable[int]], position: int) -> None:
    """Give a copy CATCH_UP_S to reach the position; the check that follows says when it did not."""
    deadline = time.monotonic() + CATCH_UP_S
    while await reached() < position and time.monotonic() < deadline:  # noqa: ASYNC110 - a store has no event to wait for
        await asyncio.sleep(POLL_S)


async def _stream_position(nats: Any, ledger: str) -> int:
    from contracts.subjects import stream_name
    from runtime.jetstream import STREAM_NOT_FOUND, JetStreamRefused, last_sequence

    try:
        return await last_sequence(nats, stream_name(ledger))
    except JetStreamRefused as refused:
        if refused.code == STREAM_NOT_FOUND:  # the relay makes it again within seconds
            return 0
        raise


async def _lake_position(folder: Path) -> int:
    from projectors.verify import lake_position

    return await asyncio.to_thread(lake_position, folder)


def places_of(data_dir: Path, ledger: str, given: dict[str, str | None]) -> Places:
    """Return what was given, else the addresses of the local stack in ``data_dir``."""
    from cli.devstack.state import DataDir

    data = DataDir(data_dir)
    addresses = data.read_state().addresses if data.is_running() else {}
    local = {
        "database_url": addresses.get("postgres"),
        "nats_url": addresses.get("nats"),
        "redis_url": addresses.get("redis"),
        "lake_dir": str(data.lake) if addresses else None,
    }
    chosen = {name: given[name] or local[name] for name in local}
    missing = [f"--{name.replace('_', '-')}" for name, value in chosen.items() if not value]
    if missing:
        raise Failure(f"no stack runs in {data.path}; start it with `bursar up`, or give {', '.join(missing)}")
    return Places(ledger=ledger, **{name: value for name, value in chosen.items() if value})


def _shown(check: Check) -> dict[str, Any]:
    difference = check.difference
    shown = None if difference is None else {name: getattr(difference, name) for name in difference.__struct_fields__}
    return {"name": check.name, "ok": check.ok, "count": check.count, "difference": shown}


def _text(report: dict[str, Any]) -> str:
    lines = [f"ledger {report['ledger']} at position {report['position']}, {report['seconds']} s"]
    for check in report["checks"]:
        lines.append(f"  {'ok  ' if check['ok'] else 'FAIL'} {check['name']} ({check['count']})")
        if check["difference"]:
            lines += [f"       {name}: {text}" for name, text in check["difference"].items()]
    return "\n".join(lines)

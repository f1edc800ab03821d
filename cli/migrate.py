"""`bursar migrate`: bring a database's schema up to date with this checkout."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from cli.options import CHECKOUT, Failure

if TYPE_CHECKING:
    import asyncpg

LEDGER_DEFAULT = "main"
MIGRATIONS = CHECKOUT / "ledger" / "store" / "sql" / "migrations"
REACTIONS = CHECKOUT / "projectors" / "reactors" / "sql"
PROJECTIONS = CHECKOUT / "projectors" / "control" / "sql"
ADHOC = CHECKOUT / "query_api" / "adhoc" / "sql"
VAULT_MIGRATIONS = CHECKOUT / "runtime" / "vault" / "sql" / "migrations"
# Each schema has migrations of its own, applied in this order.
SCHEMAS: Mapping[str, Path] = {
    "public": MIGRATIONS,
    "vault": VAULT_MIGRATIONS,
    "reactions": REACTIONS / "migrations",
    "projections": PROJECTIONS / "migrations",
    "adhoc": ADHOC / "migrations",
}


async def run(
    database_url: str, *, ledger: str = LEDGER_DEFAULT, target: str | None = None, schema: str | None = None
) -> list[str]:
    """Apply the pending migrations as the database's owner and return their names.

    `schema` limits it to one of SCHEMAS; a `target` without it is a migration of the book, in `public`. An empty book
    becomes the book of `ledger`. Raises `MigrationError`, and `WrongLedger` for another ledger's book.
    """
    from runtime.migrate import migrate

    applied: list[str] = []
    only = schema or ("public" if target else None)
    for name, directory in SCHEMAS.items():
        if only not in (None, name):
            continue
        async with _session(database_url, name) as connection:
            applied += await migrate(connection, directory, target=target)
            if name == "public":
                await _name_the_book(connection, ledger)
    return applied


async def _name_the_book(connection: asyncpg.Connection[asyncpg.Record], ledger: str) -> None:
    from ledger.store.load import create_head

    await create_head(connection, ledger=ledger)


@asynccontextmanager
async def _session(database_url: str, schema: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Connect with one schema as the whole search path, so that its record of migrations is its own."""
    import asyncpg

    connection = await asyncpg.connect(database_url, server_settings={"search_path": schema})
    try:
        yield connection
    finally:
        await connection.close()


@click.command(name="migrate")
@click.option(
    "--database-url",
    required=True,
    envvar="BURSAR_DATABASE_URL",
    help="postgresql:// URL of the database's owner, who may change the schema.",
)
@click.option("--ledger", default=LEDGER_DEFAULT, envvar="BURSAR_LEDGER", help="Name of the ledger that it holds.")
@click.option("--target", help="Name or number of the last migration to apply; all without it.")
@click.option(
    "--schema",
    type=click.Choice(list(SCHEMAS)),
    help="Only this schema: public is the book, and what a --target means without it.",
)
def command(database_url: str, ledger: str, target: str | None, schema: str | None) -> None:
    """Apply the pending migrations of the book and of all that stands beside it, each in its own transaction.

    The local stack does this at every start; elsewhere run it before the new processes start.
    """
    import asyncpg

    from ledger.store.load import WrongLedger
    from runtime.migrate import MigrationError

    try:
        applied = asyncio.run(run(database_url, ledger=ledger, target=target, schema=schema))
    except (MigrationError, WrongLedger, OSError, asyncpg.PostgresError) as error:
        raise Failure(str(error)) from error
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("nothing was pending" if not applied else f"{len(applied)} applied")

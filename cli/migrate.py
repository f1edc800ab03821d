"""`bursar migrate`: bring a database's schema up to date with this checkout."""

from __future__ import annotations

import asyncio

import rich_click as click

from cli.options import CHECKOUT, Failure

LEDGER_DEFAULT = "main"
MIGRATIONS = CHECKOUT / "ledger" / "store" / "sql" / "migrations"
REACTIONS = CHECKOUT / "projectors" / "reactors" / "sql"
REACTIONS_SCHEMA = "reactions"


async def run(database_url: str, *, ledger: str = LEDGER_DEFAULT, target: str | None = None) -> list[str]:
    """Apply the pending migrations as the database's owner and return their names.

    An empty book becomes the book of `ledger`. Raises `MigrationError`, and `WrongLedger` for another ledger's book.
    """
    import asyncpg

    from ledger.store.load import create_head
    from runtime.migrate import migrate

    connection = await asyncpg.connect(database_url)
    try:
        applied = await migrate(connection, MIGRATIONS, target=target)
        await create_head(connection, ledger=ledger)
    finally:
        await connection.close()
    return applied if target else applied + await migrate_reactions(database_url)


async def migrate_reactions(database_url: str) -> list[str]:
    """Apply the pending migrations of the reactions' schema, which keeps a record of its own. Raises MigrationError."""
    import asyncpg

    from runtime.migrate import migrate
    from runtime.sql_files import load_queries

    # The search path belongs to the session, so that it outlives what a migration sets and resets.
    connection = await asyncpg.connect(database_url, server_settings={"search_path": REACTIONS_SCHEMA})
    try:
        await connection.execute(load_queries(REACTIONS / "queries.sql")["create_schema"])
        return await migrate(connection, REACTIONS / "migrations")
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
@click.option("--target", help="Name or number of the last migration of the book to apply; all without it.")
def command(database_url: str, ledger: str, target: str | None) -> None:
    """Apply the pending migrations of the book and of the reactions, each in its own transaction.

    The local stack does this at every start; elsewhere run it before the new processes start.
    """
    import asyncpg

    from ledger.store.load import WrongLedger
    from runtime.migrate import MigrationError

    try:
        applied = asyncio.run(run(database_url, ledger=ledger, target=target))
    except (MigrationError, WrongLedger, OSError, asyncpg.PostgresError) as error:
        raise Failure(str(error)) from error
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("nothing was pending" if not applied else f"{len(applied)} applied")

"""schema.sql is the whole truth: all migrations together leave exactly that."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from cli.devstack import Servers
from cli.devstack.binaries import postgres_binary
from cli.migrate import MIGRATIONS, REACTIONS
from runtime.sql_files import load_queries
from tests.conftest import migrate_book
from tests.support.sequencing import looking

SCHEMA = MIGRATIONS.parent / "schema.sql"


def dump(dsn: str) -> list[str]:
    """The schema as PostgreSQL describes it, without comments, session settings and the record of migrations."""
    done = subprocess.run(
        [str(postgres_binary("pg_dump")), "--schema-only", "--exclude-table=*.schema_migrations", "--dbname", dsn],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", "SET ", "\\")))
    return [line for line in lines if not re.match(r"SELECT pg_catalog\.set_config", line)]


async def test_migrations_add_up_to_the_schema_file(servers: Servers) -> None:
    async with servers.database("by_migrations") as migrated, servers.database("by_schema") as fresh:
        await migrate_book(migrated("bursar_owner"))
        async with looking(fresh, "bursar_owner") as connection:
            await connection.execute(SCHEMA.read_text(encoding="utf-8"))
            await connection.execute(load_queries(REACTIONS / "queries.sql")["create_schema"])
            await connection.execute((REACTIONS / "schema.sql").read_text(encoding="utf-8"))

        by_migrations, by_schema = dump(migrated("postgres")), dump(fresh("postgres"))

    assert by_migrations == by_schema
    assert any("entries_move_balances" in line for line in by_schema)
    assert len(by_schema) > 100


def test_every_query_of_the_store_is_used_somewhere() -> None:
    """A query that nobody asks is a promise that nobody checks."""
    root = Path(__file__).parents[2]
    queries = re.findall(r"^-- name: (\w+)", (SCHEMA.parent / "queries.sql").read_text(), re.MULTILINE)
    code = "\n".join(
        path.read_text() for folder in ("ledger", "command_api", "cli") for path in (root / folder).rglob("*.py")
    )

    assert [name for name in queries if f'"{name}"' not in code] == []

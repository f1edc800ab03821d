"""schema.sql is the whole truth of a schema beside the book: its migrations leave exactly that."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import asyncpg
import pytest

from cli.devstack import Servers
from cli.devstack.binaries import postgres_binary
from cli.migrate import ADHOC, REACTIONS
from tests.conftest import migrate_book

ROOT = Path(__file__).parents[2]


def dump(dsn: str, schema: str) -> list[str]:
    """The schema as PostgreSQL describes it, without comments, session settings and the record of migrations."""
    done = subprocess.run(
        [
            *(str(postgres_binary("pg_dump")), "--schema-only", f"--schema={schema}"),
            *(f"--exclude-table={schema}.schema_migrations", "--dbname", dsn),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", "SET ", "\\")))
    return [line for line in lines if not re.match(r"SELECT pg_catalog\.set_config", line)]


@pytest.mark.parametrize(
    ("schema", "sql", "part"), [("reactions", REACTIONS, "tasks_line"), ("adhoc", ADHOC, "asked_no_key")]
)
async def test_migrations_add_up_to_the_schema_file(servers: Servers, schema: str, sql: Path, part: str) -> None:
    async with servers.database(f"{schema}_migrated") as migrated, servers.database(f"{schema}_fresh") as fresh:
        await migrate_book(migrated("bursar_owner"))
        connection = await asyncpg.connect(fresh("bursar_owner"))
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.execute((sql / "schema.sql").read_text(encoding="utf-8"))
        await connection.close()

        by_migrations, by_schema = dump(migrated("postgres"), schema), dump(fresh("postgres"), schema)

    assert by_migrations == by_schema
    assert any(part in line for line in by_schema)


def test_every_query_is_used_somewhere() -> None:
    for folder in ("reactors", "timers"):
        home = ROOT / "projectors" / folder
        queries = re.findall(r"^-- name: (\w+)", (home / "sql" / "queries.sql").read_text(), re.MULTILINE)
        code = "\n".join(path.read_text() for path in home.rglob("*.py"))
        asked = {name for name in queries if f'"{name}"' in code or f'{name.removesuffix("_parked")}"' in code}
        assert set(queries) - asked == set()

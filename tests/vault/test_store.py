"""What the database itself refuses and whom it lets look; and that no text in clear reaches it or a log."""

from __future__ import annotations

import io
import logging
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from cli.devstack import Servers
from cli.devstack.binaries import postgres_binary
from cli.migrate import SCHEMAS, VAULT_MIGRATIONS
from cli.migrate import run as migrate
from runtime.logs import configure_logging
from runtime.vault import SealBroken, VaultError
from tests.conftest import migrate_book
from tests.support.sequencing import looking
from tests.support.vault import DsnOf, key_for, opened_vault, ring_of

SCHEMA = VAULT_MIGRATIONS.parent / "schema.sql"
COLUMNS = [
    "created_at",
    "destroyed_at",
    "destroyed_by",
    "kek_id",
    "key_no",
    "messages",
    "reason",
    "subject",
    "wrapped_key",
]
DENIED = asyncpg.InsufficientPrivilegeError
RESTRICTED = asyncpg.RestrictViolationError
CANARY = "Zaphod-Beeblebrox-4242"


@pytest.fixture(scope="module")
async def keys(servers: Servers, book_template: str) -> AsyncIterator[DsnOf]:
    """One whole and one destroyed key that nobody can change: every statement here is refused."""
    async with servers.database("vault_store", template=book_template) as dsn_of:
        async with opened_vault(dsn_of) as vault:
            await vault.seal("customer_1", {"name": "Ada"})
            await vault.seal("customer_2", {"name": "Bo"})
            await vault.destroy("customer_2", by="ann", reason="case 7")
        yield dsn_of


async def refused(dsn_of: DsnOf, role: str, statement: str, error: type[asyncpg.PostgresError]) -> None:
    async with looking(dsn_of, "bursar_owner") as owner:
        before = await owner.fetch("SELECT * FROM vault.data_keys ORDER BY subject, key_no")
        async with looking(dsn_of, role) as connection:
            with pytest.raises(error):
                await connection.execute(statement)
        assert await owner.fetch("SELECT * FROM vault.data_keys ORDER BY subject, key_no") == before


@pytest.mark.parametrize("role", ["bursar_writer", "bursar_opener", "bursar_reader"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vault.data_keys",
        "TRUNCATE vault.data_keys",
        "UPDATE vault.data_keys SET subject = 'customer_9' WHERE subject = 'customer_1'",
        "UPDATE vault.data_keys SET created_at = now()",
        "DROP TABLE vault.data_keys",
        "ALTER TABLE vault.data_keys DISABLE TRIGGER ALL",
        "CREATE TABLE vault.mine (id int)",
        "INSERT INTO vault.data_keys (subject, key_no, kek_id, created_at) VALUES ('x', 1, 'k1', now())",
    ],
)
async def test_no_role_removes_keys_or_changes_whose_they_are(keys: DsnOf, role: str, statement: str) -> None:
    await refused(keys, role, statement, DENIED)


@pytest.mark.parametrize("role", ["bursar_writer", "bursar_owner", "postgres"])
@pytest.mark.parametrize(
    "change",
    [
        "wrapped_key = decode(repeat('ab', 40), 'hex'), destroyed_at = NULL, destroyed_by = NULL, reason = NULL",
        "destroyed_by = 'bob'",
        "reason = 'case 8'",
        "destroyed_at = now()",
        "messages = messages + 1",
        "kek_id = 'k2'",
    ],
)
async def test_nobody_revives_a_destroyed_key_or_rewrites_its_proof(keys: DsnOf, role: str, change: str) -> None:
    """Not even the superuser, without first disabling a trigger by name."""
    await refused(keys, role, f"UPDATE vault.data_keys SET {change} WHERE subject = 'customer_2'", RESTRICTED)


@pytest.mark.parametrize("role", ["bursar_writer", "bursar_owner", "postgres"])
async def test_nobody_makes_a_key_for_an_erased_subject(keys: DsnOf, role: str) -> None:
    statement = (
        "INSERT INTO vault.data_keys (subject, key_no, kek_id, wrapped_key)"
        " VALUES ('customer_2', 2, 'k1', decode(repeat('ab', 40), 'hex'))"
    )
    await refused(keys, role, statement, RESTRICTED)


@pytest.mark.parametrize("role", ["bursar_owner", "postgres"])
@pytest.mark.parametrize("statement", ["DELETE FROM vault.data_keys", "TRUNCATE vault.data_keys"])
async def test_not_even_the_owner_removes_a_row(keys: DsnOf, role: str, statement: str) -> None:
    await refused(keys, role, statement, RESTRICTED)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("wrapped_key = NULL", asyncpg.CheckViolationError),
        ("destroyed_at = now(), destroyed_by = 'ann', reason = 'case 7'", asyncpg.CheckViolationError),
        ("wrapped_key = NULL, destroyed_at = now(), destroyed_by = 'ann'", asyncpg.CheckViolationError),
        ("wrapped_key = NULL, destroyed_at = now(), destroyed_by = '', reason = 'case 7'", asyncpg.CheckViolationError),
        ("wrapped_key = 'short'", asyncpg.CheckViolationError),
        ("messages = messages - 1", RESTRICTED),
    ],
)
async def test_a_key_is_whole_or_destroyed_with_its_proof(
    keys: DsnOf, change: str, error: type[asyncpg.PostgresError]
) -> None:
    await refused(keys, "bursar_writer", f"UPDATE vault.data_keys SET {change} WHERE subject = 'customer_1'", error)


@pytest.mark.parametrize(
    ("role", "may_see"),
    [
        ("bursar_reader", []),
        ("bursar_opener", ["destroyed_at", "kek_id", "key_no", "subject", "wrapped_key"]),
        ("bursar_writer", COLUMNS),
    ],
)
async def test_each_role_sees_what_it_needs(keys: DsnOf, role: str, may_see: list[str]) -> None:
    async with looking(keys, role) as connection:
        seen = [column for column in COLUMNS if await _may_read(connection, column)]
    assert seen == may_see


async def _may_read(connection: asyncpg.Connection[Any], column: str) -> bool:
    try:
        await connection.fetch(f"SELECT {column} FROM vault.data_keys")
    except DENIED:
        return False
    return True


async def test_the_opener_opens_and_does_nothing_else(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as door, opened_vault(book_database, role="bursar_opener") as window:
        sealed = await door.seal("customer_1", {"name": "Ada"})
        assert await window.open("customer_1", sealed) == {"name": "Ada"}
        for action in (
            window.seal("customer_2", {"name": "Bo"}),
            window.rotate_subject("customer_1"),
            window.destroy("customer_1", by="ann", reason="case 7"),
        ):
            with pytest.raises(DENIED):
                await action
        assert await door.open("customer_1", sealed) == {"name": "Ada"}
    async with opened_vault(book_database, role="bursar_reader") as reader:
        with pytest.raises(DENIED):
            await reader.open("customer_1", sealed)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that Python's loggers say at their most talkative."""
    handlers, level, stream = logging.getLogger().handlers[:], logging.getLogger().level, io.StringIO()
    configure_logging("vault-tests", "debug", stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


async def test_no_text_in_clear_reaches_the_database_or_a_log(
    servers: Servers, book_database: DsnOf, log: io.StringIO
) -> None:
    """A canary is sealed, opened, tampered with and erased, with every statement logged; it turns up nowhere."""
    async with looking(book_database, "postgres") as admin:
        await admin.execute("ALTER ROLE bursar_writer SET log_statement = 'all'")
        await admin.execute("ALTER ROLE bursar_writer SET log_min_duration_statement = 0")
    said = []
    try:
        async with opened_vault(book_database) as vault:
            sealed = await vault.seal("customer_1", {"name": CANARY, "note": CANARY * 20})
            assert (await vault.open("customer_1", sealed))["name"] == CANARY
            for attempt in (
                vault.open("customer_1", {"note": sealed["name"]}),
                vault.open("customer_1", {"name": CANARY}),
                vault.seal(CANARY + " ", {"name": CANARY}),
                vault.seal("customer_1", {"name": CANARY + "\ud800"}),
            ):
                with pytest.raises(VaultError) as refused:
                    await attempt
                logging.getLogger("vault-tests").error("refused", exc_info=refused.value)
                said.append(str(refused.value))
            await vault.destroy("customer_1", by="ann", reason="case 7")
    finally:
        async with looking(book_database, "postgres") as admin:
            await admin.execute("ALTER ROLE bursar_writer RESET ALL")

    dumped = dump(book_database("postgres"), "--data-only", "--inserts")
    server_log = (servers.data.logs / "postgres.log").read_text(errors="replace")
    assert "customer_1" in server_log
    assert any("customer_1" in line for line in dumped)
    assert log.getvalue().count("refused") >= 4
    for secret in (CANARY, key_for("k1").hex(), key_for("the index").hex(), CANARY.encode().hex()):
        assert not any(secret in text for text in (*dumped, server_log, log.getvalue(), *said))
    assert issubclass(SealBroken, VaultError)
    assert all(text.count("sealed.v1.1.") == 1 for text in sealed.values())


def dump(dsn: str, *options: str) -> list[str]:
    """The vault as PostgreSQL describes it, without comments, session settings and the record of migrations."""
    chosen = ("--schema=vault", "--exclude-table=vault.schema_migrations")
    done = subprocess.run(
        [str(postgres_binary("pg_dump")), *chosen, *options, "--dbname", dsn],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", "SET ", "\\")))
    return [line for line in lines if not re.match(r"SELECT pg_catalog\.set_config", line)]


async def test_migrations_add_up_to_the_schema_file(servers: Servers) -> None:
    async with servers.database("vault_by_migrations") as migrated, servers.database("vault_by_schema") as fresh:
        await migrate_book(migrated("bursar_owner"))
        async with looking(fresh, "bursar_owner") as connection:
            await connection.execute(SCHEMA.read_text(encoding="utf-8"))
        by_migrations = dump(migrated("postgres"), "--schema-only")
        by_schema = dump(fresh("postgres"), "--schema-only")

    assert by_migrations == by_schema
    assert sum("TRIGGER" in line for line in by_schema) == 4


async def test_each_schema_keeps_its_own_record_of_migrations(servers: Servers) -> None:
    """One can be migrated without the other, a target means the book's, and a second run finds nothing to do."""
    async with servers.database("two_schemas") as dsn_of:
        owner = dsn_of("bursar_owner")
        names_of = {schema: sorted(path.stem for path in folder.glob("*.sql")) for schema, folder in SCHEMAS.items()}
        book, vault = names_of["public"], names_of["vault"]
        assert await migrate(owner, target="0001") == book[:1]
        assert await migrate(owner, schema="vault", target="0001") == vault[:1]
        others = [name for schema in SCHEMAS if schema not in ("public", "vault") for name in names_of[schema]]
        assert await migrate(owner) == [*book[1:], *vault[1:], *others]
        assert await migrate(owner) == []
        async with looking(dsn_of, "bursar_owner") as connection:
            for schema, names in names_of.items():
                rows = await connection.fetch(f"SELECT name FROM {schema}.schema_migrations ORDER BY name")
                assert [row["name"] for row in rows] == names


def test_every_query_of_the_vault_is_used_somewhere() -> None:
    """A query that nobody asks is a promise that nobody checks."""
    folder = Path(__file__).parents[2] / "runtime" / "vault"
    queries = re.findall(r"^-- name: (\w+)", (folder / "sql" / "queries.sql").read_text(), re.MULTILINE)
    code = "\n".join(path.read_text() for path in folder.glob("*.py"))
    assert queries
    assert [name for name in queries if f'"{name}"' not in code] == []
    assert ring_of().active_id == "k1"

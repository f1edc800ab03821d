"""Migrations: numbered `.sql` files, applied in order, each in its own transaction, never edited afterwards.

A file is named `NNNN_pre_what_it_does.sql` or `NNNN_post_what_it_does.sql`: `pre` must be applied before the new code
runs, `post` only after the old code is gone. Numbers start at 0001 and have no holes. What was applied is recorded in
`schema_migrations` with the SHA-256 of the file. A changed, missing or out-of-order file is refused: history is only
ever added to. Statements that cannot run in a transaction (CREATE INDEX CONCURRENTLY) have no place here.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from runtime.sql_files import load_queries

MIGRATION_LOCK: Final = 0x6D69_6772_6174_6521  # any constant will do, as long as every version uses the same

_QUERIES: Final = load_queries(Path(__file__).with_suffix(".sql"))
_FILE_NAME: Final = re.compile(r"(\d{4})_(?:pre|post)_[a-z0-9_]+\.sql")


class MigrationError(RuntimeError):
    """The files and the database do not fit together, or a file failed; the text says which and what to do."""


class Migration(NamedTuple):
    """One file: its name without `.sql`, its text and the digest of its exact bytes."""

    name: str
    sql: str
    sha256: bytes


async def migrate(
    connection: asyncpg.Connection[asyncpg.Record], directory: Path, *, target: str | None = None
) -> list[str]:
    """Apply what is pending and return its names, oldest first.

    `target` is the name or four-digit number of the last migration to apply. The connection must be a direct one:
    the lock belongs to its session. A schema with migrations of its own is a connection whose `search_path` names it
    alone; it is made when missing. Raises MigrationError; whatever was applied before the failing file stays.
    """
    files = _read_directory(directory)
    await connection.fetchval(_QUERIES["lock_migrations"], MIGRATION_LOCK)
    try:
        await connection.execute(_QUERIES["create_own_schema"])
        await connection.execute(_QUERIES["create_schema_migrations"])
        waiting = _up_to(target, files, await _unapplied(connection, files))
        for migration in waiting:
            await _apply(connection, migration)
    finally:
        await connection.fetchval(_QUERIES["unlock_migrations"], MIGRATION_LOCK)
    return [migration.name for migration in waiting]


async def pending(connection: asyncpg.Connection[asyncpg.Record], directory: Path) -> list[str]:
    """Name what `migrate` would apply, changing nothing. Raises MigrationError as it does."""
    files = _read_directory(directory)
    if not await connection.fetchval(_QUERIES["has_schema_migrations"]):
        return [migration.name for migration in files]
    return [migration.name for migration in await _unapplied(connection, files)]


def _read_directory(directory: Path) -> list[Migration]:
    """Read the files in order. Their numbers must be 1, 2, 3 … so that a file lost on the way is noticed."""
    if not directory.is_dir():
        raise MigrationError(f"{directory}: no such folder of migrations")
    migrations = []
    for expected, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        named = _FILE_NAME.fullmatch(path.name)
        if named is None:
            raise MigrationError(f"{path}: name it NNNN_pre_what_it_does.sql or NNNN_post_what_it_does.sql")
        if int(named[1]) != expected:
            raise MigrationError(f"{path}: expected number {expected:04d} here; numbers have no holes and no twins")
        content = path.read_bytes()
        migrations.append(Migration(path.stem, content.decode("utf-8"), hashlib.sha256(content).digest()))
    return migrations


async def _unapplied(connection: Any, files: list[Migration]) -> list[Migration]:
    """Compare record and files: what was applied must be exactly the first files, unchanged."""
    applied = await connection.fetch(_QUERIES["read_applied"])
    for index, row in enumerate(applied):
        if index >= len(files):
            raise MigrationError(
                f"{row['name']} is applied and its file is missing: is this code older than the database?"
            )
        file = files[index]
        if row["name"] != file.name:
            raise MigrationError(
                f"{row['name']} is applied where the files have {file.name}: restore the original file"
            )
        if bytes(row["sha256"]) != file.sha256:
            raise MigrationError(f"{file.name} was edited after it was applied: restore it and write a new migration")
    return files[len(applied) :]


def _up_to(target: str | None, files: list[Migration], waiting: list[Migration]) -> list[Migration]:
    if target is None:
        return waiting
    last = next((file.name for file in files if target in (file.name, file.name[:4])), None)
    if last is None:
        raise MigrationError(f"no migration {target!r}; the last one is {files[-1].name if files else 'none'}")
    return [migration for migration in waiting if migration.name <= last]


async def _apply(connection: Any, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(_QUERIES["append_applied"], migration.name, migration.sha256)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name} failed and was rolled back: {error}") from error
    await connection.execute(_QUERIES["reset_session"])

"""Migrations: in order, once, recorded, never edited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from runtime import postgres
from runtime.migrate import MigrationError, migrate, pending

Connection = asyncpg.Connection


@pytest.fixture
async def connection(owner_dsn: str) -> AsyncIterator[Connection]:
    """A direct connection to an empty database."""
    connection = await postgres.connect(owner_dsn, application_name="tests")
    yield connection
    await connection.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Two good migrations, the second with more than one statement and a `$$` body."""
    (tmp_path / "0001_pre_create_coins.sql").write_text("SET lock_timeout = '5s';\nCREATE TABLE coins (id int);")
    (tmp_path / "0002_post_fill_coins.sql").write_text(
        "INSERT INTO coins VALUES (1);\nCREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;"
    )
    return tmp_path


async def test_pending_migrations_are_applied_in_order_and_only_once(connection: Connection, directory: Path) -> None:
    """The first run applies both, the second finds nothing to do."""
    waiting = await pending(connection, directory)
    first = await migrate(connection, directory)
    second = await migrate(connection, directory)

    assert first == waiting == ["0001_pre_create_coins", "0002_post_fill_coins"]
    assert second == await pending(connection, directory) == []
    assert await connection.fetchval("SELECT one() + count(*) FROM coins") == 2


@pytest.mark.parametrize("target", ["0001", "0001_pre_create_coins"])
async def test_a_target_stops_after_the_migration_it_names(
    connection: Connection, directory: Path, target: str
) -> None:
    """So that `pre` migrations can run before the new code and `post` ones after it."""
    assert await migrate(connection, directory, target=target) == ["0001_pre_create_coins"]
    assert await migrate(connection, directory) == ["0002_post_fill_coins"]


async def test_two_deployments_at_once_apply_each_migration_once(owner_dsn: str, directory: Path) -> None:
    """The advisory lock makes the second one wait and then find nothing to do."""
    connections = [await postgres.connect(owner_dsn, application_name="tests") for _ in range(3)]
    applied = await asyncio.gather(*(migrate(connection, directory) for connection in connections))
    for connection in connections:
        await connection.close()

    assert sorted(map(len, applied)) == [0, 0, 2]


async def test_a_failing_migration_leaves_nothing_behind(connection: Connection, directory: Path) -> None:
    """What came before stays, the failing file is rolled back whole, and the lock is free again."""
    (directory / "0003_pre_break.sql").write_text("CREATE TABLE half (id int); SELECT 1/0;")
    with pytest.raises(MigrationError, match=r"0003_pre_break failed and was rolled back: division by zero"):
        await migrate(connection, directory)

    assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert await pending(connection, directory) == ["0003_pre_break"]
    (directory / "0003_pre_break.sql").write_text("SELECT 1;")
    assert await migrate(connection, directory) == ["0003_pre_break"]


async def test_a_migration_does_not_leave_its_lock_timeout_to_the_session(
    connection: Connection, directory: Path
) -> None:
    """0001 sets five seconds; afterwards the session's own setting is back."""
    before = await connection.fetchval("SELECT current_setting('lock_timeout')")
    await connection.execute("SET lock_timeout = '77s'")
    await migrate(connection, directory)

    assert await connection.fetchval("SELECT current_setting('lock_timeout')") == before


async def test_an_edited_migration_is_refused(connection: Connection, directory: Path) -> None:
    """One changed byte in an applied file stops the next run."""
    await migrate(connection, directory)
    with (directory / "0001_pre_create_coins.sql").open("a") as file:
        file.write("\n")

    with pytest.raises(MigrationError, match="0001_pre_create_coins was edited after it was applied"):
        await migrate(connection, directory)


async def test_a_missing_file_is_refused(connection: Connection, directory: Path) -> None:
    """Older code must not run against a newer database unnoticed."""
    await migrate(connection, directory)
    (directory / "0002_post_fill_coins.sql").unlink()

    with pytest.raises(MigrationError, match="0002_post_fill_coins is applied and its file is missing"):
        await pending(connection, directory)


async def test_a_renamed_file_is_refused(connection: Connection, directory: Path) -> None:
    """A number means the same migration for ever."""
    await migrate(connection, directory)
    (directory / "0002_post_fill_coins.sql").rename(directory / "0002_post_other.sql")

    with pytest.raises(MigrationError, match="0002_post_fill_coins is applied where the files have 0002_post_other"):
        await pending(connection, directory)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("0004_pre_gap.sql", "expected number 0003"),
        ("0002_pre_twin.sql", "expected number 0003"),
        ("0003_during_lunch.sql", "name it NNNN_pre"),
        ("3_pre_short.sql", "name it NNNN_pre"),
    ],
)
async def test_a_folder_with_holes_twins_or_odd_names_is_refused(
    connection: Connection, directory: Path, name: str, complaint: str
) -> None:
    """The complaint says which file and what was expected."""
    (directory / name).write_text("SELECT 1;")

    with pytest.raises(MigrationError, match=complaint):
        await migrate(connection, directory)


async def test_an_unknown_target_is_refused(connection: Connection, directory: Path) -> None:
    """A typo in the target must not apply everything."""
    with pytest.raises(MigrationError, match="no migration '0009'; the last one is 0002_post_fill_coins"):
        await migrate(connection, directory, target="0009")

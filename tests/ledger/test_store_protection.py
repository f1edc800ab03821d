"""What the database itself refuses, whoever asks: the second line of defence behind the decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from cli.devstack import Servers
from tests.support.ledger import hold, leg, move, open_account
from tests.support.sequencing import DsnOf, balances_of, looking, sequencing

IN_A_YEAR = datetime.now(UTC) + timedelta(days=365)
DAY = date(2026, 3, 2)
MAX = 2**63 - 1
COLUMNS = "(account_no, position, leg, currency, amount_minor, held_minor, effective_date)"
APPEND_ONLY = ("events", "entries", "idempotency")
CHANGES = ("UPDATE {} SET position = position", "DELETE FROM {}", "TRUNCATE {}")


async def open_a_bank(dsn_of: DsnOf) -> None:
    """Accounts 1 world, 2 alice (100, of which 30 held), 3 bob (ceiling 50), 4 till (asset)."""
    async with sequencing(dsn_of) as sequencer:
        await sequencer.do(
            open_account("world", account_type="equity", overdraft="unlimited"),
            open_account("alice"),
            open_account("bob", max_balance_minor=50),
            open_account("till", account_type="asset"),
            move("world", "alice", 100),
            hold(leg("alice", "bob", 30), until=IN_A_YEAR),
        )


@pytest.fixture(scope="module")
async def book(servers: Servers, book_template: str) -> AsyncIterator[DsnOf]:
    """A small bank that nobody can change: every test here is refused."""
    async with servers.database("store_protection", template=book_template) as dsn_of:
        await open_a_bank(dsn_of)
        yield dsn_of


@pytest.fixture
async def own_book(book_database: DsnOf) -> DsnOf:
    """The same bank for a test that changes it."""
    await open_a_bank(book_database)
    return book_database


@pytest.fixture
async def writer(book: DsnOf) -> AsyncIterator[asyncpg.Connection[Any]]:
    async with looking(book, "bursar_writer") as connection:
        yield connection


async def insert(connection: asyncpg.Connection[Any], *lines: tuple[int, int, int], currency: str = "EUR") -> None:
    """Write entries by hand: (account_no, amount_minor, held_minor) each."""
    rows = [(no, 1_000, at, currency, amount, held, DAY) for at, (no, amount, held) in enumerate(lines)]
    async with connection.transaction():
        await connection.copy_records_to_table(
            "entries", records=rows, columns=COLUMNS.strip("()").split(", "),
        )  # fmt: skip


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES, ids=["update", "delete", "truncate"])
@pytest.mark.parametrize("role", ["bursar_writer", "bursar_reader", "bursar_owner", "postgres"])
async def test_nobody_changes_what_is_written(book: DsnOf, table: str, change: str, role: str) -> None:
    """Writer and reader lack the right; the owner, and even the superuser, is stopped by the trigger."""
    column = "digest = digest" if table == "idempotency" else "position = position"
    statement = change.format(table).replace("position = position", column)
    async with looking(book, role) as connection:
        before = await connection.fetchval(f"SELECT count(*) FROM {table}")

        with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
            await connection.execute(statement)

        assert before > 0
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == before
    expected = "append-only" if role in ("bursar_owner", "postgres") else "permission denied"
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET posted_minor = 1000000 WHERE account_id = 'alice'",
        "UPDATE accounts SET held_minor = 0",
        "UPDATE accounts SET floor_minor = NULL",
        "UPDATE accounts SET account_id = 'mallory' WHERE account_id = 'alice'",
        "UPDATE head SET ledger = 'other'",
        "INSERT INTO head (ledger) VALUES ('other')",
        "DELETE FROM accounts",
        "DELETE FROM holds",
        "DELETE FROM head",
        "DELETE FROM reversals",
        "TRUNCATE accounts",
        "TRUNCATE head",
        "INSERT INTO accounts (account_no, account_id, currency, scale, account_type, normal_sign, posted_minor)"
        " VALUES (99, 'mint', 'EUR', 2, 'liability', -1, 1000000)",
        "INSERT INTO accounts (account_no, account_id, currency, scale, account_type, normal_sign, held_minor)"
        " VALUES (99, 'mint', 'EUR', 2, 'liability', -1, -5)",
        "ALTER TABLE entries DISABLE TRIGGER ALL",
        "DROP TRIGGER entries_append_only ON entries",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (x int)",
        "UPDATE schema_migrations SET name = 'x'",
    ],
)
async def test_the_writer_has_no_right_to(writer: asyncpg.Connection[Any], statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await writer.execute(statement)


@pytest.mark.parametrize(
    "table", ["head", "events", "entries", "accounts", "holds", "idempotency", "reversals", "assets"]
)
async def test_the_reader_only_reads(book: DsnOf, table: str) -> None:
    async with looking(book) as reader:
        await reader.fetch(f"SELECT * FROM {table}")
        for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(statement)


@pytest.mark.parametrize(
    ("lines", "constraint"),
    [
        ([(1, 10, 0)], "entries_balance"),
        ([(1, 10, 0), (2, -9, 0)], "entries_balance"),
        ([(1, 10, 0), (999, -10, 0)], "entries_account"),
        ([(1, -71, 0), (2, 71, 0)], "accounts_available_floor"),  # 100 posted, 30 of it held
        ([(2, 0, 71)], "accounts_available_floor"),  # held above what is posted
        ([(1, 51, 0), (3, -51, 0)], "accounts_posted_ceiling"),
        ([(2, 0, -31)], "accounts_held_range"),
        ([(4, -1, 0), (1, 1, 0)], "accounts_available_floor"),  # debit-normal: a credit takes away
        ([(1, 0, 0), (2, 0, 0)], "entries_change_something"),
    ],
)
async def test_entries_written_by_hand_are_refused_when_they_break(
    book: DsnOf, writer: asyncpg.Connection[Any], lines: list[tuple[int, int, int]], constraint: str
) -> None:
    before = await balances_of(book, "world", "alice", "bob", "till")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await insert(writer, *lines)

    assert refused.value.constraint_name == constraint
    assert await balances_of(book, "world", "alice", "bob", "till") == before


async def test_entries_in_another_currency_than_the_accounts_are_refused(writer: asyncpg.Connection[Any]) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await insert(writer, (1, 10, 0), (2, -10, 0), currency="USD")

    assert refused.value.constraint_name == "entries_account"


@pytest.mark.parametrize("lines", [[(1, MAX, 0), (2, -MAX, 0)], [(1, 0, MAX), (1, 0, MAX)]])
async def test_a_balance_beyond_64_bits_is_refused(
    writer: asyncpg.Connection[Any], lines: list[tuple[int, int, int]]
) -> None:
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await insert(writer, *lines)


async def test_entries_written_by_hand_that_keep_every_rule_move_the_balances(
    own_book: DsnOf,
) -> None:
    """The balances cannot drift from the entries: there is only one way to move them."""
    async with looking(own_book, "bursar_writer") as writer:
        await insert(writer, (1, -70, 0), (2, 70, 0), (2, 0, -30))

    assert await balances_of(own_book, "world", "alice") == [(-30, 0), (30, 0)]


async def test_one_statement_may_move_more_than_64_bits_if_every_balance_stays_inside(
    own_book: DsnOf,
) -> None:
    """A batch is one statement: an account may swing from one end of the range to the other in it."""
    async with sequencing(own_book) as sequencer:
        await sequencer.do(*[open_account(n, account_type="equity", overdraft="unlimited") for n in ("low", "high")])
        await sequencer.do(move("low", "high", MAX))
        await sequencer.do(move("high", "low", MAX), move("high", "low", MAX))

    assert await balances_of(own_book, "low", "high") == [(MAX, 0), (-MAX, 0)]


async def test_a_closed_account_must_be_empty(own_book: DsnOf) -> None:
    async with looking(own_book, "bursar_writer") as writer:
        with pytest.raises(asyncpg.CheckViolationError):
            await writer.execute("UPDATE accounts SET status = 'closed' WHERE account_id = 'alice'")
        await writer.execute("UPDATE accounts SET status = 'closed' WHERE account_id = 'till'")


@pytest.mark.parametrize("status", ["opened", "", "OPEN"])
async def test_an_unknown_status_is_refused(writer: asyncpg.Connection[Any], status: str) -> None:
    for table in ("accounts", "holds"):
        with pytest.raises(asyncpg.CheckViolationError):
            await writer.execute(f"UPDATE {table} SET status = $1", status)


async def test_a_second_ledger_in_one_database_is_refused(book: DsnOf) -> None:
    async with looking(book, "bursar_owner") as owner:
        with pytest.raises(asyncpg.UniqueViolationError):
            await owner.execute("INSERT INTO head (ledger) VALUES ('other')")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1.5"])
async def test_what_is_no_whole_number_never_becomes_an_amount(writer: asyncpg.Connection[Any], amount: str) -> None:
    """Amounts are bigint: a numeric would let NaN pass every comparison."""
    with pytest.raises(asyncpg.DataError):
        await writer.execute(f"INSERT INTO entries VALUES (1, 1000, 0, 'EUR', '{amount}', 0, '2026-03-02')")

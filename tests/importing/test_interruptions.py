"""An import that is killed, or whose command API is killed under it, ends with the same book as one that is not."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg

from cli.devstack import DevStack
from tests.importing.bank import Bank, Line, balances, write
from tests.importing.conftest import Importer, balances_in, booked_references, head_of

MIDDLE_WITHIN_S = 60.0
POLL_S = 0.005


async def until_in_the_middle(book: asyncpg.Connection, lines: list[Line], *, since: int) -> None:
    """Wait until a good part of the lines is in the book."""
    async with asyncio.timeout(MIDDLE_WITHIN_S):
        while await head_of(book) < since + len(lines) // 4:
            await asyncio.sleep(POLL_S)


async def assert_same_book(book: asyncpg.Connection, lines: list[Line]) -> None:
    """Every line is in the book exactly once, and the balances are those of an import in peace."""
    references = sorted(str(line.trans_id) for line in lines)
    assert sorted(await booked_references(book, references)) == references
    assert await balances_in(book, list(balances(lines))) == balances(lines)


async def test_an_import_killed_in_the_middle_and_repeated_gives_the_same_book(
    importer: Importer, book: asyncpg.Connection
) -> None:
    """kill -9: no state was kept, and none is needed."""
    lines = Bank(2_000_000, accounts=50).quarter(date(1993, 1, 1), lines_per_account=150)
    file = write(importer.folder / "q1.asc", lines)
    since = await head_of(book)
    process = await importer.start(file)
    await until_in_the_middle(book, lines, since=since)
    process.kill()
    await process.communicate()
    booked = len(await booked_references(book, [str(line.trans_id) for line in lines]))
    assert 0 < booked < len(lines)
    ran = await importer.run(file)
    assert ran.code == 0, ran.stderr
    assert ran.json["accepted"] + ran.json["replayed"] == len(lines)
    assert ran.json["replayed"] >= booked
    await assert_same_book(book, lines)


async def test_an_import_outlives_a_killed_command_api(
    importer: Importer, import_stack: DevStack, book: asyncpg.Connection
) -> None:
    """It repeats the unanswered batches under their keys and says on stderr that it is waiting."""
    lines = Bank(2_100_000, accounts=50, seed=2).quarter(date(1993, 1, 1), lines_per_account=150)
    since = await head_of(book)
    process = await importer.start(write(importer.folder / "q1.asc", lines))
    await until_in_the_middle(book, lines, since=since)
    await import_stack.kill("command-api")
    _, stderr = await process.communicate()
    assert process.returncode == 0, stderr.decode()
    assert "no answer yet" in stderr.decode()
    await assert_same_book(book, lines)

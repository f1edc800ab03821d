"""Sums kept beside the entries give what the entries give, for any position and any days."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from query_api import rollup
from query_api.history import History
from query_api.lake import LakeCursor
from query_api.questions import PeriodAsked
from query_api.rollup import EntriesFile, Rollup
from tests.query_api.bank import Bank
from tests.query_api.reporting import DATING, open_lake

BEGIN = date(2026, 1, 1)
DAYS = 120
ROUNDS = 150
STATEMENTS = 60
FILES = 6
Plain = Callable[[int, date | None, date | None], dict[str, tuple[int, int, int]]]
PerDay = dict[date, tuple[int, int, int]]


def busy_bank(chance: random.Random) -> Bank:
    """Transfers on random days, backdated as often as not."""
    bank = Bank()
    names = [f"customers:c{number}" for number in range(4)]
    for name in names:
        bank.open(name, "liability")
    for _ in range(FILES * 25):
        debit, credit = chance.sample(names, 2)
        bank.transfer(debit, credit, chance.randrange(1, 10**6), day=BEGIN + timedelta(days=chance.randrange(DAYS)))
    return bank


def added_up(bank: Bank) -> Plain:
    """The same question, answered from the plain list of entries."""

    def answer(up_to: int, first: date | None, last: date | None) -> dict[str, tuple[int, int, int]]:
        sums: dict[str, tuple[int, int, int]] = {}
        for position, _, account_id, amount_minor, _, day in bank.entries:
            if position <= up_to and (first is None or day >= first) and (last is None or day <= last):
                debit, credit, count = sums.get(account_id, (0, 0, 0))
                sums[account_id] = (debit + max(amount_minor, 0), credit + max(-amount_minor, 0), count + 1)
        return sums

    return answer


@pytest.mark.parametrize("sealed_rows_min", [1, 10**9])
async def test_sums_and_entries_agree_for_any_position_and_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed_rows_min: int
) -> None:
    """With all but the newest file summed, and with none."""
    monkeypatch.setattr(rollup, "FILE_ROWS_MIN", sealed_rows_min)
    monkeypatch.setattr(rollup, "FILES_AT_ONCE", FILES - 1)
    chance = random.Random(27)
    bank = busy_bank(chance)
    for number in range(1, FILES + 1):
        bank.write_lake(tmp_path, to=bank.position * number // FILES)
    expected = added_up(bank)

    def some_day() -> date | None:
        """Month ends and beginnings more often than others."""
        day = BEGIN + timedelta(days=chance.randrange(-5, DAYS + 5))
        return chance.choice((None, day, day.replace(day=1), day.replace(day=1) - timedelta(days=1)))

    asked = [(chance.randrange(1, bank.position + 1), some_day(), some_day()) for _ in range(ROUNDS)]
    asked += [(bank.position, None, None), (bank.position, BEGIN, BEGIN + timedelta(days=30))]

    def job(cursor: LakeCursor) -> list[tuple[Any, dict[str, tuple[int, int, int]], PerDay]]:
        return [(one, sums_of(cursor, *one), volumes_of(cursor, *one)) for one in asked]

    lake = open_lake(tmp_path / "main")
    for one, sums, volumes in await lake.run(job):
        assert sums == expected(*one), one
        assert volumes == counted(bank, *one), one
    summed = await lake.run(lambda cursor: cursor.query("FROM summed_entries", {}).num_rows)
    assert (summed > 0) == (sealed_rows_min == 1)


def counted(bank: Bank, up_to: int, first: date | None, last: date | None) -> PerDay:
    """Transfers, entries and debits per day, from the plain list of entries."""
    found: dict[date, tuple[set[int], int, int]] = {}
    for position, _, _, amount_minor, _, day in bank.entries:
        if position <= up_to and (first is None or day >= first) and (last is None or day <= last):
            transfers, entries, debits = found.get(day, (set(), 0, 0))
            found[day] = (transfers | {position}, entries + 1, debits + max(amount_minor, 0))
    return {day: (len(transfers), entries, debits) for day, (transfers, entries, debits) in found.items()}


def volumes_of(cursor: LakeCursor, up_to: int, first: date | None, last: date | None) -> PerDay:
    """Ask the lake."""
    rows = cursor.query("FROM day_volumes($up_to, $first, $last)", {"up_to": up_to, "first": first, "last": last})
    return {
        row["effective_date"]: (row["transfers"], row["entries"], int(row["volume_minor"])) for row in rows.to_pylist()
    }


def sums_of(cursor: LakeCursor, up_to: int, first: date | None, last: date | None) -> dict[str, tuple[int, int, int]]:
    """Ask the lake."""
    rows = cursor.query("FROM movements($up_to, $first, $last)", {"up_to": up_to, "first": first, "last": last})
    return {
        row["account_id"]: (int(row["debit_minor"]), int(row["credit_minor"]), int(row["entries"]))
        for row in rows.to_pylist()
    }


@pytest.mark.parametrize("sealed_rows_min", [1, 10**9])
async def test_a_statement_of_any_period_runs_from_its_opening_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed_rows_min: int
) -> None:
    """At any position: opening, every running balance and closing are what the plain list of entries gives."""
    monkeypatch.setattr(rollup, "FILE_ROWS_MIN", sealed_rows_min)
    monkeypatch.setattr(rollup, "FILES_AT_ONCE", FILES - 1)
    chance = random.Random(28)
    bank = busy_bank(chance)
    for number in range(1, FILES + 1):
        bank.write_lake(tmp_path, to=bank.position * number // FILES)
    history = History(open_lake(tmp_path / "main"), dating=DATING)
    for _ in range(STATEMENTS):
        first, last = sorted(BEGIN + timedelta(days=chance.randrange(DAYS)) for _ in range(2))
        asked = PeriodAsked(
            account_id=f"customers:c{chance.randrange(4)}",
            first_day=chance.choice((None, first)),
            last_day=chance.choice((None, last)),
            limit=1_000,
            position=chance.randrange(10, bank.position + 1),
        )
        view = await history.period(asked)
        shown = [(one.effective_date, one.position, one.balance_minor) for one in view.entries]
        assert (view.opening_minor, shown, view.closing_minor) == ran(bank, asked), asked


def ran(bank: Bank, asked: PeriodAsked) -> tuple[int, list[tuple[date, int, int]], int]:
    """The statement of a liability, from the plain list of entries."""
    entries = sorted(
        (day, position, leg, -amount_minor)
        for position, leg, account_id, amount_minor, _, day in bank.entries
        if account_id == asked.account_id and position <= (asked.position or 0)
    )
    opening = balance = sum(a for day, _, _, a in entries if asked.first_day is not None and day < asked.first_day)
    shown: list[tuple[date, int, int]] = []
    for day, position, _, amount_minor in entries:
        if (asked.first_day is None or day >= asked.first_day) and (asked.last_day is None or day <= asked.last_day):
            balance += amount_minor
            shown.append((day, position, balance))
    return opening, shown, balance


def nothing_in_it(sql: str) -> pa.Table:
    """Answer as an empty file would."""
    return rollup.NO_SUMS.months if "account_id" in sql else rollup.NO_SUMS.days


@pytest.mark.parametrize(
    ("files", "position", "expected"),
    [
        ([("a", 300_000, 1, 10), ("b", 300_000, 11, 20), ("c", 5, 21, 22)], 22, ["a", "b"]),
        ([("a", 300_000, 1, 10), ("b", 300_000, 11, 20)], 19, ["a"]),
        ([("a", 5, 1, 10), ("b", 300_000, 11, 20)], 20, []),
        ([("a", 300_000, 1, 10), ("b", 300_000, 10, 20)], 20, []),
        ([("a", 300_000, 1, 30), ("b", 300_000, 31, 40), ("c", 5, 5, 6)], 40, []),
    ],
)
def test_only_whole_beginnings_of_the_book_are_summed(
    files: list[tuple[str, int, int, int]], position: int, expected: list[str]
) -> None:
    """A file that another one overlaps, or that ends behind the snapshot, ends the beginning."""
    ordered = sorted((EntriesFile(*file) for file in files), key=lambda file: file.first_position)
    summed = Rollup().sum_files(ordered, position, nothing_in_it, lambda path: path)
    assert list(summed.paths) == expected
    assert summed.through == (ordered[len(expected) - 1].last_position if expected else 0)


def test_a_file_that_does_not_fit_into_memory_is_read_as_it_is() -> None:
    """Sums are an acceleration: without them the answer is the same."""

    def too_much(sql: str) -> pa.Table:
        raise duckdb.OutOfMemoryException("no room")

    rollup_of_one = Rollup()
    summed = rollup_of_one.sum_files([EntriesFile("a", 300_000, 1, 10)], 10, too_much, lambda path: path)
    assert (summed.paths, summed.through, rollup_of_one.has_more) == ((), 0, False)

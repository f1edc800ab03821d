"""Every report against figures worked out by hand, over real Delta tables."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from contracts.report_views import ReportView
from projectors.lake.fold import SCHEMAS, accounts_table, opened_accounts
from projectors.lake.tables import append, create_table
from query_api import reports
from query_api.lake import QUERIES_AT_ONCE_MAX, QUERIES_WAITING_MAX, Lake, LakeLimits
from query_api.refusals import ReadRefused, Refusal, SourceDown
from runtime.clock import FixedClock, SystemClock
from tests.query_api.bank import START, Bank, small_bank
from tests.query_api.reporting import METRICS, REPORTS, rows_of, run

BIG = 2**62
REQUIRED = {"account-statement": {"account_id": "customers:alice:eur"}}
REQUIRED |= {name: {"cash": "assets:cash"} for name in ("cash-flow", "cash-entries")}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bank, Path]:
    """The small bank and its lake."""
    bank, folder = small_bank(), tmp_path_factory.mktemp("lake")
    bank.write_lake(folder)
    return bank, folder / "main"


@pytest.fixture
def lake(bank: tuple[Bank, Path]) -> Lake:
    """A reader of the small bank's lake."""
    return Lake(bank[1], clock=SystemClock(), limits=LakeLimits(), metrics=METRICS)


async def test_the_trial_balance_sums_every_account_and_each_currency_to_zero(lake: Lake) -> None:
    """Debits, credits and balance per account; the total of a currency closes it."""
    rows = await rows_of(
        lake, "trial-balance", "level", "currency", "account_id", "debit_minor", "credit_minor", "balance_minor"
    )
    assert rows == [
        ("account", "EUR", "assets:cash:eur", 1000_00, 0, 1000_00),
        ("account", "EUR", "income:fees:eur", 20_00, 20_00, 0),
        ("account", "EUR", "customers:alice:eur", 370_00, 1020_00, -650_00),
        ("account", "EUR", "customers:bob:eur", 0, 350_00, -350_00),
        ("total", "EUR", None, 1390_00, 1390_00, 0),
        ("account", "JPY", "assets:cash:jpy", 5000, 0, 5000),
        ("account", "JPY", "customers:carol:jpy", 0, 5000, -5000),
        ("total", "JPY", None, 5000, 5000, 0),
    ]


async def test_the_trial_balance_can_be_had_for_a_past_date_and_a_past_position(
    lake: Lake, bank: tuple[Bank, Path]
) -> None:
    """A date counts what took effect by then; a position counts what was booked by then."""
    by_date = await rows_of(
        lake, "trial-balance", "account_id", "balance_minor", currency="EUR", as_of_date=date(2026, 1, 31)
    )
    assert by_date == [
        ("assets:cash:eur", 1000_00),
        ("income:fees:eur", -20_00),
        ("customers:alice:eur", -680_00),
        ("customers:bob:eur", -300_00),
        (None, 0),
    ]
    by_position = await rows_of(lake, "trial-balance", "account_id", "balance_minor", as_of_position=8)
    assert by_position == [
        ("assets:cash:eur", 1000_00),
        ("customers:alice:eur", -700_00),
        ("customers:bob:eur", -300_00),
        (None, 0),
    ]


async def test_a_sum_beyond_64_bits_is_exact(tmp_path: Path) -> None:
    """Totals outgrow 64 bits before any balance does."""
    bank = Bank()
    for number in range(3):
        bank.open(f"assets:{number}", "asset")
        bank.open(f"customers:{number}", "liability")
        bank.transfer(f"assets:{number}", f"customers:{number}", BIG + number, day=date(2026, 1, 1))
    bank.write_lake(tmp_path)
    lake = Lake(tmp_path / "main", clock=SystemClock(), limits=LakeLimits(), metrics=METRICS)
    rows = await rows_of(lake, "trial-balance", "level", "debit_minor", "credit_minor", "balance_minor")
    assert rows[-1] == ("total", 3 * BIG + 3, 3 * BIG + 3, 0)


async def test_the_general_ledger_runs_each_account_from_the_beginning_of_the_book(lake: Lake) -> None:
    """The running balance of a period does not start at zero."""
    rows = await rows_of(
        lake,
        "general-ledger",
        "effective_date",
        "event_type",
        "debit_minor",
        "credit_minor",
        "balance_minor",
        account_id="customers:alice:eur",
        from_=date(2026, 1, 31),
        to=date(2026, 2, 3),
    )
    assert rows == [
        ("2026-01-31", "transfer_posted", 20_00, None, -680_00),
        ("2026-02-02", "transfer_reversed", None, 20_00, -700_00),
        ("2026-02-03", "payment_settled", 50_00, None, -650_00),
    ]


async def test_the_general_ledger_has_every_entry(lake: Lake, bank: tuple[Bank, Path]) -> None:
    """Without filters: all postings of the book, by account and day."""
    rows = await rows_of(lake, "general-ledger", "account_id", "effective_date", "position", "leg")
    assert rows == sorted(rows)
    assert len(rows) == sum(1 for _, _, _, amount_minor, _, _ in bank[0].entries if amount_minor)


async def test_a_statement_opens_and_closes_a_period(lake: Lake) -> None:
    """Opening balance, entries with the balance after each, closing balance, in the account's normal side."""
    rows = await rows_of(
        lake,
        "account-statement",
        "line",
        "side",
        "amount_minor",
        "balance_minor",
        account_id="customers:alice:eur",
        from_=date(2026, 1, 6),
        to=date(2026, 1, 31),
    )
    assert rows == [
        ("opening", None, None, 1000_00),
        ("entry", "debit", 300_00, 700_00),
        ("entry", "debit", 20_00, 680_00),
        ("closing", None, None, 680_00),
    ]


async def test_a_statement_of_the_whole_book_opens_at_zero(lake: Lake) -> None:
    """Without a period the first balance is zero and the last is the balance now."""
    rows = await rows_of(lake, "account-statement", "line", "balance_minor", account_id="customers:bob:eur")
    assert rows == [("opening", 0), ("entry", 300_00), ("entry", 350_00), ("closing", 350_00)]


async def test_a_statement_before_the_first_entry_is_all_zero(lake: Lake) -> None:
    """An account without entries in or before the period has zero balances, not null ones."""
    rows = await rows_of(
        lake, "account-statement", "line", "balance_minor", account_id="customers:bob:eur", to=date(2025, 12, 31)
    )
    assert rows == [("opening", 0), ("closing", 0)]


async def test_daily_volumes_count_transfers_entries_and_debits(lake: Lake) -> None:
    """By effective day, currency and kind of event."""
    columns = ("effective_date", "currency", "event_type", "transfers", "entries", "volume_minor")
    assert await rows_of(lake, "daily-volumes", *columns, from_=date(2026, 1, 10), to=date(2026, 2, 3)) == [
        ("2026-01-10", "EUR", "transfer_posted", 1, 2, 300_00),
        ("2026-01-10", "JPY", "transfer_posted", 1, 2, 5000),
        ("2026-01-31", "EUR", "transfer_posted", 1, 2, 20_00),
        ("2026-02-02", "EUR", "transfer_reversed", 1, 2, 20_00),
        ("2026-02-03", "EUR", "payment_settled", 1, 2, 50_00),
    ]
    assert [row[0] for row in await rows_of(lake, "daily-volumes", *columns, currency="JPY")] == ["2026-01-10"]


@pytest.mark.parametrize("name", sorted(REPORTS))
async def test_a_report_gives_the_columns_its_header_announces(lake: Lake, name: str) -> None:
    """The header of a report is published; it must not lie about names, order or types."""
    report = REPORTS[name]
    table = pa.ipc.open_stream(await run(lake, name, "arrow", **REQUIRED.get(name, {}))).read_all()
    assert table.column_names == [column.name for column in report.description.columns]
    kinds: dict[str, Callable[[pa.DataType], bool]] = {
        "text": pa.types.is_string,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
    }
    for column in report.description.columns:
        kind = table.schema.field(column.name).type
        is_right = kinds.get(column.type, lambda kind: pa.types.is_integer(kind) or pa.types.is_decimal(kind))
        assert is_right(kind), (column.name, kind)


async def test_every_format_says_the_same(lake: Lake) -> None:
    """CSV, Parquet and Arrow carry the rows of the JSON; the last two carry as_of in the schema."""
    expected = await rows_of(lake, "daily-volumes", "effective_date", "event_type", "volume_minor")
    stream = pa.ipc.open_stream(await run(lake, "daily-volumes", "arrow")).read_all()
    parquet = pyarrow.parquet.read_table(BytesIO(await run(lake, "daily-volumes", "parquet")))
    as_csv = pyarrow.csv.read_csv(BytesIO(await run(lake, "daily-volumes", "csv")))
    for table in (stream, parquet, as_csv):
        rows = [(str(r["effective_date"]), r["event_type"], int(r["volume_minor"])) for r in table.to_pylist()]
        assert rows == expected
    for table in (stream, parquet):
        assert msgspec.json.decode(table.schema.metadata[b"bursar.as_of"])["position"] == 19


async def test_csv_does_not_hand_formulas_to_spreadsheets(lake: Lake) -> None:
    """A reference that begins like a formula is disarmed in CSV and only there."""
    text = (await run(lake, "general-ledger", "csv", account_id="customers:bob:eur")).decode()
    assert '"\'=rent"' in text
    assert (await rows_of(lake, "general-ledger", "reference", account_id="customers:bob:eur"))[0] == ("=rent",)


async def test_a_report_says_when_it_was_true(lake: Lake) -> None:
    """as_of: the position asked for, and the time of its newest entry."""
    view = msgspec.json.decode(await run(lake, "trial-balance", as_of_position=8), type=ReportView)
    assert (view.as_of.position, view.as_of.source) == (8, "lake")
    assert view.as_of.recorded_at == START.replace(minute=8)
    assert view.parameters == {"as_of_position": 8}


async def test_a_parameter_that_a_report_does_not_know_is_refused(lake: Lake) -> None:
    """A filter that cannot be answered is an error, never ignored."""
    with pytest.raises(ReadRefused) as refused:
        await run(lake, "trial-balance", account_id="customers:bob:eur")
    assert (refused.value.refusal, refused.value.parameter) == (Refusal.UNKNOWN_PARAMETER, "account_id")
    with pytest.raises(ReadRefused) as missing:
        await run(lake, "account-statement")
    assert (missing.value.refusal, missing.value.parameter) == (Refusal.MISSING_PARAMETER, "account_id")


async def test_a_report_that_is_too_large_is_refused_instead_of_cut(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly the limit passes; one row more says what to narrow."""
    count = len(await rows_of(lake, "general-ledger", "position"))
    monkeypatch.setattr(reports, "JSON_ROWS_MAX", count)
    assert len(await rows_of(lake, "general-ledger", "position")) == count
    monkeypatch.setattr(reports, "JSON_ROWS_MAX", count - 1)
    with pytest.raises(ReadRefused, match="narrow the period") as refused:
        await run(lake, "general-ledger")
    assert refused.value.refusal is Refusal.REPORT_TOO_LARGE


async def test_more_queries_than_can_wait_are_refused_at_once(lake: Lake) -> None:
    """The bound is kept, and all that were let in are answered."""
    asked = QUERIES_AT_ONCE_MAX + QUERIES_WAITING_MAX
    answers = await asyncio.gather(*(lake.read_position() for _ in range(asked + 3)), return_exceptions=True)
    assert [answer for answer in answers if answer == 19] == [19] * asked
    refused = [answer for answer in answers if isinstance(answer, ReadRefused)]
    assert [answer.refusal for answer in refused] == [Refusal.TOO_BUSY] * 3


async def test_a_position_the_lake_has_not_reached_is_refused(lake: Lake) -> None:
    """The refusal says how far the lake is."""
    with pytest.raises(ReadRefused) as refused:
        await run(lake, "trial-balance", as_of_position=20)
    assert (refused.value.refusal, refused.value.position) == (Refusal.POSITION_NOT_REACHED, 19)


async def test_rows_beyond_the_checkpoint_are_not_seen(tmp_path: Path) -> None:
    """A reader is pinned to the slower table: nothing of a half-finished flush shows."""
    bank = small_bank()
    bank.write_lake(tmp_path, to=8)
    lake = Lake(tmp_path / "main", clock=SystemClock(), limits=LakeLimits(), metrics=METRICS)
    assert await lake.read_position() == 8
    events = bank.batch(9, 19).events
    table = create_table(tmp_path / "main" / "accounts", SCHEMAS["accounts"])
    known = opened_accounts(bank.batch(1, 19).events)
    assert append(table, accounts_table(events, known), to=19, recorded_at=bank.recorded_at(19))
    fresh = Lake(tmp_path / "main", clock=SystemClock(), limits=LakeLimits(), metrics=METRICS)
    assert await fresh.read_position() == 8
    changes = await fresh.run(lambda cursor: cursor.query("SELECT max(position) AS p FROM account_changes", {}))
    assert changes.to_pylist() == [{"p": 6}]


async def test_a_lake_that_grows_is_followed_and_one_that_is_rebuilt_too(tmp_path: Path) -> None:
    """New commits and new tables are found without a restart."""
    bank, clock = small_bank(), FixedClock(START)
    bank.write_lake(tmp_path, to=8)
    lake = Lake(tmp_path / "main", clock=clock, limits=LakeLimits(), metrics=METRICS)
    assert await lake.read_position() == 8
    bank.write_lake(tmp_path)
    clock.advance(1)
    assert await lake.read_position() == 19
    shutil.rmtree(tmp_path / "main")
    bank.write_lake(tmp_path, to=10)
    # Within the snapshot's age the vanished files themselves say that the lake is another one.
    assert len(await rows_of(lake, "daily-volumes", "effective_date")) == 4


async def test_a_missing_lake_is_at_position_0_and_answers_nothing(tmp_path: Path) -> None:
    """No tables yet: a question is told why, nothing is created."""
    lake = Lake(tmp_path / "main", clock=SystemClock(), limits=LakeLimits(), metrics=METRICS)
    assert await lake.read_position() == 0
    with pytest.raises(SourceDown, match="do not exist yet"):
        await run(lake, "trial-balance")
    assert not (tmp_path / "main").exists()


async def test_a_query_that_takes_too_long_is_stopped(lake: Lake, bank: tuple[Bank, Path]) -> None:
    """The thread is free again afterwards."""
    slow = Lake(bank[1], clock=FixedClock(START), limits=LakeLimits(timeout_s=0.5), metrics=METRICS)
    await asyncio.to_thread(slow._current_snapshot, fresh=False)  # opened beforehand: only the query is timed
    with pytest.raises(ReadRefused) as refused:
        await slow.run(lambda cursor: cursor.query("SELECT count(*) FROM range(10000000000) a, range(100000) b", {}))
    assert refused.value.refusal is Refusal.QUERY_TIMEOUT
    assert await slow.read_position() == 19


async def test_a_query_reaches_no_other_file(lake: Lake) -> None:
    """Even our own statements can read the lake's folder only, and can change no setting."""
    for statement in (
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/bursar-leak.csv'",
        "SET enable_external_access = true",
        "ATTACH '/tmp/bursar-leak.db'",
    ):
        with pytest.raises(SourceDown if "SET" not in statement else Exception):
            await lake.run(lambda cursor, statement=statement: cursor.query(statement, {}))  # type: ignore[misc]

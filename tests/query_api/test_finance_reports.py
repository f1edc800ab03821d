"""Balance sheet, income statement, cash flow and what compares, drills and repeats, against figures worked out by hand.

EUR: 5000.00 of capital on 2 January; alice brings 1000.00 on the 5th and pays fees of 20.00 on the 20th and 30.00 on 3
February; the bank charges 5.00 on 31 January and 7.00 on 20 February; 2000.00 go to a deposit at another bank on 10
February; bob brings 100.00 on the 15th. JPY: carol brings 5000 on 1 February.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contracts.report_views import ReportView
from query_api.dating import Dating
from query_api.lake import Lake
from query_api.periods import Period, read_period
from query_api.refusals import ReadRefused, Refusal
from query_api.writers import FORMATS
from runtime.clock import SystemClock
from tests.query_api.bank import Bank
from tests.query_api.reporting import behind, columns_of, open_lake, rows_of, run, view_of

JANUARY = {"from_": date(2026, 1, 1), "to": date(2026, 1, 31)}
FEBRUARY = {"from_": date(2026, 2, 1), "to": date(2026, 2, 28)}
CASH, DEPOSIT, CAPITAL = "assets:cash:eur", "assets:deposits:eur", "equity:capital:eur"
FEES, CHARGES = "income:fees:eur", "expense:bank:eur"
ALICE, BOB, CAROL, YEN = "customers:alice:eur", "customers:bob:eur", "customers:carol:jpy", "assets:cash:jpy"


def firm() -> Bank:
    """The firm of this module."""
    bank = Bank()
    for account_id in (CASH, DEPOSIT):
        bank.open(account_id, "asset")
    bank.open(CAPITAL, "equity")
    bank.open(FEES, "income")
    bank.open(CHARGES, "expense")
    for account_id in (ALICE, BOB):
        bank.open(account_id, "liability")
    bank.open(YEN, "asset", "JPY")
    bank.open(CAROL, "liability", "JPY")
    bank.transfer(CASH, CAPITAL, 5000_00, day=date(2026, 1, 2))
    bank.transfer(CASH, ALICE, 1000_00, day=date(2026, 1, 5))
    bank.transfer(ALICE, FEES, 20_00, day=date(2026, 1, 20))
    bank.transfer(CHARGES, CASH, 5_00, day=date(2026, 1, 31))
    bank.transfer(YEN, CAROL, 5000, day=date(2026, 2, 1))
    bank.transfer(ALICE, FEES, 30_00, day=date(2026, 2, 3))
    bank.transfer(DEPOSIT, CASH, 2000_00, day=date(2026, 2, 10))
    bank.transfer(CASH, BOB, 100_00, day=date(2026, 2, 15))
    bank.transfer(CHARGES, CASH, 7_00, day=date(2026, 2, 20))
    return bank


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A reader of the firm's lake."""
    folder: Path = tmp_path_factory.mktemp("firm")
    firm().write_lake(folder)
    return open_lake(folder / "main")


async def test_the_balance_sheet_balances_with_the_result_in_equity(lake: Lake) -> None:
    rows = await rows_of(lake, "balance-sheet", "section", "level", "account_group", "balance_minor", currency="EUR")
    assert rows == [
        ("asset", "account", "assets", 6088_00),
        ("asset", "total", None, 6088_00),
        ("liability", "account", "customers", 1050_00),
        ("liability", "total", None, 1050_00),
        ("equity", "account", "equity", 5000_00),
        ("equity", "result", None, 38_00),
        ("equity", "total", None, 5038_00),
        ("check", "difference", None, 0),
    ]
    deeper = await rows_of(
        lake, "balance-sheet", "account_group", "balance_minor", currency="EUR", depth=2, as_of_date=date(2026, 1, 31)
    )
    assert deeper[:1] == [("assets:cash", 5995_00)]
    assert ("customers:alice", 980_00) in deeper


async def test_the_balance_sheet_compares_with_another_date(lake: Lake) -> None:
    view = await view_of(lake, "balance-sheet", currency="EUR", as_of_date=date(2026, 2, 28), compare_to="2026-01")
    assert view.parameters["compare_to"] == "2026-01-31"
    rows = columns_of(view, "level", "account_group", "balance_minor", "balance_minor_before", "balance_minor_change")
    assert rows == [
        ("account", "assets", 6088_00, 5995_00, 93_00),
        ("total", None, 6088_00, 5995_00, 93_00),
        ("account", "customers", 1050_00, 980_00, 70_00),
        ("total", None, 1050_00, 980_00, 70_00),
        ("account", "equity", 5000_00, 5000_00, 0),
        ("result", None, 38_00, 15_00, 23_00),
        ("total", None, 5038_00, 5015_00, 23_00),
        ("difference", None, 0, 0, 0),
    ]


async def test_the_income_statement_of_a_month_beside_the_month_before(lake: Lake) -> None:
    view = await view_of(lake, "income-statement", **FEBRUARY, compare_to="previous")
    assert view.parameters["compare_to"] == "2026-01-01..2026-01-31"
    columns = ("level", "account_group", "amount_minor", "amount_minor_before", "amount_minor_change")
    assert columns_of(view, *columns) == [
        ("account", FEES, 30_00, 20_00, 10_00),
        ("total", None, 30_00, 20_00, 10_00),
        ("account", CHARGES, 7_00, 5_00, 2_00),
        ("total", None, 7_00, 5_00, 2_00),
        ("result", None, 23_00, 15_00, 8_00),
    ]


async def test_a_row_of_one_period_only_counts_as_zero_in_the_other(lake: Lake) -> None:
    rows = await rows_of(
        lake, "trial-balance", "account_id", "balance_minor", "balance_minor_before", as_of_date=date(2026, 1, 2),
        compare_to="2026-01-05", currency="EUR",
    )  # fmt: skip
    assert rows == [
        (CASH, 5000_00, 6000_00),
        (CAPITAL, -5000_00, -5000_00),
        (ALICE, 0, -1000_00),
        (None, 0, 0),
    ]


async def test_the_cash_flow_leads_from_the_opening_to_the_closing_balance(lake: Lake) -> None:
    rows = await rows_of(
        lake, "cash-flow", "currency", "section", "account_group", "amount_minor", cash="assets:cash", **FEBRUARY
    )
    assert rows == [
        ("EUR", "opening", None, 5995_00),
        ("EUR", "operating", "expense", -7_00),
        ("EUR", "operating", "customers", 100_00),
        ("EUR", "investing", "assets", -2000_00),
        ("EUR", "closing", None, 4088_00),
        ("JPY", "opening", None, 0),
        ("JPY", "operating", "customers", 5000),
        ("JPY", "closing", None, 5000),
    ]
    january = await rows_of(lake, "cash-flow", "section", "amount_minor", cash="assets:cash", **JANUARY)
    assert january == [
        *(("opening", 0), ("operating", -5_00), ("operating", 1000_00), ("financing", 5000_00), ("closing", 5995_00)),
    ]


async def test_the_largest_movements_rank_per_currency(lake: Lake) -> None:
    rows = await rows_of(
        lake, "largest-movements", "currency", "rank", "amount_minor", "side", "account_id", top=2, account_type="asset"
    )
    assert rows == [
        ("EUR", 1, 5000_00, "debit", CASH),
        ("EUR", 2, 2000_00, "debit", DEPOSIT),
        ("JPY", 1, 5000, "debit", YEN),
    ]


async def test_hourly_volumes_count_by_the_hour_of_recording(lake: Lake) -> None:
    rows = await rows_of(lake, "hourly-volumes", "hour", "currency", "transfers", "entries", "volume_minor")
    assert rows == [
        ("2026-03-01T12:00:00Z", "EUR", 8, 16, 8162_00),
        ("2026-03-01T12:00:00Z", "JPY", 1, 2, 5000),
    ]
    assert await rows_of(lake, "hourly-volumes", "hour", to=date(2026, 2, 28)) == []


def signed(view: ReportView) -> int:
    """What entries add up to, debits less credits."""
    names = [column.name for column in view.columns]
    if "debit_minor" not in names:
        return sum(int(row[names.index("amount_minor")] or 0) for row in view.rows)
    places = names.index("debit_minor"), names.index("credit_minor")
    return sum(int(row[places[0]] or 0) - int(row[places[1]] or 0) for row in view.rows)


@pytest.mark.parametrize(
    ("name", "figure", "given"),
    [
        ("trial-balance", "balance_minor", {"as_of_date": date(2026, 2, 10)}),
        ("balance-sheet", "balance_minor", {"depth": 2, "as_of_date": date(2026, 2, 10)}),
        ("income-statement", "amount_minor", {"depth": 1, **FEBRUARY}),
        ("income-statement", "amount_minor", {"compare_to": "previous", **FEBRUARY}),
        ("cash-flow", "amount_minor", {"cash": "assets:cash", **FEBRUARY}),
    ],
)
async def test_behind_a_figure_are_the_entries_that_add_up_to_it(
    lake: Lake, name: str, figure: str, given: dict[str, object]
) -> None:
    """Whatever the side, without its sign: each report has figures in the normal side of their section."""
    view = await view_of(lake, name, **given)
    assert len(view.drill) == len(view.rows)
    followed = 0
    for (amount_minor,), link in zip(columns_of(view, figure), view.drill, strict=True):
        if link is not None and not link.path.endswith("income-statement"):
            entries = await behind(lake, link)
            assert abs(signed(entries)) == abs(int(str(amount_minor))), (link, entries.rows)
            followed += 1
    assert followed >= 3


async def test_a_daily_volume_drills_to_its_own_day_currency_and_kind(lake: Lake) -> None:
    view = await view_of(lake, "daily-volumes", currency="EUR")
    links = zip(columns_of(view, "volume_minor", "entries"), view.drill, strict=True)
    for (volume_minor, entries), link in links:
        assert link is not None
        found = await behind(lake, link)
        assert len(found.rows) == entries
        assert sum(int(str(debit or 0)) for (debit,) in columns_of(found, "debit_minor")) == volume_minor


async def test_asked_again_at_the_same_position_the_answer_is_the_same_bytes(tmp_path: Path) -> None:
    """In every format; with traffic in between, by a later clock, and by another process."""
    bank, dating = firm(), Dating("main", SystemClock())
    bank.write_lake(tmp_path)
    position = bank.position
    asked: tuple[tuple[str, dict[str, object]], ...] = (
        ("trial-balance", {}),
        ("balance-sheet", {"depth": 3}),
        ("general-ledger", {"as_of_date": date(2026, 2, 15)}),
        ("income-statement", {**FEBRUARY, "compare_to": "previous"}),
        ("pending-payments", {}),
    )

    async def answers() -> list[bytes]:
        lake = open_lake(tmp_path / "main")
        return [
            await run(lake, name, written_as, dating, as_of_position=position, **given)
            for name, given in asked
            for written_as in FORMATS
        ]

    before = await answers()
    bank.transfer(CASH, BOB, 7_77, day=date(2026, 1, 2))  # backdated: into every period above
    bank.pay(BOB, ALICE, 1_00, day=date(2026, 2, 1))
    bank.freeze(BOB)
    bank.write_lake(tmp_path)
    assert await answers() == before
    now = await run(open_lake(tmp_path / "main"), "trial-balance", "json", dating)
    assert now != before[0]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2024-12-30..2025-01-02", date(2024, 12, 30), date(2025, 1, 2)),
    ],
)
def test_a_period_is_read_as_it_is_written(text: str, first: date, last: date) -> None:
    assert read_period(text, asked=None) == (first, last)


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        ((date(2026, 3, 1), date(2026, 3, 31)), "previous", "2026-02-01..2026-02-28"),
        ((date(2026, 1, 1), date(2026, 3, 31)), "previous", "2025-10-01..2025-12-31"),
        ((date(2024, 1, 1), date(2024, 12, 31)), "previous", "2023-01-01..2023-12-31"),
        ((date(2026, 3, 5), date(2026, 3, 11)), "previous", "2026-02-26..2026-03-04"),
        ((date(2024, 2, 29), date(2024, 2, 29)), "year-before", "2023-02-28..2023-02-28"),
        ((date(2025, 2, 1), date(2025, 2, 28)), "year-before", "2024-02-01..2024-02-29"),
    ],
)
def test_whole_months_compare_with_whole_months(asked: tuple[date, date], text: str, expected: str) -> None:
    assert str(read_period(text, asked=Period(*asked))) == expected


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("income-statement", {"compare_to": "previous"}),
        ("income-statement", {"compare_to": "last month"}),
        ("income-statement", {"compare_to": "2026-13"}),
        ("income-statement", {"compare_to": "2026-02-01..2026-01-01"}),
        ("income-statement", {"compare_to": "2026-02-30"}),
        ("trial-balance", {"compare_to": "previous"}),
        ("trial-balance", {"compare_to": "0000"}),
        ("trial-balance", {"as_of_date": date(1, 1, 1), "compare_to": "year-before"}),
    ],
)
async def test_a_period_that_is_none_is_refused(lake: Lake, name: str, given: dict[str, object]) -> None:
    with pytest.raises(ReadRefused) as refused:
        await run(lake, name, **given)
    assert (refused.value.refusal, refused.value.parameter) == (Refusal.INVALID_PARAMETER, "compare_to")


async def test_a_report_without_periods_compares_nothing(lake: Lake) -> None:
    with pytest.raises(ReadRefused) as refused:
        await run(lake, "general-ledger", compare_to="2026")
    assert refused.value.refusal is Refusal.UNKNOWN_PARAMETER

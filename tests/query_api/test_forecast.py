"""The liquidity forecast against figures worked out by hand. Everything is recorded on 1 March 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import events as e
from contracts.assessment import Assessment
from contracts.commands import Recurrence
from contracts.ids import payment_id
from tests.query_api.reporting import rows_of
from tests.query_api.test_counting_reports import ALICE, BOB, CASH, EUR, TODAY, lake_of, opened
from tests.support import payments


def scheduled(paid: str, amount_minor: int, day: date, *, creditor: str | None) -> list[e.EventData]:
    """A payment that waits for its day."""
    facts = msgspec.structs.replace(payments.facts("E2E", ALICE, BOB, EUR, amount_minor), creditor_account_id=creditor)
    waits = e.PaymentScheduled(payment_id=paid, execution_date=day, facts=facts, status="PDNG")
    return [payments.initiated(paid, facts, EUR), waits]


def order(order_id: str, next_on: date, **recurrence: Any) -> e.StandingOrderCreated:
    """A standing order of 50.00 to somebody outside."""
    return e.StandingOrderCreated(
        standing_order_id=order_id,
        payment_type="credit_transfer",
        rail="sct_inst",
        debtor_account_id=ALICE,
        creditor_account_id=None,
        creditor=None,
        instructed_amount=EUR,
        amount_minor=50_00,
        end_to_end_id="RENT",
        remittance_information=None,
        metadata=None,
        recurrence=Recurrence(**recurrence),
        customer_id="cust_alice",
        subject=None,
        assessment=Assessment(),
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        created_by="tester",
        next_on=next_on,
        authorise_by=None,
        state="active",
    )


FORECAST = ("on_date", "source", "payments", "outflow_minor", "inflow_minor", "internal_minor", "cumulated_minor")


async def test_the_forecast_adds_up_what_is_scheduled(tmp_path: Path) -> None:
    """From the balance of cash; what was cancelled, or lies beyond the days asked about, is not in it."""
    bank = opened()
    bank.transfer(CASH, ALICE, 1000_00, day=TODAY)
    wanted = [(20_00, 5, None), (10_00, 5, BOB), (7_00, 40, None), (3_00, 6, None)]
    for amount_minor, days, creditor in wanted:
        paid = payment_id(bank.position + 1)
        for event in scheduled(paid, amount_minor, TODAY + timedelta(days=days), creditor=creditor):
            bank.happen(event)
    facts = payments.facts("E2E", ALICE, BOB, EUR, 3_00)
    bank.happen(
        e.PaymentCancelled(payment_id=paid, cause="requested", reason=None, balances=(), facts=facts, status="CANC")
    )
    lake = lake_of(bank, tmp_path)
    assert await rows_of(lake, "liquidity-forecast", *FORECAST, cash="assets:cash") == [
        ("2026-03-01", "balance", 0, 0, 1000_00, 0, 1000_00),
        ("2026-03-06", "scheduled_payment", 2, 20_00, 0, 10_00, 980_00),
    ]
    assert await rows_of(lake, "liquidity-forecast", "on_date", "cumulated_minor", days=60) == [
        ("2026-03-06", -20_00),
        ("2026-04-10", -27_00),
    ]


@pytest.mark.parametrize(
    ("next_on", "recurrence", "projected"),
    [
        # 31 March is a Tuesday; the day of a month that is shorter is its last one.
        (date(2026, 3, 31), {"every": "month", "first_on": date(2026, 1, 31)}, ["2026-04-30", "2026-05-31"]),
        # 1 March 2026 is a Sunday and paid on Monday, which is no second payment in March.
        (date(2026, 3, 2), {"every": "month", "first_on": date(2026, 3, 1)}, ["2026-04-01", "2026-05-01"]),
        # Paid before it is due: 1 March on Friday 27 February, which is overdue.
        (
            date(2026, 2, 27),
            {"every": "month", "first_on": date(2026, 3, 1), "adjustment": "preceding"},
            ["2026-04-01", "2026-05-01"],
        ),
        (
            date(2026, 3, 4),
            {"every": "week", "first_on": date(2026, 3, 4), "step": 4, "last_on": date(2026, 5, 1)},
            ["2026-04-01", "2026-04-29"],
        ),
        (date(2026, 3, 4), {"every": "week", "first_on": date(2026, 3, 4), "count_max": 2}, ["2026-03-11"]),
    ],
)
async def test_the_forecast_goes_on_with_the_days_of_a_standing_order(
    tmp_path: Path, next_on: date, recurrence: dict[str, Any], projected: list[str]
) -> None:
    bank = opened()
    bank.happen(order("so_1", next_on, **recurrence))
    bank.happen(order("so_2", next_on, **recurrence))
    bank.happen(e.StandingOrderCancelled(standing_order_id="so_2", reason=None, state="cancelled"))
    rows = await rows_of(lake_of(bank, tmp_path), "liquidity-forecast", "source", "on_date", "outflow_minor", days=91)
    assert rows == [
        ("standing_order", str(next_on), 50_00),
        *(("projected_occurrence", day, 50_00) for day in projected),
    ]


async def test_an_occurrence_that_became_a_payment_is_not_due_again(tmp_path: Path) -> None:
    """The order moves on; with its last occurrence nothing is due any more."""
    bank = opened()
    bank.happen(order("so_1", TODAY, every="month", first_on=TODAY, count_max=2))
    for number, next_on in ((1, date(2026, 4, 1)), (2, None)):
        bank.happen(
            e.StandingOrderIssued(
                standing_order_id="so_1",
                occurrence_on=TODAY,
                number=number,
                payment_id="pay_9",
                next_on=next_on,
                state="active" if next_on else "ended",
            )
        )
    lake = lake_of(bank, tmp_path)
    after_first = await rows_of(lake, "liquidity-forecast", "source", "on_date", days=300, as_of_position=6)
    assert after_first == [("standing_order", "2026-04-01")]
    assert await rows_of(lake, "liquidity-forecast", "on_date", days=300) == []

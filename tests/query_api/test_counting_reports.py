"""Ageing, revenue, exposure, cohorts, forecast and the extract for authorities, against figures worked out by hand.

Everything is recorded on 1 March 2026, a minute apart from 12:01 on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import events as e
from contracts.assessment import Assessment
from contracts.commands import InstructedAmount, Recurrence
from contracts.events.fx import FxPositionSet, RevaluedPosition
from contracts.events.merchants import KindSum, SettlementFigures
from contracts.events.reconciliation import RecordedMatch
from contracts.ids import payment_id
from query_api.lake import Lake
from tests.query_api.bank import START, Bank
from tests.query_api.reporting import behind, columns_of, open_lake, rows_of, view_of
from tests.support import payments

ALICE, BOB, CASH, CLEARING = "customers:alice:eur", "customers:bob:eur", "assets:cash:eur", "assets:clearing:eur"
EUR = InstructedAmount(currency="EUR", value="1.00")
TODAY = START.date()


def lake_of(bank: Bank, folder: Path) -> Lake:
    """A reader of a bank's lake."""
    bank.write_lake(folder)
    return open_lake(folder / "main")


def opened() -> Bank:
    """Four accounts: alice's and bob's are theirs, the others the institution's own."""
    bank = Bank()
    bank.open(CASH, "asset")
    bank.open(CLEARING, "asset")
    bank.open(ALICE, "liability", customer_id="cust_alice")
    bank.open(BOB, "liability", customer_id="cust_bob")
    return bank


async def test_holds_age_by_what_they_still_reserve(tmp_path: Path) -> None:
    """One is captured in part, one released, one beyond its deadline after ten days."""
    bank = opened()
    bank.transfer(CASH, ALICE, 1000_00, day=TODAY)
    partly = bank.hold(ALICE, BOB, 100_00)
    released = bank.hold(ALICE, BOB, 50_00)
    bank.hold(ALICE, BOB, 7_00)
    bank.release(released, ALICE, 50_00)
    before_capture = bank.position
    bank.happen(
        e.HoldCaptured(
            hold_id=partly,
            transfer_id="xfer_10",
            amounts_minor=(30_00,),
            final=False,
            effective_date=TODAY,
            reference=None,
            postings=(),
            balances=(),
            remaining_minor=(70_00,),
            status="open",
        )
    )
    lake = lake_of(bank, tmp_path)
    columns = ("currency", "scale", "account_type", "age", "holds", "expired", "remaining_minor", "oldest_days")
    assert await rows_of(lake, "hold-ageing", *columns) == [("EUR", 2, "liability", "000-000", 2, 0, 77_00, 0)]
    assert await rows_of(lake, "hold-ageing", "remaining_minor", as_of_position=before_capture) == [(107_00,)]
    later = await view_of(lake, "hold-ageing", as_of_date=TODAY + timedelta(days=10))
    assert columns_of(later, *columns) == [("EUR", 2, "liability", "008-030", 2, 2, 77_00, 10)]
    assert later.drill[0] is not None
    legs = columns_of(await behind(lake, later.drill[0]), "hold_id", "remaining_minor")
    assert legs == [(partly, 70_00), ("hold_8", 7_00)]


async def test_breaks_age_from_the_day_they_were_opened_until_somebody_settles_them(tmp_path: Path) -> None:
    bank = opened()
    for number, (kind, difference_minor, day) in enumerate(
        [("missing_in_book", 10_00, 1), ("missing_in_book", -4_00, 1), ("wrong_amount", 1, 20), ("split", 5, 20)]
    ):
        bank.happen(
            e.BreakOpened(
                break_id=f"brk_{number}",
                account_id=CASH,
                currency="EUR",
                kind=kind,  # type: ignore[arg-type]
                line_ids=(),
                entries=(),
                like_line_id=None,
                difference_minor=difference_minor,
                opened_on=date(2026, 2, day),
                status="open",
            )
        )
    bank.happen(e.BreakAssigned(break_id="brk_2", account_id=CASH, assignee="ann", status="assigned"))
    match = RecordedMatch(match_id="m", line_ids=(), entries=(), rule="r", score_permille=1000, difference_minor=0)
    bank.happen(e.MatchesRecorded(account_id=CASH, matches=(match,), resolved_breaks=("brk_3",)))
    lake = lake_of(bank, tmp_path)
    columns = ("break_kind", "status", "age", "breaks", "difference_minor", "gross_minor", "oldest_days")
    assert await rows_of(lake, "break-ageing", *columns) == [
        ("missing_in_book", "open", "008-030", 2, 6_00, 14_00, 28),
        ("wrong_amount", "assigned", "008-030", 1, 1, 1, 9),
    ]
    view = await view_of(lake, "break-ageing")
    assert view.drill[0] is not None
    assert (view.drill[0].path, view.drill[0].parameters) == ("/v1/breaks", {"account_id": CASH, "status": "open"})


async def test_pending_payments_age_by_what_they_wait_for(tmp_path: Path) -> None:
    bank = opened()
    bank.pay(ALICE, BOB, 10_00, day=TODAY)
    facts = payments.facts("E2E", ALICE, BOB, EUR, 5_00)
    for _ in range(2):
        bank.happen(payments.initiated(payment_id(bank.position + 1), facts, EUR))
    parked = e.PaymentParked(payment_id=payment_id(bank.position), reason="no answer", facts=facts, status="ACSP")
    bank.happen(parked)
    lake = lake_of(bank, tmp_path)
    view = await view_of(lake, "pending-payments", as_of_date=TODAY + timedelta(days=3))
    assert columns_of(view, "waits_after", "age", "payments", "amount_minor", "oldest_days") == [
        ("payment_initiated", "003-007", 1, 5_00, 3),
        ("payment_parked", "003-007", 1, 5_00, 3),
    ]
    for link, expected in zip(view.drill, ("pay_7", "pay_8"), strict=True):
        assert link is not None
        assert columns_of(await behind(lake, link), "payment_id") == [(expected,)]


async def test_settlements_bring_fees_and_rails_cost_them(tmp_path: Path) -> None:
    bank = opened()
    for number, fee_minor in enumerate((3_00, 4_00)):
        figures = SettlementFigures(
            opening_minor=0,
            payments=KindSum(count=5, amount_minor=100_00),
            refunds=KindSum(count=1, amount_minor=10_00),
            returns=KindSum(count=0, amount_minor=0),
            other_minor=0,
            released_minor=1_00,
            fee_minor=fee_minor,
            reserve_minor=5_00,
            carried_minor=0,
            net_minor=86_00 - fee_minor,
        )
        bank.happen(
            e.SettlementClosed(
                settlement_id=f"stl_{number}",
                transfer_id="xfer_1",
                merchant_id="mer_shop",
                account_id=BOB,
                currency="EUR",
                from_position=1,
                to_position=2,
                from_at=START,
                cut_off_at=START,
                next_cut_off_at=START,
                closed_at=START,
                figures=figures,
                release_at=None,
                postings=(),
                effective_date=TODAY,
            )
        )
    bank.happen(
        e.ClearingSettled(
            rail="sct_inst",
            currency="EUR",
            reference="S-1",
            settled_on=TODAY,
            amount_minor=500_00,
            fee_minor=1_25,
            nostro_account_id=CASH,
            fee_account_id=None,
            clearing_account_id=CLEARING,
            transfer_id="xfer_1",
            postings=(),
            effective_date=TODAY,
        )
    )
    lake = lake_of(bank, tmp_path)
    columns = (
        "settled_on",
        "merchant_id",
        "scale",
        "settlements",
        "payments",
        "payments_minor",
        "fee_minor",
        "net_minor",
    )
    assert await rows_of(lake, "settlement-revenue", *columns) == [
        ("2026-03-01", "mer_shop", 2, 2, 10, 200_00, 7_00, 165_00)
    ]
    assert await rows_of(lake, "settlement-revenue", "fee_minor", to=date(2026, 2, 28)) == []
    costs = await rows_of(lake, "clearing-costs", "rail", "account_id", "settlements", "amount_minor", "fee_minor")
    assert costs == [("sct_inst", CLEARING, 1, 500_00, 1_25)]


async def test_exposure_is_position_cost_and_valuation_with_the_newest_rate(tmp_path: Path) -> None:
    """Long of 75.00 USD that cost 60.00 EUR and was worth 5.00 more when it was revalued."""
    bank = opened()
    bank.open("assets:cash:usd", "asset", "USD")
    bank.open("fx:position:usd", "liability", "USD")
    bank.open("fx:cost:usd", "asset")
    bank.open("fx:valuation:usd", "asset")
    position = FxPositionSet(
        currency="USD",
        position_account_id="fx:position:usd",
        cost_account_id="fx:cost:usd",
        valuation_account_id="fx:valuation:usd",
    )
    bank.happen(
        e.FxDefined(
            functional_currency="EUR", realised_account_id="r", unrealised_account_id="u", positions=(position,)
        )
    )
    assert (await rows_of(lake_of(bank, tmp_path), "fx-exposure", "quantity_minor", "worth_minor")) == [(0, 0)]
    bank.transfer("assets:cash:usd", "fx:position:usd", 75_00, day=TODAY)
    bank.transfer("fx:cost:usd", CASH, 60_00, day=TODAY)
    bank.transfer("fx:valuation:usd", CASH, 5_00, day=TODAY)
    revalued = RevaluedPosition(
        currency="USD",
        quantity_minor=75_00,
        base_currency="USD",
        rate="0.8667",
        cost_minor=60_00,
        unrealised_minor=5_00,
    )
    bank.happen(
        e.PositionsRevalued(
            transfer_id="xfer_1", functional_currency="EUR", positions=(revalued,), postings=(), effective_date=TODAY
        )
    )
    for rate in ("1.10", "1.0843"):
        bank.happen(
            e.RatePublished(
                base_currency="EUR",
                counter_currency="USD",
                rate=rate,
                spread_basis_points=50,
                valid_seconds=600,
                quote_seconds=30,
                valid_until=START,
            )
        )
    lake = lake_of(bank, tmp_path)
    columns = (
        *("currency", "scale", "quantity_minor", "functional_currency", "functional_scale", "cost_minor"),
        *("valuation_minor", "worth_minor", "revalued_on", "revalued_at_rate", "newest_rate", "newest_pair"),
    )
    assert await rows_of(lake, "fx-exposure", *columns) == [
        ("USD", 2, 75_00, "EUR", 2, 60_00, 5_00, 65_00, "2026-03-01", "0.8667", "1.0843", "EUR/USD")
    ]


def applied(customer_id: str) -> e.CustomerApplied:
    """Somebody applied."""
    return e.CustomerApplied(
        customer_id=customer_id,
        subject=customer_id,
        kind="person",
        name="sealed.1",
        birth_date=None,
        registration_number=None,
        country="DK",
        address=None,
        email=None,
        risk_class="low",
        screening=None,
        applied_at=START,
        applied_by="tester",
        status="applied",
    )


def verified(customer_id: str) -> e.CustomerVerified:
    """Two people agreed."""
    return e.CustomerVerified(
        customer_id=customer_id,
        decision="verify",
        reason="r",
        proposed_by="a",
        decided_by="b",
        risk_class="low",
        verified_at=START,
        reverify_at=START,
        status="verified",
    )


async def test_cohorts_follow_customers_from_the_month_they_applied(tmp_path: Path) -> None:
    """Two applied in March: one was verified and pays, the other is rejected. Nobody pays in April."""
    bank = opened()
    bank.happen(applied("cust_alice"))
    bank.happen(applied("cust_bob"))
    bank.happen(verified("cust_alice"))
    for _ in range(2):
        facts = payments.facts("E2E", ALICE, BOB, EUR, 1_00)
        initiated = payments.initiated(payment_id(bank.position + 1), facts, EUR)
        bank.happen(msgspec.structs.replace(initiated, customer_id="cust_alice"))
    bank.happen(
        e.CustomerRejected(
            customer_id="cust_bob",
            decision="reject",
            reason="r",
            proposed_by="a",
            decided_by="b",
            rejected_at=START,
            status="rejected",
        )
    )
    lake = lake_of(bank, tmp_path)
    columns = ("cohort", "customers", "verified", "left_us", "month_no", "active", "active_permille", "payments")
    assert await rows_of(lake, "customer-cohorts", *columns) == [("2026-03-01", 2, 1, 1, 0, 1, 500, 2)]
    assert await rows_of(lake, "customer-cohorts", "month_no", "active", as_of_date=date(2026, 4, 30)) == [
        (0, 1),
        (1, 0),
    ]
    assert await rows_of(lake, "customer-cohorts", "month_no", from_=date(2026, 3, 2)) == []


async def test_the_extract_names_customer_payment_and_the_other_side(tmp_path: Path) -> None:
    bank = opened()
    bank.happen(applied("cust_alice"))
    bank.transfer(CASH, ALICE, 100_00, day=date(2026, 2, 1))
    paid = bank.pay(ALICE, BOB, 30_00, day=TODAY)
    lake = lake_of(bank, tmp_path)
    columns = ("effective_date", "side", "amount_minor", "payment_id", "rail", "against", "country", "risk_class")
    assert await rows_of(lake, "transaction-report", *columns, customer_id="cust_alice") == [
        ("2026-02-01", "credit", 100_00, None, None, CASH, "DK", "low"),
        ("2026-03-01", "debit", 30_00, paid, "book", BOB, "DK", "low"),
    ]
    everybody = await rows_of(lake, "transaction-report", "customer_id", "account_id", from_=TODAY)
    assert everybody == [("cust_alice", ALICE), ("cust_bob", BOB)]


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

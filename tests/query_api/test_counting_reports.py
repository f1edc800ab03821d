"""Ageing, revenue, exposure, cohorts and the extract for authorities, against figures worked out by hand.

Everything is recorded on 1 March 2026, a minute apart from 12:01 on.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec

from contracts import events as e
from contracts.commands import InstructedAmount
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


def settlement(number: int, fee_minor: int) -> e.SettlementClosed:
    """What a merchant took, was closed: 100.00, of which 10.00 were refunded."""
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
    return e.SettlementClosed(
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


def clearing() -> e.ClearingSettled:
    """A rail settled with the institution."""
    return e.ClearingSettled(
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


async def test_settlements_bring_fees_and_rails_cost_them(tmp_path: Path) -> None:
    bank = opened()
    for event in (settlement(1, 3_00), settlement(2, 4_00), clearing()):
        bank.happen(event)
    lake = lake_of(bank, tmp_path)
    columns = (
        *("settled_on", "merchant_id", "scale", "settlements", "payments", "payments_minor", "refunds_minor"),
        *("returns_minor", "fee_minor", "reserve_minor", "released_minor", "net_minor"),
    )
    assert await rows_of(lake, "settlement-revenue", *columns) == [
        ("2026-03-01", "mer_shop", 2, 2, 10, 200_00, 20_00, 0, 7_00, 10_00, 2_00, 165_00)
    ]
    assert await rows_of(lake, "settlement-revenue", "fee_minor", to=date(2026, 2, 28)) == []
    costs = await rows_of(lake, "clearing-costs", "rail", "account_id", "settlements", "amount_minor", "fee_minor")
    assert costs == [("sct_inst", CLEARING, 1, 500_00, 1_25)]


def rate(text: str) -> e.RatePublished:
    """What one euro costs in dollars."""
    return e.RatePublished(
        base_currency="EUR",
        counter_currency="USD",
        rate=text,
        spread_basis_points=50,
        valid_seconds=600,
        quote_seconds=30,
        valid_until=START,
    )


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
    bank.happen(rate("1.10"))
    bank.happen(rate("1.0843"))
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

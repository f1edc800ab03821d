"""Standing orders: every decision and every refusal, on the pure functions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from contracts.risk import RiskAssessment
from contracts.screening import ScreeningSummary
from ledger.domain.standing_orders.life_cycle import STANDING_ORDER_TRANSITIONS
from tests.orders.standing import FIRST_DAY, LANDLORD, Diary, order, order_abroad

FIRST_OF_APRIL = date(2026, 4, 1)
NO_ORDER = "so_999"
YESTERDAY = FIRST_DAY - timedelta(days=1)


def amount(value: str, currency: str = "EUR") -> c.InstructedAmount:
    return c.InstructedAmount(currency=currency, value=value)


def risk(decision: str) -> Assessment:
    """An assessment whose score decided so."""
    assessed = RiskAssessment(
        score=900, decision=decision, reasons=("VELOCITY",), ruleset_version="r", model_version=None,  # type: ignore[arg-type]
        model_score=None, features={}, assessed_at=datetime(2026, 3, 2, tzinfo=UTC), degraded=False,
    )  # fmt: skip
    return Assessment(risk=assessed)


def with_authentication(diary: Diary, *, from_minor: int = 1, new_payee: bool = True) -> Diary:
    diary.do(c.DefineAuthentication(currency="EUR", amount_from_minor=from_minor, new_payee=new_payee, minutes=5))
    return diary


def test_an_order_is_active_at_once_and_due_at_midnight_of_its_first_day() -> None:
    diary = Diary()

    created = diary.created(order())

    assert (created.state, created.next_on, created.authorise_by) == ("active", FIRST_OF_APRIL, None)
    assert diary.order(created.standing_order_id).due_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_an_occurrence_is_the_order_moved_on_and_a_payment_in_one_commit() -> None:
    diary = Diary()
    so = diary.created(order(metadata={"contract": "7"})).standing_order_id
    diary.move_to(FIRST_OF_APRIL)

    decided = diary.attempt(c.IssueStandingOrder(standing_order_id=so, occurrence_on=FIRST_OF_APRIL))

    assert isinstance(decided, tuple)
    issued, initiated, settled = decided
    assert isinstance(issued, e.StandingOrderIssued)
    assert isinstance(initiated, e.PaymentInitiated)
    assert isinstance(settled, e.PaymentSettled)
    assert (issued.number, issued.next_on, issued.state) == (1, date(2026, 5, 4), "active")  # 1 May is a holiday
    assert issued.payment_id == initiated.payment_id == settled.payment_id == f"pay_{diary.position - 1}"
    assert initiated.standing_order_id == so
    assert initiated.end_to_end_id == "RENT-20260401"
    assert (initiated.metadata, initiated.initiated_by) == ({"contract": "7"}, "anna")
    assert diary.state.account("bob").posted_minor == 1_000  # type: ignore[union-attr]


def test_a_payment_without_funds_is_rejected_and_the_order_goes_on() -> None:
    diary = Diary(funds_minor=1)
    so = diary.created(order()).standing_order_id
    diary.move_to(FIRST_OF_APRIL)

    assert diary.issue_due(so) == [FIRST_OF_APRIL]

    assert isinstance(diary.events[-1], e.PaymentRejected)
    assert diary.order(so).next_on == date(2026, 5, 4)


def test_a_payment_abroad_is_accepted_and_holds_the_money() -> None:
    diary = Diary()
    so = diary.created(order_abroad()).standing_order_id
    diary.move_to(FIRST_OF_APRIL)
    diary.issue_due(so)

    accepted = diary.events[-1]
    assert isinstance(accepted, e.PaymentAccepted)
    assert (accepted.facts.rail, accepted.facts.payee_id, accepted.held_minor) == ("file", LANDLORD.payee_id, 1_000)


def test_what_was_missed_is_issued_each_once_and_in_order() -> None:
    diary = Diary()
    so = diary.created(order()).standing_order_id
    diary.move_to(date(2026, 7, 15))

    assert diary.issue_due(so) == [date(2026, 4, 1), date(2026, 5, 4), date(2026, 6, 1), date(2026, 7, 1)]
    assert diary.issue_due(so) == []


@pytest.mark.parametrize(("recurrence", "paid"), [({"count_max": 2}, 2), ({"last_on": date(2026, 6, 15)}, 3)])
def test_an_order_ends_with_its_count_or_its_last_day(recurrence: dict[str, Any], paid: int) -> None:
    diary = Diary()
    so = diary.created(order(recurrence=recurrence)).standing_order_id
    diary.move_to(date(2026, 12, 1))

    assert len(diary.issue_due(so)) == paid
    assert (diary.order(so).state, diary.order(so).due_at) == ("ended", None)


def test_what_falls_due_while_suspended_is_not_made_up_for() -> None:
    diary = Diary()
    so = diary.created(order()).standing_order_id
    diary.do(c.SuspendStandingOrder(standing_order_id=so, reason="holiday"))
    assert diary.order(so).due_at is None
    diary.move_to(date(2026, 6, 15))

    resumed = diary.do(c.ResumeStandingOrder(standing_order_id=so))

    assert (resumed.state, resumed.next_on) == ("active", date(2026, 7, 1))
    assert diary.issue_due(so) == []


def test_resumed_on_the_day_of_an_occurrence_it_pays_that_day_once() -> None:
    diary = Diary()
    so = diary.created(order()).standing_order_id
    diary.move_to(FIRST_OF_APRIL)
    assert diary.issue_due(so) == [FIRST_OF_APRIL]
    diary.do(c.SuspendStandingOrder(standing_order_id=so))
    assert diary.do(c.ResumeStandingOrder(standing_order_id=so)).next_on == date(2026, 5, 4)
    diary.do(c.SuspendStandingOrder(standing_order_id=so))
    diary.move_to(date(2026, 5, 4))
    diary.do(c.ResumeStandingOrder(standing_order_id=so))
    assert diary.issue_due(so) == [date(2026, 5, 4)]


def test_resumed_behind_its_last_day_it_has_ended() -> None:
    diary = Diary()
    so = diary.created(order(recurrence={"last_on": date(2026, 5, 15)})).standing_order_id
    diary.do(c.SuspendStandingOrder(standing_order_id=so))
    diary.move_to(date(2026, 6, 1))

    assert diary.do(c.ResumeStandingOrder(standing_order_id=so)).state == "ended"


def test_a_series_is_authorised_once_and_its_payments_are_not_asked_again() -> None:
    diary = with_authentication(Diary())
    created = diary.created(order())
    so = created.standing_order_id
    assert (created.state, created.authorise_by) == ("awaiting_authorisation", diary.now + timedelta(minutes=5))
    assert diary.order(so).due_at is None

    (authorised,) = diary.authorise(so)
    assert (authorised.state, authorised.next_on) == ("active", FIRST_OF_APRIL)

    diary.move_to(date(2026, 5, 4))
    assert len(diary.issue_due(so)) == 2
    assert sum(isinstance(event, e.PaymentSettled) for event in diary.events) == 2
    assert not any(isinstance(event, e.PaymentAuthorisationRequested) for event in diary.events)


def test_an_authorised_payee_is_known_from_then_on() -> None:
    diary = with_authentication(Diary(), from_minor=10**9)
    diary.authorise(diary.created(order()).standing_order_id)

    assert diary.created(order(end_to_end_id="RENT-2")).state == "active"


def test_a_challenged_score_asks_for_authentication_without_any_policy() -> None:
    assert Diary().created(order(assessment=risk("challenge"))).state == "awaiting_authorisation"


def test_a_denied_score_declines_the_order_for_good() -> None:
    diary = Diary()
    created = diary.created(order(assessment=risk("deny")))

    assert (created.state, diary.order(created.standing_order_id).due_at) == ("declined", None)
    refused = diary.attempt(c.CancelStandingOrder(standing_order_id=created.standing_order_id))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize(
    "assessment",
    [risk("review"), Assessment(screening=ScreeningSummary(outcome="hit", lists=(), hits=(), hits_count=1))],
)
def test_every_payment_of_a_doubtful_order_waits_for_a_person_and_then_for_nothing_else(assessment: Assessment) -> None:
    diary = with_authentication(Diary())
    so = diary.created(order(assessment=assessment)).standing_order_id
    diary.authorise(so)
    diary.move_to(FIRST_OF_APRIL)
    diary.issue_due(so)

    held = diary.events[-1]
    assert isinstance(held, e.PaymentHeldForReview)
    for number in range(held.reviewers_wanted):
        diary.review(held.payment_id, reviewer=f"reviewer-{number}")
    assert isinstance(diary.events[-1], e.PaymentSettled)


def diary_in(state: str) -> tuple[Diary, str]:
    """A diary whose one order is in the given state, on the day of its first occurrence."""
    diary = with_authentication(Diary()) if state == "awaiting_authorisation" else Diary()
    assessment = risk("deny") if state == "declined" else Assessment()
    recurrence = {"count_max": 1} if state == "ended" else {}
    so = diary.created(order(assessment=assessment, recurrence=recurrence)).standing_order_id
    diary.move_to(FIRST_OF_APRIL)
    match state:
        case "suspended":
            diary.do(c.SuspendStandingOrder(standing_order_id=so))
        case "cancelled":
            diary.do(c.CancelStandingOrder(standing_order_id=so))
        case "ended":
            diary.issue_due(so)
    assert diary.order(so).state == state
    return diary, so


WISHES: dict[type[e.EventData], Any] = {
    e.StandingOrderIssued: lambda so: c.IssueStandingOrder(standing_order_id=so, occurrence_on=FIRST_OF_APRIL),
    e.StandingOrderSuspended: lambda so: c.SuspendStandingOrder(standing_order_id=so),
    e.StandingOrderResumed: lambda so: c.ResumeStandingOrder(standing_order_id=so),
    e.StandingOrderCancelled: lambda so: c.CancelStandingOrder(standing_order_id=so),
}


@pytest.mark.parametrize("state", get_args(e.StandingOrderState))
@pytest.mark.parametrize("event", WISHES, ids=lambda kind: kind.__name__)
def test_every_state_meets_every_wish_as_the_table_says(state: str, event: type[e.EventData]) -> None:
    diary, so = diary_in(state)

    decided = diary.attempt(WISHES[event](so))

    if (state, event) in STANDING_ORDER_TRANSITIONS:
        assert isinstance(decided, tuple)
        assert type(decided[0]) is event
    else:
        assert isinstance(decided, Refused)
        assert decided.rejection == R.STANDING_ORDER_STATE_CONFLICT


def test_every_state_is_reached_and_nothing_leaves_a_final_one() -> None:
    assert set().union(*STANDING_ORDER_TRANSITIONS.values()) == set(get_args(e.StandingOrderState))
    assert not {"ended", "cancelled", "declined"} & {state for state, _ in STANDING_ORDER_TRANSITIONS}


@pytest.mark.parametrize(
    "fields",
    [
        {"every": "week", "first_on": "2026-03-02", "day": 3},
        {"every": "month", "first_on": "2026-03-02", "day": 32},
        {"every": "month", "first_on": "2026-03-02", "last_on": "2026-03-01"},
        {"every": "month", "first_on": "2026-03-02", "count_max": 0},
        {"every": "month", "first_on": "2026-03-02", "step": 0},
        {"every": "day", "first_on": "2026-03-02"},
        {"every": "month", "first_on": "2026-03-02", "until": "2026-05-02"},
    ],
)
def test_a_recurrence_that_contradicts_itself_is_no_command(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, c.WantedRecurrence)

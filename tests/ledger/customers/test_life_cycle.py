"""Customers and cases move along their tables, by two people where it matters, and pay only while verified."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.customer_codes import CaseState, CustomerState
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.customers.life_cycle import (
    CASE_TRANSITIONS,
    CUSTOMER_TRANSITIONS,
    ENDED_STATES,
    OPEN_STATES,
    why_not_paying,
)
from ledger.domain.customers.onboarding import years_after
from tests.ledger.customers.bank import (
    EVIDENCE,
    SEALED,
    YEARS,
    CustomerBank,
    application,
    classify,
    clear,
    confirm,
    erase,
    hit,
    proof,
    rescreened,
    verify,
)
from tests.support.ledger import NOON, open_account, pay

STATES: Final[tuple[CustomerState, ...]] = get_args(CustomerState)


def commands_about(customer_id: str) -> dict[type[e.EventData], Any]:
    """A command that would lead to each event, were the state right."""
    return {
        e.DocumentsRequested: c.RequestDocuments(customer_id=customer_id, documents=("passport",)),
        e.EvidenceAdded: c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE),
        e.CustomerVerified: verify(customer_id),
        e.CustomerRejected: c.ReviewCustomer(customer_id=customer_id, decision="reject", reason="forged"),
        e.RiskClassChanged: classify(customer_id, "high"),
        e.CustomerScreened: rescreened(customer_id),
        e.VerificationExpired: c.ExpireVerification(customer_id=customer_id),
        e.ReviewReopened: c.ReopenReview(customer_id=customer_id, reason="new documents"),
        e.CustomerRestricted: c.RestrictCustomer(customer_id=customer_id, reason="police"),
        e.CustomerOffboarded: c.OffboardCustomer(customer_id=customer_id, reason="asked to leave"),
        e.ErasureDecided: erase(customer_id),
        e.CustomerErased: proof(("subj_1",), customer_id, at=NOON),
    }


PROPOSALS: Final = {e.VerificationProposed, e.RiskClassProposed, e.ErasureProposed}


def test_every_state_of_the_tables_is_reached_and_nothing_leaves_the_last() -> None:
    assert set().union(*CUSTOMER_TRANSITIONS.values()) == set(STATES)
    assert {state for state, _ in CUSTOMER_TRANSITIONS} == {None, *STATES} - {"erased"}
    assert {*CASE_TRANSITIONS.values()} == set(get_args(CaseState))
    assert {state for state, _ in CASE_TRANSITIONS} == {None, "open", "proposed"}
    assert set(STATES) == {*OPEN_STATES, *ENDED_STATES, "restricted"}


@pytest.mark.parametrize("state", STATES)
def test_every_state_meets_every_command_and_only_the_table_lets_it_pass(state: CustomerState) -> None:
    """Another reason may stand in the way as well, but never is a state left that the table does not let go."""
    for event, command in commands_about("cust_0").items():
        bank = CustomerBank()
        customer_id = bank.in_state(state)
        bank.now += timedelta(days=1)
        sent = commands_about(customer_id)[event]
        answers = [bank.answer("dora", sent), bank.answer("erik", sent)]
        if (state, event) in CUSTOMER_TRANSITIONS:
            assert all(not isinstance(a, Refused) or a.rejection is not R.CUSTOMER_STATE_CONFLICT or
                       event is e.ErasureDecided for a in answers[:1]), (state, command)  # fmt: skip
        else:
            for answer in answers:
                assert isinstance(answer, Refused), (state, event)
                assert answer.rejection is R.CUSTOMER_STATE_CONFLICT, answer
                assert answer.pointer == "/customer_id"
            assert bank.customer(customer_id).state == state


def test_events_of_the_table_are_those_that_commands_lead_to() -> None:
    assert {event for _, event in CUSTOMER_TRANSITIONS} - PROPOSALS - {e.CustomerApplied} == set(
        commands_about("cust_0")
    )


def test_an_application_begins_a_customer_whose_data_is_sealed() -> None:
    bank = CustomerBank()
    applied = bank.says("front", application(kind="company"))

    assert isinstance(applied, e.CustomerApplied)
    assert (applied.customer_id, applied.status, applied.risk_class) == ("cust_1", "applied", "medium")
    assert (applied.name, applied.registration_number, applied.birth_date) == (SEALED, SEALED, None)
    assert applied.applied_by == "front"


def test_documents_are_waited_for_until_there_is_evidence_of_each() -> None:
    bank = CustomerBank()
    customer_id = bank.asked()
    bank.says("front", c.RequestDocuments(customer_id=customer_id, documents=("proof_of_address", "passport")))

    first = bank.says("front", c.AddEvidence(customer_id=customer_id, document="proof_of_address", **EVIDENCE))
    last = bank.says("front", c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE))

    assert (first.status, last.status) == ("documents_requested", "in_review")


def test_two_people_verify_and_the_day_of_the_next_time_follows_from_the_risk_class() -> None:
    bank = CustomerBank(now=datetime(2028, 2, 29, 12, tzinfo=UTC))
    customer_id = bank.in_review()
    proposed = bank.says("berta", verify(customer_id))
    verified = bank.says("carl", verify(customer_id))

    assert isinstance(proposed, e.VerificationProposed)
    assert bank.customer(customer_id).state == "verified"
    assert (verified.proposed_by, verified.decided_by) == ("berta", "carl")
    assert verified.reverify_at == datetime(2033, 3, 1, 12, tzinfo=UTC)
    changed = bank.both(classify(customer_id, "high"))
    assert changed.reverify_at == bank.customer(customer_id).due_at == datetime(2029, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "years", "after"),
    [("2024-02-29", 1, "2025-03-01"), ("2024-02-29", 4, "2028-02-29"), ("2026-12-31", 5, "2031-12-31")],
)
def test_years_later_is_the_same_day_or_the_first_of_march(day: str, years: int, after: str) -> None:
    assert years_after(datetime.fromisoformat(day), years) == datetime.fromisoformat(after)


def test_what_became_too_old_is_verified_again() -> None:
    bank = CustomerBank()
    customer_id = bank.expired()
    assert bank.customer(customer_id).due_at is None

    bank.says("berta", c.ReopenReview(customer_id=customer_id, reason="papers came"))
    bank.both(verify(customer_id))

    assert bank.customer(customer_id).state == "verified"


@pytest.mark.parametrize("before", ["applied", "documents_requested", "in_review", "verified"])
def test_a_restriction_is_lifted_to_where_the_review_had_stopped_and_never_to_verified(before: CustomerState) -> None:
    bank = CustomerBank()
    customer_id = bank.in_state(before)
    bank.says("berta", c.RestrictCustomer(customer_id=customer_id, reason="police"))
    bank.says("berta", c.ReopenReview(customer_id=customer_id, reason="a mistake"))

    assert bank.customer(customer_id).state == ("in_review" if before == "verified" else before)


@pytest.mark.parametrize(
    ("maker", "other"),
    [
        (lambda bank, customer_id: verify(customer_id), lambda customer_id: c.ReviewCustomer(
            customer_id=customer_id, decision="reject", reason="forged")),
        (lambda bank, customer_id: classify(customer_id, "high"), lambda customer_id: classify(customer_id, "low")),
        (lambda bank, customer_id: clear(bank.with_case(customer_id)), None),
    ],
    ids=["verification", "risk class", "case"],
)  # fmt: skip
def test_four_eyes(maker: Any, other: Any) -> None:
    """Not the one who applied, not the same one twice, no disagreement; whoever proposed may change their mind."""
    bank = CustomerBank()
    customer_id = bank.in_review()
    command = maker(bank, customer_id)
    opposite = other(customer_id) if other else confirm(command.case_id)

    def refusal(subject: str, sent: Any) -> R:
        answer = bank.answer(subject, sent)
        assert isinstance(answer, Refused), answer
        return answer.rejection

    assert refusal("front", command) is R.FOUR_EYES_REQUIRED
    bank.says("berta", command)
    assert refusal("berta", command) is R.FOUR_EYES_REQUIRED
    assert refusal("front", command) is R.FOUR_EYES_REQUIRED
    assert refusal("carl", opposite) is R.REVIEWERS_DISAGREE
    bank.says("berta", opposite)
    assert refusal("carl", command) is R.REVIEWERS_DISAGREE
    bank.says("carl", opposite)


def test_a_hit_opens_a_case_and_nobody_is_verified_beside_it() -> None:
    bank = CustomerBank()
    customer_id = bank.in_review(screening=hit("QDi.1"))
    (case_id,) = bank.customer(customer_id).open_cases

    refused = bank.answer("berta", verify(customer_id))
    bank.both(clear(case_id))
    bank.both(verify(customer_id))

    assert isinstance(refused, Refused)
    assert refused.rejection is R.CASE_UNRESOLVED
    assert bank.case(case_id).state == "cleared"
    assert bank.customer(customer_id).state == "verified"


def test_a_proposal_to_verify_is_void_when_a_case_or_a_document_comes_after_it() -> None:
    bank = CustomerBank()
    customer_id = bank.in_review()
    bank.says("berta", verify(customer_id))
    bank.both(clear(bank.with_case(customer_id)))
    assert isinstance(bank.says("carl", verify(customer_id)), e.VerificationProposed)

    bank.says("front", c.AddEvidence(customer_id=customer_id, document="passport", **EVIDENCE))
    assert isinstance(bank.says("dora", verify(customer_id)), e.VerificationProposed)


def test_a_confirmed_case_restricts_for_good() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    case_id = bank.with_case(customer_id)

    restricted = bank.both(confirm(case_id))
    reopened = bank.answer("dora", c.ReopenReview(customer_id=customer_id, reason="please"))

    assert isinstance(restricted, e.CustomerRestricted)
    assert restricted.case_id == case_id
    assert isinstance(reopened, Refused)
    assert reopened.rejection is R.CASE_UNRESOLVED


def test_a_case_about_somebody_who_left_is_confirmed_without_restricting_them() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    case_id = bank.with_case(customer_id)
    bank.says("berta", c.OffboardCustomer(customer_id=customer_id, reason="left"))

    assert isinstance(bank.both(confirm(case_id)), e.CaseConfirmed)
    assert bank.customer(customer_id).state == "offboarded"


def test_what_a_case_was_opened_for_is_not_asked_again_but_anything_new_is() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    bank.both(clear(bank.with_case(customer_id, "QDi.1")))

    assert isinstance(bank.says("timers", rescreened(customer_id, hit("QDi.1"))), e.CustomerScreened)
    assert isinstance(bank.says("timers", rescreened(customer_id, hit("QDi.1", "QDi.2"))), e.CaseOpened)
    assert isinstance(bank.says("timers", rescreened(customer_id, hit("QDi.2"))), e.CustomerScreened)
    assert isinstance(bank.says("timers", rescreened(customer_id, hit("QDi.1", count=12))), e.CaseOpened)
    assert isinstance(bank.says("timers", rescreened(customer_id, hit("QDi.1", count=12))), e.CustomerScreened)


@pytest.mark.parametrize("state", STATES)
def test_only_a_verified_customer_pays(state: CustomerState) -> None:
    bank = CustomerBank()
    customer_id = bank.in_state(state)
    open_states = {*OPEN_STATES}
    answer = bank.attempt(open_account("wallet", customer_id=customer_id))
    assert isinstance(answer, Refused) == (state not in open_states)
    if isinstance(answer, Refused):
        assert answer.rejection is R.CUSTOMER_STATE_CONFLICT
    assert (why_not_paying(bank.state, customer_id) is None) == (state == "verified")


def test_a_payment_of_somebody_not_verified_is_rejected_and_incoming_money_is_not() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    bank.funded(customer_id, "wallet")
    bank.funded(None, "shop")
    assert bank.do(pay("wallet", "shop", "1.00")).status == "ACSC"

    case_id = bank.with_case(customer_id)
    rejected = bank.do(pay("wallet", "shop", "1.00"))
    assert (rejected.status, rejected.reason_code) == ("RJCT", "RR04")
    assert case_id in rejected.detail
    assert bank.do(pay("shop", "wallet", "1.00")).status == "ACSC"

    bank.both(clear(case_id))
    assert bank.do(pay("wallet", "shop", "1.00")).status == "ACSC"
    bank.says("berta", c.RestrictCustomer(customer_id=customer_id, reason="police"))
    assert bank.do(pay("wallet", "shop", "1.00")).reason_code == "RR04"


def test_a_scheduled_payment_looks_at_the_customer_again_when_its_day_has_come() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    bank.funded(customer_id, "wallet")
    bank.funded(None, "shop")
    wish = c.InitiatePayment(
        debtor_account_id="wallet",
        creditor_account_id="shop",
        instructed_amount=c.InstructedAmount(currency="EUR", value="1.00"),
        end_to_end_id="rent",
        requested_execution_date=(bank.now + timedelta(days=2)).date(),
    )
    scheduled = bank.do(wish)
    bank.says("berta", c.RestrictCustomer(customer_id=customer_id, reason="police"))
    bank.now += timedelta(days=2)

    rejected = bank.do(c.StartPayment(payment_id=scheduled.payment_id))

    assert (rejected.status, rejected.reason_code) == ("RJCT", "RR04")


def test_who_never_had_a_relation_is_erased_at_once_and_what_was_sealed_leaves_the_record() -> None:
    bank = CustomerBank()
    customer_id = bank.asked()
    decided = bank.both(erase(customer_id))
    customer = bank.customer(customer_id)

    assert isinstance(decided, e.ErasureDecided)
    assert decided.subjects == customer.erasing == (customer.subject, customer_id)
    assert (customer.state, customer.name, customer.birth_date, customer.due_at) == ("erasing", None, None, bank.now)
    erased = bank.says("bursar", proof(customer.erasing, customer_id, at=bank.now))
    assert isinstance(erased, e.CustomerErased)
    assert (bank.customer(customer_id).state, bank.customer(customer_id).due_at) == ("erased", None)


def test_the_data_of_a_relation_is_kept_for_five_years_after_it_and_names_its_accounts() -> None:
    bank = CustomerBank()
    customer_id = bank.verified()
    bank.do(open_account("wallet", customer_id=customer_id))
    assert _rejection(bank, erase(customer_id)) is R.CUSTOMER_ACCOUNTS_OPEN
    assert _rejection(bank, c.OffboardCustomer(customer_id=customer_id, reason="left")) is R.CUSTOMER_ACCOUNTS_OPEN
    bank.do(c.CloseAccount(account_id="wallet"))
    assert _rejection(bank, erase(customer_id)) is R.CUSTOMER_STATE_CONFLICT
    left = bank.says("berta", c.OffboardCustomer(customer_id=customer_id, reason="left"))
    assert left.retention_until == years_after(bank.now, 5)

    bank.now = left.retention_until - timedelta(microseconds=1)
    assert _rejection(bank, erase(customer_id)) is R.RETENTION_NOT_OVER
    bank.now = left.retention_until
    decided = bank.both(erase(customer_id))
    assert decided.subjects == (bank.customer(customer_id).subject, customer_id, "acct:wallet")


def test_a_confirmed_case_keeps_the_data_of_somebody_who_was_never_taken() -> None:
    bank = CustomerBank()
    customer_id = bank.in_review()
    case_id = bank.with_case(customer_id)
    assert _rejection(bank, erase(customer_id)) is R.CASE_UNRESOLVED
    bank.both(confirm(case_id))
    assert _rejection(bank, erase(customer_id)) is R.CUSTOMER_STATE_CONFLICT
    bank.says("berta", c.OffboardCustomer(customer_id=customer_id, reason="listed"))
    assert _rejection(bank, erase(customer_id)) is R.RETENTION_NOT_OVER
    bank.now += 6 * YEARS
    assert isinstance(bank.both(erase(customer_id)), e.ErasureDecided)


def _rejection(bank: CustomerBank, command: Any) -> R:
    answer = bank.answer("dora", command)
    assert isinstance(answer, Refused), answer
    return answer.rejection

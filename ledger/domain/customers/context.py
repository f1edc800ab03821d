"""Customers' and cases' part of the book."""

from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from ledger.domain.contexts import Context, Decider, Touched
from ledger.domain.customers import cases, ending, onboarding
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.customers.life_cycle import CASE, CUSTOMER, Case, Customer
from ledger.domain.customers.onboarding import AssessedApplication
from ledger.domain.state import State

# Commands that name a customer and nothing else.
ABOUT_A_CUSTOMER: Final[dict[type[Any], Decider]] = {
    c.RequestDocuments: onboarding.decide_request_documents,
    c.AddEvidence: onboarding.decide_evidence,
    c.ReviewCustomer: onboarding.decide_review,
    c.SetRiskClass: onboarding.decide_risk_class,
    c.ExpireVerification: onboarding.decide_expire,
    c.ReopenReview: onboarding.decide_reopen,
    c.RestrictCustomer: ending.decide_restrict,
    c.OffboardCustomer: ending.decide_offboard,
    c.EraseCustomer: ending.decide_erase,
    c.RecordErasure: ending.decide_record_erasure,
}


def _touch_nothing(command: AssessedApplication, touched: Touched) -> None:
    """An application names nobody who is known."""


def _touch(command: Any, touched: Touched) -> None:
    touched.records.add((CUSTOMER, command.customer_id))


def _touch_screened(command: ScreenedCustomer, touched: Touched) -> None:
    _touch(command.command, touched)


def _touch_case(command: c.ReviewCase, touched: Touched) -> None:
    touched.records.add((CASE, command.case_id))


def _follow_case(command: c.ReviewCase, state: State, touched: Touched) -> None:
    case = state.record(CASE, command.case_id)
    if isinstance(case, Case):
        touched.records.add((CUSTOMER, case.customer_id))


def _follow_accounts(command: Any, state: State, touched: Touched) -> None:
    customer = state.record(CUSTOMER, command.customer_id)
    if isinstance(customer, Customer):
        touched.accounts.update(customer.accounts)


CONTEXT: Final = Context(
    deciders={
        AssessedApplication: onboarding.decide_apply,
        ScreenedCustomer: cases.decide_rescreen,
        c.ReviewCase: cases.decide_review_case,
        **ABOUT_A_CUSTOMER,
    },
    evolvers={
        e.CustomerApplied: onboarding.evolve_applied,
        e.DocumentsRequested: onboarding.evolve_documents,
        e.EvidenceAdded: onboarding.evolve_evidence,
        e.VerificationProposed: onboarding.evolve_proposed,
        e.CustomerVerified: onboarding.evolve_verified,
        e.CustomerRejected: onboarding.evolve_rejected,
        e.RiskClassProposed: onboarding.evolve_class_proposed,
        e.RiskClassChanged: onboarding.evolve_class_changed,
        e.VerificationExpired: onboarding.evolve_expired,
        e.ReviewReopened: onboarding.evolve_reopened,
        e.CustomerScreened: cases.evolve_screened,
        e.CaseOpened: cases.evolve_opened,
        e.CaseDecisionProposed: cases.evolve_proposed,
        e.CaseCleared: cases.evolve_decided,
        e.CaseConfirmed: cases.evolve_decided,
        e.CustomerRestricted: ending.evolve_restricted,
        e.CustomerOffboarded: ending.evolve_offboarded,
        e.ErasureProposed: ending.evolve_erasure_proposed,
        e.ErasureDecided: ending.evolve_erasure_decided,
        e.CustomerErased: ending.evolve_erased,
    },
    touches={
        AssessedApplication: _touch_nothing,
        ScreenedCustomer: _touch_screened,
        c.ReviewCase: _touch_case,
        **dict.fromkeys(ABOUT_A_CUSTOMER, _touch),
    },
    follows={
        c.ReviewCase: _follow_case,
        c.OffboardCustomer: _follow_accounts,
        c.EraseCustomer: _follow_accounts,
    },
    records={CUSTOMER: Customer, CASE: Case},
)

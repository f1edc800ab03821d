"""A customer and a case as the book remembers them, and the tables of what may happen to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from contracts import events as e
from contracts.customer_codes import CaseState, CustomerKind, CustomerState, DocumentKind, RiskClass
from contracts.rejections import Refused, Rejection
from ledger.domain.four_eyes import Proposal
from ledger.domain.records import Record
from ledger.domain.state import State

CUSTOMER: Final = "customer"
CASE: Final = "case"
ACCOUNTS_PER_CUSTOMER_MAX: Final = 1_000
OPEN_STATES: Final[tuple[CustomerState, ...]] = ("applied", "documents_requested", "in_review", "verified", "expired")
ENDED_STATES: Final[frozenset[CustomerState]] = frozenset({"rejected", "offboarded", "erasing", "erased"})
DECIDED_CASES: Final[frozenset[CaseState]] = frozenset({"cleared", "confirmed"})

# The life cycle: state x event -> the states it may lead to. What is not here cannot happen.
CUSTOMER_TRANSITIONS: Final[Mapping[tuple[CustomerState | None, type[e.EventData]], frozenset[CustomerState]]] = {
    (None, e.CustomerApplied): frozenset({"applied"}),
    ("applied", e.DocumentsRequested): frozenset({"documents_requested"}),
    ("applied", e.EvidenceAdded): frozenset({"in_review"}),
    ("applied", e.VerificationProposed): frozenset({"applied"}),
    ("applied", e.CustomerRejected): frozenset({"rejected"}),
    ("documents_requested", e.DocumentsRequested): frozenset({"documents_requested"}),
    ("documents_requested", e.EvidenceAdded): frozenset({"documents_requested", "in_review"}),
    ("documents_requested", e.VerificationProposed): frozenset({"documents_requested"}),
    ("documents_requested", e.CustomerRejected): frozenset({"rejected"}),
    ("in_review", e.DocumentsRequested): frozenset({"documents_requested"}),
    ("in_review", e.EvidenceAdded): frozenset({"in_review"}),
    ("in_review", e.VerificationProposed): frozenset({"in_review"}),
    ("in_review", e.CustomerVerified): frozenset({"verified"}),
    ("in_review", e.CustomerRejected): frozenset({"rejected"}),
    ("verified", e.VerificationExpired): frozenset({"expired"}),
    ("expired", e.DocumentsRequested): frozenset({"documents_requested"}),
    ("expired", e.EvidenceAdded): frozenset({"in_review"}),
    ("expired", e.ReviewReopened): frozenset({"in_review"}),
    ("restricted", e.ReviewReopened): frozenset({"applied", "documents_requested", "in_review"}),
    **{(state, e.CustomerRestricted): frozenset({"restricted"}) for state in OPEN_STATES},
    **{(state, e.CustomerOffboarded): frozenset({"offboarded"}) for state in (*OPEN_STATES, "restricted", "rejected")},
    **{
        (state, e.ErasureProposed): frozenset({state})
        for state in (*OPEN_STATES, "restricted", "rejected", "offboarded")
    },
    **{
        (state, e.ErasureDecided): frozenset({"erasing"})
        for state in (*OPEN_STATES, "restricted", "rejected", "offboarded")
    },
    ("erasing", e.CustomerErased): frozenset({"erased"}),
    **{
        (state, event): frozenset({state})
        for state in (*OPEN_STATES, "restricted")
        for event in (e.RiskClassProposed, e.RiskClassChanged, e.CustomerScreened)
    },
}

CASE_TRANSITIONS: Final[Mapping[tuple[CaseState | None, type[e.EventData]], CaseState]] = {
    (None, e.CaseOpened): "open",
    ("open", e.CaseDecisionProposed): "proposed",
    ("proposed", e.CaseDecisionProposed): "proposed",
    ("proposed", e.CaseCleared): "cleared",
    ("proposed", e.CaseConfirmed): "confirmed",
}


class Customer(Record, frozen=True, kw_only=True):
    """A customer between decisions. ``name`` and ``birth_date`` are sealed under ``subject``.

    ``wanted``: documents that are asked for and missing. ``known_hits``: entries of lists that a case was opened for.
    ``related``: verified once, or with an account; then the law wants the data kept. ``due_at``: the day of the
    re-verification, or at once while an erasure is to be carried out.
    """

    customer_id: str
    subject: str
    state: CustomerState
    kind: CustomerKind
    country: str
    name: str | None
    birth_date: str | None
    risk_class: RiskClass
    applied_by: str
    screened: bool = False
    evidenced: bool = False
    wanted: tuple[DocumentKind, ...] = ()
    verification: Proposal | None = None
    reclassification: Proposal | None = None
    erasure: Proposal | None = None
    open_cases: tuple[str, ...] = ()
    confirmed_cases: tuple[str, ...] = ()
    known_hits: tuple[str, ...] = ()
    known_hits_count: int = 0
    accounts: tuple[str, ...] = ()
    related: bool = False
    verified_at: datetime | None = None
    ended_at: datetime | None = None
    erasing: tuple[str, ...] = ()
    erased_by: str | None = None

    @property
    def unresolved_case(self) -> str | None:
        """A case that speaks against the customer: open, or confirmed."""
        return next(iter((*self.confirmed_cases, *self.open_cases)), None)


class Case(Record, frozen=True, kw_only=True):
    """A case between decisions."""

    case_id: str
    customer_id: str
    state: CaseState
    opened_at: datetime
    proposal: Proposal | None = None


def customer_of(state: State, customer_id: str, *, pointer: str = "/customer_id") -> Customer | Refused:
    """Find a customer, or refuse."""
    customer = known_customer(state, customer_id)
    return customer or Refused(Rejection.CUSTOMER_NOT_FOUND, f"customer {customer_id} does not exist", pointer)


def known_customer(state: State, customer_id: str) -> Customer | None:
    """Find a customer."""
    customer = state.record(CUSTOMER, customer_id)
    assert customer is None or isinstance(customer, Customer)
    return customer


def expect(state: State, customer_id: str, event: type[e.EventData]) -> Customer | Refused:
    """Find a customer to whom an event may happen, or refuse."""
    customer = customer_of(state, customer_id)
    if isinstance(customer, Refused) or (customer.state, event) in CUSTOMER_TRANSITIONS:
        return customer
    return state_conflict(customer, needed=[state for state, kind in CUSTOMER_TRANSITIONS if kind is event and state])


def state_conflict(customer: Customer, *, needed: list[CustomerState]) -> Refused:
    """Refuse because of the customer's state."""
    return Refused(
        Rejection.CUSTOMER_STATE_CONFLICT,
        f"customer {customer.customer_id} is {customer.state}, not {' or '.join(needed)}",
        "/customer_id",
    )


def case_of(state: State, case_id: str) -> Case | Refused:
    """Find a case, or refuse."""
    case = state.record(CASE, case_id)
    if case is None:
        return Refused(Rejection.CASE_NOT_FOUND, f"case {case_id} does not exist", "/case_id")
    assert isinstance(case, Case)
    return case


def become(state: State, event: Any, to: CustomerState, **changes: Any) -> None:
    """Move the customer of an event along the table."""
    customer = known_customer(state, event.customer_id)
    assert customer is not None, f"{event.customer_id} was not loaded"
    assert to in CUSTOMER_TRANSITIONS[customer.state, type(event)], (customer.state, type(event), to)
    state.records[CUSTOMER, event.customer_id] = msgspec.structs.replace(customer, state=to, **changes)


def stay(state: State, event: Any, **changes: Any) -> None:
    """Note something about the customer of an event that leaves its state."""
    customer = known_customer(state, event.customer_id)
    assert customer is not None, f"{event.customer_id} was not loaded"
    become(state, event, customer.state, **changes)


def why_not_paying(state: State, customer_id: str | None) -> str | None:
    """Why a customer may pay nothing now; None when they may, and for accounts that are nobody's."""
    if customer_id is None:
        return None
    customer = known_customer(state, customer_id)
    if customer is None:
        return f"customer {customer_id} is not known"
    if customer.state != "verified":
        return f"customer {customer_id} is {customer.state}, not verified"
    case_id = customer.unresolved_case
    return None if case_id is None else f"{case_id} about {customer_id} is not cleared"


def may_have_account(state: State, customer_id: str) -> Customer | Refused:
    """Find a customer for whom an account may be opened, or refuse."""
    customer = customer_of(state, customer_id)
    if isinstance(customer, Refused):
        return customer
    if customer.state not in OPEN_STATES:
        return state_conflict(customer, needed=list(OPEN_STATES))
    if len(customer.accounts) >= ACCOUNTS_PER_CUSTOMER_MAX:
        return Refused(
            Rejection.CUSTOMER_ACCOUNTS_FULL,
            f"customer {customer_id} has {ACCOUNTS_PER_CUSTOMER_MAX} accounts",
            "/customer_id",
        )
    return customer


def note_account(state: State, customer_id: str, account_id: str) -> None:
    """Remember an account under its customer: a relation has begun. Books from before customers have no record."""
    customer = known_customer(state, customer_id)
    if customer is not None:
        state.records[CUSTOMER, customer_id] = msgspec.structs.replace(
            customer, accounts=(*customer.accounts, account_id), related=True
        )

"""Onboarding: from an application to a verified customer, and again when what is known has become old."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from contracts.commands.customers import (
    AddEvidence,
    ApplyCustomer,
    ExpireVerification,
    ReopenReview,
    RequestDocuments,
    ReviewCustomer,
    SetRiskClass,
)
from contracts.customer_codes import REVERIFY_AFTER_YEARS, CustomerState, RiskClass
from contracts.events import (
    CustomerApplied,
    CustomerRejected,
    CustomerVerified,
    DocumentsRequested,
    EventData,
    EvidenceAdded,
    ReviewReopened,
    RiskClassChanged,
    RiskClassProposed,
    VerificationExpired,
    VerificationProposed,
)
from contracts.ids import customer_id
from contracts.rejections import Refused, Rejection
from contracts.screening import ScreeningSummary
from ledger.domain.customers.cases import open_case
from ledger.domain.customers.life_cycle import CUSTOMER, Customer, become, expect, known_customer, stay
from ledger.domain.four_eyes import Proposal, second_opinion
from ledger.domain.state import Moment, State

FIRST_RISK_CLASS: Final[RiskClass] = "medium"
FEBRUARY: Final = 2


class AssessedApplication(Struct, frozen=True, kw_only=True):
    """An application with what the door added: personal data sealed under a new subject, the name screened.

    ``wish`` is in clear and never leaves the process. ``evidence``: the names that were compared, sealed.
    """

    wish: ApplyCustomer
    subject: str
    name: str
    birth_date: str | None = None
    registration_number: str | None = None
    address: str | None = None
    email: str | None = None
    screening: ScreeningSummary | None = None
    evidence: str | None = None


def decide_apply(command: AssessedApplication, state: State, moment: Moment) -> tuple[EventData, ...]:
    """Take an application; what screening found opens a case in the same commit."""
    wish = command.wish
    applied = CustomerApplied(
        customer_id=customer_id(moment.position),
        subject=command.subject,
        kind=wish.kind,
        name=command.name,
        birth_date=command.birth_date,
        registration_number=command.registration_number,
        country=wish.country,
        address=command.address,
        email=command.email,
        risk_class=FIRST_RISK_CLASS,
        screening=command.screening,
        applied_at=moment.now,
        applied_by=moment.subject,
        status="applied",
    )
    if command.screening is None or command.screening.outcome == "clear":
        return (applied,)
    return applied, open_case(
        customer_from(applied), command.screening, evidence=command.evidence, moment=moment.after(1)
    )


def customer_from(event: CustomerApplied) -> Customer:
    """The customer that an application begins."""
    return Customer(
        customer_id=event.customer_id,
        subject=event.subject,
        state="applied",
        kind=event.kind,
        country=event.country,
        name=event.name,
        birth_date=event.birth_date,
        risk_class=event.risk_class,
        applied_by=event.applied_by,
        screened=event.screening is not None,
    )


def decide_request_documents(command: RequestDocuments, state: State, moment: Moment) -> DocumentsRequested | Refused:
    """Ask for documents."""
    customer = expect(state, command.customer_id, DocumentsRequested)
    if isinstance(customer, Refused):
        return customer
    return DocumentsRequested(
        customer_id=command.customer_id,
        documents=tuple(dict.fromkeys(command.documents)),
        status="documents_requested",
    )


def decide_evidence(command: AddEvidence, state: State, moment: Moment) -> EvidenceAdded | Refused:
    """Note a document; the last one that was asked for brings the customer into review."""
    customer = expect(state, command.customer_id, EvidenceAdded)
    if isinstance(customer, Refused):
        return customer
    missing = [document for document in customer.wanted if document != command.document]
    return EvidenceAdded(
        customer_id=command.customer_id,
        document=command.document,
        reference=command.reference,
        sha256=command.sha256,
        status="documents_requested" if missing else "in_review",
    )


def decide_review(
    command: ReviewCustomer, state: State, moment: Moment
) -> VerificationProposed | CustomerVerified | CustomerRejected | Refused:
    """Propose, or agree and so decide. Who is in review has brought evidence."""
    customer = _reviewable(command, state)
    if isinstance(customer, Refused):
        return customer
    agreed = second_opinion(
        customer.verification, command.decision, subject=moment.subject, barred=(customer.applied_by,)
    )
    if isinstance(agreed, Refused):
        return agreed
    if agreed is None:
        return VerificationProposed(
            customer_id=command.customer_id,
            decision=command.decision,
            reason=command.reason,
            proposed_by=moment.subject,
            status=customer.state,
        )
    if command.decision == "reject":
        return CustomerRejected(
            customer_id=command.customer_id,
            decision=command.decision,
            reason=command.reason,
            proposed_by=agreed.subject,
            decided_by=moment.subject,
            rejected_at=moment.now,
            status="rejected",
        )
    return CustomerVerified(
        customer_id=command.customer_id,
        decision=command.decision,
        reason=command.reason,
        proposed_by=agreed.subject,
        decided_by=moment.subject,
        risk_class=customer.risk_class,
        verified_at=moment.now,
        reverify_at=reverify_at(moment.now, customer.risk_class),
        status="verified",
    )


def _reviewable(command: ReviewCustomer, state: State) -> Customer | Refused:
    """Nobody is verified who was never screened, or while a case speaks against them."""
    customer = expect(
        state, command.customer_id, CustomerVerified if command.decision == "verify" else CustomerRejected
    )
    if isinstance(customer, Refused) or command.decision == "reject":
        return customer
    if not customer.screened:
        return Refused(
            Rejection.CUSTOMER_NOT_SCREENED, f"customer {command.customer_id} was never screened", "/customer_id"
        )
    return _without_case(customer)


def _without_case(customer: Customer) -> Customer | Refused:
    if customer.unresolved_case is None:
        return customer
    return Refused(
        Rejection.CASE_UNRESOLVED,
        f"{customer.unresolved_case} about {customer.customer_id} is not cleared",
        "/customer_id",
    )


def reverify_at(verified_at: datetime, risk_class: RiskClass) -> datetime:
    """When a customer who was verified then has to be verified again."""
    return years_after(verified_at, REVERIFY_AFTER_YEARS[risk_class])


def years_after(moment: datetime, years: int) -> datetime:
    """The same day so many years later; the first of March for a leap day that is missing then."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        assert moment.month == FEBRUARY
        return moment.replace(year=moment.year + years, month=FEBRUARY + 1, day=1)


def decide_risk_class(
    command: SetRiskClass, state: State, moment: Moment
) -> RiskClassProposed | RiskClassChanged | Refused:
    """Propose another risk class, or agree and so change it; the day of the re-verification moves with it."""
    customer = expect(state, command.customer_id, RiskClassChanged)
    if isinstance(customer, Refused):
        return customer
    if customer.risk_class == command.risk_class:
        return Refused(
            Rejection.RISK_CLASS_UNCHANGED, f"customer {command.customer_id} is {command.risk_class}", "/risk_class"
        )
    agreed = second_opinion(
        customer.reclassification, command.risk_class, subject=moment.subject, barred=(customer.applied_by,)
    )
    if isinstance(agreed, Refused):
        return agreed
    if agreed is None:
        return RiskClassProposed(
            customer_id=command.customer_id,
            risk_class=command.risk_class,
            reason=command.reason,
            proposed_by=moment.subject,
        )
    until = None
    if customer.state == "verified":
        assert customer.verified_at is not None
        until = reverify_at(customer.verified_at, command.risk_class)
    return RiskClassChanged(
        customer_id=command.customer_id,
        risk_class=command.risk_class,
        previous=customer.risk_class,
        reason=command.reason,
        proposed_by=agreed.subject,
        decided_by=moment.subject,
        reverify_at=until,
    )


def decide_expire(command: ExpireVerification, state: State, moment: Moment) -> VerificationExpired | Refused:
    """What is known about a verified customer has become too old."""
    customer = expect(state, command.customer_id, VerificationExpired)
    if isinstance(customer, Refused):
        return customer
    assert customer.due_at is not None
    if customer.due_at > moment.now:
        return Refused(
            Rejection.REVERIFICATION_NOT_DUE,
            f"customer {command.customer_id} is verified until {customer.due_at.isoformat()}",
            "/customer_id",
        )
    return VerificationExpired(customer_id=command.customer_id, status="expired")


def decide_reopen(command: ReopenReview, state: State, moment: Moment) -> ReviewReopened | Refused:
    """Review an expired or restricted customer again; whoever a confirmed case is about stays restricted."""
    customer = expect(state, command.customer_id, ReviewReopened)
    if isinstance(customer, Refused):
        return customer
    if customer.confirmed_cases:
        return Refused(
            Rejection.CASE_UNRESOLVED,
            f"{customer.confirmed_cases[0]} about {command.customer_id} is confirmed",
            "/customer_id",
        )
    status: CustomerState = "in_review" if customer.evidenced else "applied"
    return ReviewReopened(
        customer_id=command.customer_id,
        reason=command.reason,
        status="documents_requested" if customer.wanted else status,
    )


def evolve_applied(state: State, event: CustomerApplied, position: int) -> None:
    """Begin a customer."""
    state.records[CUSTOMER, event.customer_id] = customer_from(event)


def evolve_documents(state: State, event: DocumentsRequested, position: int) -> None:
    """Wait for the documents, beside those that are waited for already."""
    customer = known_customer(state, event.customer_id)
    assert customer is not None
    become(
        state,
        event,
        event.status,
        wanted=tuple(dict.fromkeys((*customer.wanted, *event.documents))),
        verification=None,
    )


def evolve_evidence(state: State, event: EvidenceAdded, position: int) -> None:
    """One document less to wait for. A proposal made without it is void."""
    customer = known_customer(state, event.customer_id)
    assert customer is not None
    wanted = tuple(document for document in customer.wanted if document != event.document)
    become(state, event, event.status, wanted=wanted, evidenced=True, verification=None)


def evolve_proposed(state: State, event: VerificationProposed, position: int) -> None:
    """Keep the proposal."""
    stay(state, event, verification=Proposal(event.proposed_by, event.decision))


def evolve_verified(state: State, event: CustomerVerified, position: int) -> None:
    """Verified, until the day of the re-verification."""
    become(
        state,
        event,
        event.status,
        verification=None,
        related=True,
        verified_at=event.verified_at,
        due_at=event.reverify_at,
    )


def evolve_rejected(state: State, event: CustomerRejected, position: int) -> None:
    """Not taken."""
    become(state, event, event.status, verification=None, due_at=None, ended_at=event.rejected_at)


def evolve_class_proposed(state: State, event: RiskClassProposed, position: int) -> None:
    """Keep the proposal."""
    stay(state, event, reclassification=Proposal(event.proposed_by, event.risk_class))


def evolve_class_changed(state: State, event: RiskClassChanged, position: int) -> None:
    """Another class, and another day of re-verification."""
    stay(state, event, risk_class=event.risk_class, reclassification=None, due_at=event.reverify_at)


def evolve_expired(state: State, event: VerificationExpired, position: int) -> None:
    """To be verified again."""
    become(state, event, event.status, due_at=None)


def evolve_reopened(state: State, event: ReviewReopened, position: int) -> None:
    """Where the review had stopped."""
    become(state, event, event.status, verification=None, due_at=None)

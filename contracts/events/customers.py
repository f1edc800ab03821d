"""Events about customers. Personal data stands in them as sealed text, under the data subject named by ``subject``."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from contracts.customer_codes import CustomerKind, CustomerState, DocumentKind, RiskClass, VerificationDecision
from contracts.events.event import EventData
from contracts.screening import ScreeningSummary


class CustomerApplied(EventData, frozen=True, kw_only=True):
    """Somebody wants to become a customer. ``address`` is a sealed JSON object; ``screening`` null: no lists loaded."""

    customer_id: str
    subject: str
    kind: CustomerKind
    name: str
    birth_date: str | None
    registration_number: str | None
    country: str
    address: str | None
    email: str | None
    risk_class: RiskClass
    screening: ScreeningSummary | None
    applied_at: datetime
    applied_by: str
    status: CustomerState


class DocumentsRequested(EventData, frozen=True, kw_only=True):
    """A customer has to bring documents of these kinds."""

    customer_id: str
    documents: tuple[DocumentKind, ...]
    status: CustomerState


class EvidenceAdded(EventData, frozen=True, kw_only=True):
    """A document about a customer was received and is kept elsewhere."""

    customer_id: str
    document: DocumentKind
    reference: str
    sha256: str
    status: CustomerState


class VerificationProposed(EventData, frozen=True, kw_only=True):
    """One person would verify or reject a customer; another one has to agree."""

    customer_id: str
    decision: VerificationDecision
    reason: str
    proposed_by: str
    status: CustomerState


class CustomerVerified(EventData, frozen=True, kw_only=True):
    """Two people agree that a customer is who they say. From ``reverify_at`` on they have to be verified again."""

    customer_id: str
    decision: VerificationDecision
    reason: str
    proposed_by: str
    decided_by: str
    risk_class: RiskClass
    verified_at: datetime
    reverify_at: datetime
    status: CustomerState


class CustomerRejected(EventData, frozen=True, kw_only=True):
    """Two people agree not to take a customer."""

    customer_id: str
    decision: VerificationDecision
    reason: str
    proposed_by: str
    decided_by: str
    rejected_at: datetime
    status: CustomerState


class RiskClassProposed(EventData, frozen=True, kw_only=True):
    """One person would change a customer's risk class; another one has to agree."""

    customer_id: str
    risk_class: RiskClass
    reason: str
    proposed_by: str


class RiskClassChanged(EventData, frozen=True, kw_only=True):
    """Two people agree on a customer's risk class. ``reverify_at``: null unless the customer is verified."""

    customer_id: str
    risk_class: RiskClass
    previous: RiskClass
    reason: str
    proposed_by: str
    decided_by: str
    reverify_at: datetime | None


class CustomerScreened(EventData, frozen=True, kw_only=True):
    """A customer's name was screened again."""

    customer_id: str
    screening: ScreeningSummary
    screened_at: datetime


class VerificationExpired(EventData, frozen=True, kw_only=True):
    """What is known about a customer is too old: they have to be verified again."""

    customer_id: str
    status: CustomerState


class ReviewReopened(EventData, frozen=True, kw_only=True):
    """An expired or restricted customer is reviewed again."""

    customer_id: str
    reason: str
    status: CustomerState


class CustomerRestricted(EventData, frozen=True, kw_only=True):
    """A customer pays nothing for now. ``case_id``: the confirmed case that is why, if it is one."""

    customer_id: str
    reason: str
    case_id: str | None
    status: CustomerState


class CustomerOffboarded(EventData, frozen=True, kw_only=True):
    """The relation has ended. ``retention_until``: until then the law wants the data kept; null: it need not be."""

    customer_id: str
    reason: str
    offboarded_at: datetime
    retention_until: datetime | None
    status: CustomerState


class ErasureProposed(EventData, frozen=True, kw_only=True):
    """One person would forget a customer; another one has to agree."""

    customer_id: str
    reason: str
    proposed_by: str


class ErasureDecided(EventData, frozen=True, kw_only=True):
    """Two people agree to forget a customer. The keys of these data subjects are destroyed next."""

    customer_id: str
    reason: str
    proposed_by: str
    decided_by: str
    subjects: tuple[str, ...]
    decided_at: datetime
    status: CustomerState


class DestroyedSubject(Struct, frozen=True, kw_only=True):
    """A data subject of whom nothing can be read any more: the numbers of the keys, and when they were destroyed."""

    subject: str
    key_nos: tuple[int, ...]
    destroyed_at: datetime


class CustomerErased(EventData, frozen=True, kw_only=True):
    """A customer is forgotten, with the vault's proof."""

    customer_id: str
    destroyed: tuple[DestroyedSubject, ...]
    status: CustomerState


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("customer_applied", 1): CustomerApplied,
    ("documents_requested", 1): DocumentsRequested,
    ("evidence_added", 1): EvidenceAdded,
    ("verification_proposed", 1): VerificationProposed,
    ("customer_verified", 1): CustomerVerified,
    ("customer_rejected", 1): CustomerRejected,
    ("risk_class_proposed", 1): RiskClassProposed,
    ("risk_class_changed", 1): RiskClassChanged,
    ("customer_screened", 1): CustomerScreened,
    ("verification_expired", 1): VerificationExpired,
    ("review_reopened", 1): ReviewReopened,
    ("customer_restricted", 1): CustomerRestricted,
    ("customer_offboarded", 1): CustomerOffboarded,
    ("erasure_proposed", 1): ErasureProposed,
    ("erasure_decided", 1): ErasureDecided,
    ("customer_erased", 1): CustomerErased,
}

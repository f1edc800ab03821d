"""Commands about customers: who they are, what proves it, what people decide about them, how they are forgotten."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands.command import PRINTABLE, Command, Reason
from contracts.commands.payments import Address, CountryCode, PartyName
from contracts.customer_codes import CustomerKind, DocumentKind, RiskClass, VerificationDecision
from contracts.ids import CustomerId

DOCUMENTS_MAX = 8

IsoDate = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", description="A date (ISO 8601).", examples=["1984-02-29"])
]
RegistrationNumber = Annotated[
    str, Meta(min_length=1, max_length=35, pattern=PRINTABLE, description="Number in the register of companies.")
]
EmailAddress = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+\Z")
]
DocumentReference = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}\Z",
        description="Where the document is kept; opaque, it must not name the person.",
        examples=["docs/7f3a9c"],
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="SHA-256 of the document, in hex.")]
Documents = Annotated[tuple[DocumentKind, ...], Meta(min_length=1, max_length=DOCUMENTS_MAX)]


class ApplyCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="apply_customer"):
    """A person or a company wants to become a customer. Personal data is sealed before it is written anywhere.

    ``country``: of residence, or of registration.
    """

    kind: CustomerKind
    name: PartyName
    country: CountryCode
    birth_date: IsoDate | None = None
    registration_number: RegistrationNumber | None = None
    address: Address | None = None
    email: EmailAddress | None = None

    def __post_init__(self) -> None:
        """Refuse a person without birth date, a company without registration number, and what fits the other kind."""
        if (self.birth_date is not None) != (self.kind == "person"):
            raise ValueError("birth_date goes with a person, and a person has one")
        if (self.registration_number is not None) != (self.kind == "company"):
            raise ValueError("registration_number goes with a company, and a company has one")


class RequestDocuments(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="request_documents"):
    """Ask a customer for documents; the review waits until there is evidence of each kind."""

    customer_id: CustomerId
    documents: Documents


class AddEvidence(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="add_evidence"):
    """Note a document: its kind, where it is kept, and its hash. The document itself stays outside the ledger."""

    customer_id: CustomerId
    document: DocumentKind
    reference: DocumentReference
    sha256: Sha256


class ReviewCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="review_customer"):
    """Verify or reject a customer: the first person proposes, a second one who agrees decides."""

    customer_id: CustomerId
    decision: VerificationDecision
    reason: Reason


class SetRiskClass(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="set_risk_class"):
    """Change a customer's risk class: the first person proposes, a second one who agrees decides."""

    customer_id: CustomerId
    risk_class: RiskClass
    reason: Reason


class RescreenCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rescreen_customer"):
    """Screen a customer's name again, against the lists as they are now."""

    customer_id: CustomerId


class ExpireVerification(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="expire_verification"):
    """The day of a customer's re-verification has come."""

    customer_id: CustomerId


class ReopenReview(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reopen_review"):
    """Review an expired or restricted customer again."""

    customer_id: CustomerId
    reason: Reason


class RestrictCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="restrict_customer"):
    """Let a customer pay nothing until a new review has verified them."""

    customer_id: CustomerId
    reason: Reason


class OffboardCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="offboard_customer"):
    """End the relation with a customer whose accounts are closed; the retention period begins."""

    customer_id: CustomerId
    reason: Reason


class EraseCustomer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="erase_customer"):
    """Forget a customer: the first person proposes, a second one decides; then the keys of their data are destroyed."""

    customer_id: CustomerId
    reason: Reason


class KeysDestroyed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The vault's proof for one data subject: which keys are gone, since when. No number: there was no key yet."""

    subject: str
    key_nos: tuple[int, ...]
    destroyed_at: datetime


class RecordErasure(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="record_erasure"):
    """Write down that the keys of a customer's data are destroyed."""

    customer_id: CustomerId
    destroyed: Annotated[tuple[KeysDestroyed, ...], Meta(min_length=1)]

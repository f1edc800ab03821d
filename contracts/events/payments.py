"""Events about payments.

Every one after the first says again what the payment is (``facts``), so that no reader looks up.
"""

from datetime import date, datetime
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from contracts.assessment import Assessment
from contracts.commands.payments import CurrencyAmount
from contracts.events.event import AccountBalance, EventData, PostedPosting
from contracts.payment_codes import PaymentStatus, PaymentType, RailName


class SealedParty(Struct, frozen=True, kw_only=True):
    """Somebody outside, as the book keeps them: sealed for the data subject ``payee_id``, with what may be shown.

    ``name``, ``iban``, ``card_token`` and ``address`` (JSON) are sealed texts, see runtime/vault.
    """

    payee_id: str
    name: str
    iban: str | None = None
    iban_masked: str | None = None
    bic: str | None = None
    card_token: str | None = None
    address: str | None = None
    country: str | None = None


class PaymentFacts(Struct, frozen=True, kw_only=True, gc=False):
    """What stays the same over a payment's life. None: not known of payments of before this was recorded."""

    payment_type: PaymentType
    rail: RailName
    currency: str | None
    amount_minor: int | None
    end_to_end_id: str
    initiated_at: datetime | None
    customer_id: str | None = None
    payee_id: str | None = None
    debtor_account_id: str | None = None
    creditor_account_id: str | None = None


class PaymentInitiated(EventData, frozen=True, kw_only=True):
    """A payment was received (RCVD). ``remittance_information`` is a sealed text of the data subject ``subject``.

    ``settlement_id``: the settlement that it pays to a merchant; not there on any other payment.
    """

    payment_id: str
    payment_type: PaymentType
    rail: RailName
    debtor_account_id: str | None
    creditor_account_id: str | None
    debtor: SealedParty | None
    creditor: SealedParty | None
    instructed_amount: CurrencyAmount
    amount_minor: int
    fee_minor: int
    end_to_end_id: str
    remittance_information: str | None
    requested_execution_date: date | None
    quote_id: str | None
    metadata: dict[str, str] | None
    customer_id: str | None
    subject: str | None
    standing_order_id: str | None
    initiated_at: datetime
    initiated_by: str
    assessment: Assessment
    status: PaymentStatus
    settlement_id: str | UnsetType = UNSET


class PaymentScheduled(EventData, frozen=True, kw_only=True):
    """A payment waits for its execution date."""

    payment_id: str
    execution_date: date
    facts: PaymentFacts
    status: PaymentStatus


class PaymentHeldForReview(EventData, frozen=True, kw_only=True):
    """A payment waits for a person. ``causes``: ``screening_hit``, or the reason codes of the risk score."""

    payment_id: str
    causes: tuple[str, ...]
    reviewers_wanted: int
    facts: PaymentFacts
    status: PaymentStatus


class PaymentReviewed(EventData, frozen=True, kw_only=True):
    """A reviewer decided. ``decided`` is False while another one still has to agree."""

    payment_id: str
    reviewer: str
    decision: Literal["release", "reject"]
    reason: str
    decided: bool
    facts: PaymentFacts
    status: PaymentStatus


class PaymentAuthorisationRequested(EventData, frozen=True, kw_only=True):
    """The payer has to authenticate for exactly this amount and payee: ``binding`` is what the proof is bound to."""

    payment_id: str
    binding: str
    acr_values: str
    expires_at: datetime
    facts: PaymentFacts
    status: PaymentStatus


class PaymentAuthorisationFailed(EventData, frozen=True, kw_only=True):
    """An authorisation did not fit the payment; after the last allowed one the payment is rejected."""

    payment_id: str
    failures: int
    facts: PaymentFacts
    status: PaymentStatus


class PaymentAuthorised(EventData, frozen=True, kw_only=True):
    """The payer authorised the payment."""

    payment_id: str
    instructed_amount: CurrencyAmount
    payee: str
    acr: str | None
    facts: PaymentFacts
    status: PaymentStatus


class PaymentPresented(EventData, frozen=True, kw_only=True):
    """A request for payment was shown to the payer."""

    payment_id: str
    expires_at: datetime
    facts: PaymentFacts
    status: PaymentStatus


class PaymentAccepted(EventData, frozen=True, kw_only=True):
    """A payment will be executed on its rail; where the money is ours to hold, it is held.

    ``counted_against``: the subjects whose limits it uses.
    """

    payment_id: str
    held_minor: int
    accepted_at: datetime
    counted_against: tuple[str, ...]
    balances: tuple[AccountBalance, ...]
    facts: PaymentFacts
    status: PaymentStatus


class Instruction(Struct, frozen=True, kw_only=True):
    """One attempt to have a rail execute a payment, with everything the rail needs to know, sealed where it is
    personal.

    ``subject``: the data subject of ``remittance_information``; ``scale``: decimal places of the amount's currency.
    """

    instruction_id: str
    attempt: int
    instructed_at: datetime
    scale: int
    debtor: SealedParty | None
    creditor: SealedParty | None
    subject: str | None
    remittance_information: str | None


class PaymentInstructed(EventData, frozen=True, kw_only=True):
    """A payment is about to be given to its rail."""

    payment_id: str
    instruction: Instruction
    facts: PaymentFacts
    status: PaymentStatus


class PaymentOutcomeUnknown(EventData, frozen=True, kw_only=True):
    """The rail has not said what became of an instruction; it is asked again."""

    payment_id: str
    instruction_id: str
    facts: PaymentFacts
    status: PaymentStatus


class PaymentInstructionLapsed(EventData, frozen=True, kw_only=True):
    """The rail has not executed an instruction and never will; the payment may be instructed anew."""

    payment_id: str
    instruction_id: str
    facts: PaymentFacts
    status: PaymentStatus


class PaymentParked(EventData, frozen=True, kw_only=True):
    """A payment is stuck and waits for an operator."""

    payment_id: str
    reason: str
    facts: PaymentFacts
    status: PaymentStatus


class PaymentResolutionProposed(EventData, frozen=True, kw_only=True):
    """An operator proposed how to end a payment; another one has to agree."""

    payment_id: str
    proposer: str
    action: Literal["retry", "fail", "force_settle"]
    reason: str
    facts: PaymentFacts
    status: PaymentStatus


class PaymentResumed(EventData, frozen=True, kw_only=True):
    """An operator had the rail asked again."""

    payment_id: str
    action: Literal["retry", "fail", "force_settle"]
    reason: str
    instruction: Instruction
    facts: PaymentFacts
    status: PaymentStatus


class PaymentSettled(EventData, frozen=True, kw_only=True):
    """A payment was booked (ACSC). ``balances``: of accounts where held money was freed.

    ``counted_against``: the subjects whose limits it uses, where they were not counted at its acceptance.
    """

    payment_id: str
    transfer_id: str
    end_to_end_id: str
    postings: tuple[PostedPosting, ...]
    balances: tuple[AccountBalance, ...]
    effective_date: date
    rail_reference: str | None
    reason: str | None
    settled_at: datetime
    counted_against: tuple[str, ...]
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRejected(EventData, frozen=True, kw_only=True):
    """A payment was refused (RJCT) for an ISO 20022 reason; ``detail`` says it in words."""

    payment_id: str
    end_to_end_id: str
    reason_code: str
    detail: str
    balances: tuple[AccountBalance, ...]
    facts: PaymentFacts
    status: PaymentStatus


class PaymentCancelled(EventData, frozen=True, kw_only=True):
    """A payment was taken back, or not confirmed in time (CANC)."""

    payment_id: str
    cause: Literal["requested", "declined", "expired"]
    reason: str | None
    balances: tuple[AccountBalance, ...]
    facts: PaymentFacts
    status: PaymentStatus


class PaymentContradicted(EventData, frozen=True, kw_only=True):
    """A rail said otherwise than before, after the payment had ended. Nothing is booked; an operator must look."""

    payment_id: str
    instruction_id: str
    outcome: Literal["accepted", "rejected", "unknown", "not_found"]
    reason_code: str | None
    rail_reference: str | None
    facts: PaymentFacts
    status: PaymentStatus


class RailDefined(EventData, frozen=True, kw_only=True):
    """The accounts of a rail in one currency."""

    rail: Literal["sct_inst", "card_psp", "file"]
    currency: str
    clearing_account_id: str
    suspense_account_id: str


class AuthenticationDefined(EventData, frozen=True, kw_only=True):
    """When payments in a currency need strong customer authentication."""

    currency: str
    amount_from_minor: int
    new_payee: bool
    minutes: int


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("payment_initiated", 2): PaymentInitiated,
    ("payment_scheduled", 1): PaymentScheduled,
    ("payment_held_for_review", 1): PaymentHeldForReview,
    ("payment_reviewed", 1): PaymentReviewed,
    ("payment_authorisation_requested", 1): PaymentAuthorisationRequested,
    ("payment_authorisation_failed", 1): PaymentAuthorisationFailed,
    ("payment_authorised", 1): PaymentAuthorised,
    ("payment_presented", 1): PaymentPresented,
    ("payment_accepted", 1): PaymentAccepted,
    ("payment_instructed", 1): PaymentInstructed,
    ("payment_outcome_unknown", 1): PaymentOutcomeUnknown,
    ("payment_instruction_lapsed", 1): PaymentInstructionLapsed,
    ("payment_parked", 1): PaymentParked,
    ("payment_resolution_proposed", 1): PaymentResolutionProposed,
    ("payment_resumed", 1): PaymentResumed,
    ("payment_settled", 2): PaymentSettled,
    ("payment_rejected", 2): PaymentRejected,
    ("payment_cancelled", 1): PaymentCancelled,
    ("payment_contradicted", 1): PaymentContradicted,
    ("rail_defined", 1): RailDefined,
    ("authentication_defined", 1): AuthenticationDefined,
}

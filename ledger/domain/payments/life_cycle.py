"""A payment as the book remembers it, and the one table of what may happen to it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from contracts import events as e
from contracts.events.payments import Instruction, PaymentFacts, SealedParty
from contracts.ids import instruction_id
from contracts.payment_codes import FINAL_STATES, STATUS_OF, PaymentState, PaymentStatus, PaymentType, RailName
from contracts.rejections import Refused, Rejection
from ledger.domain.records import Record
from ledger.domain.state import State

PAYMENT: Final = "payment"
Gate = Literal["review", "payer", "authentication", "date"]

# The life cycle: state x event -> the states it may lead to. What is not here cannot happen.
PAYMENT_TRANSITIONS: Final[Mapping[tuple[PaymentState | None, type[e.EventData]], frozenset[PaymentState]]] = {
    (None, e.PaymentInitiated): frozenset({"received"}),
    ("received", e.PaymentRejected): frozenset({"rejected"}),
    ("received", e.PaymentHeldForReview): frozenset({"in_review"}),
    ("received", e.PaymentPresented): frozenset({"awaiting_payer"}),
    ("received", e.PaymentAuthorisationRequested): frozenset({"awaiting_authorisation"}),
    ("received", e.PaymentScheduled): frozenset({"scheduled"}),
    ("received", e.PaymentAccepted): frozenset({"accepted"}),
    ("received", e.PaymentSettled): frozenset({"settled"}),
    ("in_review", e.PaymentReviewed): frozenset({"in_review", "cleared"}),
    ("in_review", e.PaymentRejected): frozenset({"rejected"}),
    ("in_review", e.PaymentCancelled): frozenset({"cancelled"}),
    ("awaiting_payer", e.PaymentAuthorised): frozenset({"cleared"}),
    ("awaiting_payer", e.PaymentAuthorisationFailed): frozenset({"awaiting_payer"}),
    ("awaiting_payer", e.PaymentRejected): frozenset({"rejected"}),
    ("awaiting_payer", e.PaymentCancelled): frozenset({"cancelled"}),
    ("awaiting_authorisation", e.PaymentAuthorised): frozenset({"cleared"}),
    ("awaiting_authorisation", e.PaymentAuthorisationFailed): frozenset({"awaiting_authorisation"}),
    ("awaiting_authorisation", e.PaymentRejected): frozenset({"rejected"}),
    ("awaiting_authorisation", e.PaymentCancelled): frozenset({"cancelled"}),
    ("scheduled", e.PaymentAccepted): frozenset({"accepted"}),
    ("scheduled", e.PaymentSettled): frozenset({"settled"}),
    ("scheduled", e.PaymentRejected): frozenset({"rejected"}),
    ("scheduled", e.PaymentCancelled): frozenset({"cancelled"}),
    ("cleared", e.PaymentPresented): frozenset({"awaiting_payer"}),
    ("cleared", e.PaymentAuthorisationRequested): frozenset({"awaiting_authorisation"}),
    ("cleared", e.PaymentScheduled): frozenset({"scheduled"}),
    ("cleared", e.PaymentAccepted): frozenset({"accepted"}),
    ("cleared", e.PaymentSettled): frozenset({"settled"}),
    ("cleared", e.PaymentRejected): frozenset({"rejected"}),
    ("accepted", e.PaymentInstructed): frozenset({"instructed"}),
    ("accepted", e.PaymentCancelled): frozenset({"cancelled"}),
    ("accepted", e.PaymentRejected): frozenset({"rejected"}),
    ("accepted", e.PaymentContradicted): frozenset({"accepted"}),
    ("accepted", e.PaymentSettled): frozenset({"settled"}),
    ("instructed", e.PaymentOutcomeUnknown): frozenset({"instructed"}),
    ("instructed", e.PaymentInstructionLapsed): frozenset({"accepted"}),
    ("instructed", e.PaymentParked): frozenset({"instructed"}),
    ("instructed", e.PaymentResolutionProposed): frozenset({"instructed"}),
    ("instructed", e.PaymentResumed): frozenset({"instructed"}),
    ("instructed", e.PaymentSettled): frozenset({"settled"}),
    ("instructed", e.PaymentRejected): frozenset({"rejected"}),
    ("instructed", e.PaymentContradicted): frozenset({"instructed"}),
    ("settled", e.PaymentRefundRequested): frozenset({"settled"}),
    ("settled", e.PaymentRefunded): frozenset({"settled"}),
    ("settled", e.PaymentRefundFailed): frozenset({"settled"}),
    ("settled", e.PaymentReturned): frozenset({"settled"}),
    ("settled", e.PaymentRecallRequested): frozenset({"settled"}),
    ("settled", e.PaymentRecallAnswered): frozenset({"settled"}),
    ("settled", e.PaymentContradicted): frozenset({"settled"}),
    ("rejected", e.PaymentContradicted): frozenset({"rejected"}),
    ("cancelled", e.PaymentContradicted): frozenset({"cancelled"}),
}


class Vote(Struct, frozen=True):
    """What somebody decided about a payment, while a second person has to agree."""

    subject: str
    choice: str


class RailRefund(Struct, frozen=True, kw_only=True):
    """A refund that a rail was asked for, and what became of it so far."""

    refund_id: str
    amount_minor: int
    reason: str | None
    state: Literal["asked", "paid", "failed"] = "asked"


class Payment(Record, frozen=True, kw_only=True):
    """A payment between decisions. ``payer`` and ``payee``: the accounts of this ledger that its booking debits,
    credits.

    ``cleared``: the gates behind it. ``held_minor``: reserved on the payer's account. ``diverted``: what came in was
    booked on the suspense account. What only matters on the way (parties, votes) is dropped at the end.

    ``refunds``: those asked of a rail; what is still asked is held, and counts as given back already. ``recall_id``:
    None of a recall that no bank was told of. ``recall_answer``: what the creditor's bank said to it.
    """

    payment_id: str
    state: PaymentState
    payment_type: PaymentType
    rail: RailName
    debtor_account_id: str | None
    creditor_account_id: str | None
    payer: str
    payee: str
    currency: str
    scale: int
    amount_minor: int
    end_to_end_id: str
    initiated_at: datetime
    initiated_by: str
    customer_id: str | None = None
    payee_id: str | None = None
    subject: str | None = None
    suspense: str | None = None
    fee_minor: int = 0
    fee_account_id: str | None = None
    quote_id: str | None = None
    requested_execution_date: date | None = None
    debtor: SealedParty | None = None
    creditor: SealedParty | None = None
    remittance_information: str | None = None
    causes: tuple[str, ...] = ()
    reviewers_wanted: int = 0
    challenged: bool = False
    cleared: tuple[Gate, ...] = ()
    votes: tuple[Vote, ...] = ()
    failures: int = 0
    attempt: int = 0
    instructed_at: datetime | None = None
    unknown: bool = False
    parked: str | None = None
    held_minor: int = 0
    diverted: bool = False
    refunded_minor: int = 0
    returned_minor: int = 0
    returns: tuple[str, ...] = ()
    refunds: tuple[RailRefund, ...] = ()
    recalled: bool = False
    recall_id: str | None = None
    recall_answer: Literal["accepted", "refused"] | None = None
    settlement_id: str | None = None
    counted_against: tuple[str, ...] = ()

    @property
    def status(self) -> PaymentStatus:
        """ISO 20022's word for the state."""
        return STATUS_OF[self.state]

    @property
    def is_final(self) -> bool:
        """True when nothing but a refund, a return or a contradiction can follow."""
        return self.state in FINAL_STATES

    @property
    def asked_minor(self) -> int:
        """What a rail is asked to refund, and has not answered for."""
        return sum(refund.amount_minor for refund in self.refunds if refund.state == "asked")

    @property
    def left_minor(self) -> int:
        """What has been neither refunded nor returned, and is not about to be."""
        return self.amount_minor - self.refunded_minor - self.returned_minor - self.asked_minor

    @property
    def instruction(self) -> Instruction:
        """The attempt that the rail was given, or is about to be."""
        assert self.instructed_at is not None
        return Instruction(
            instruction_id=instruction_id(self.payment_id, self.attempt),
            attempt=self.attempt,
            instructed_at=self.instructed_at,
            scale=self.scale,
            debtor=self.debtor,
            creditor=self.creditor,
            subject=self.subject,
            remittance_information=self.remittance_information,
        )

    @property
    def facts(self) -> PaymentFacts:
        """What every event about this payment says again."""
        return PaymentFacts(
            payment_type=self.payment_type,
            rail=self.rail,
            currency=self.currency,
            amount_minor=self.amount_minor,
            end_to_end_id=self.end_to_end_id,
            initiated_at=self.initiated_at,
            customer_id=self.customer_id,
            payee_id=self.payee_id,
            debtor_account_id=self.debtor_account_id,
            creditor_account_id=self.creditor_account_id,
        )


def payment_of(state: State, payment_id: str) -> Payment | Refused:
    """Find a payment, or refuse."""
    payment = state.record(PAYMENT, payment_id)
    if payment is None:
        return Refused(Rejection.PAYMENT_NOT_FOUND, f"payment {payment_id} does not exist", "/payment_id")
    assert isinstance(payment, Payment)
    return payment


def expect(state: State, payment_id: str, *states: PaymentState) -> Payment | Refused:
    """Find a payment that is in one of the states, or refuse."""
    payment = payment_of(state, payment_id)
    if isinstance(payment, Refused) or payment.state in states:
        return payment
    return Refused(
        Rejection.PAYMENT_STATE_CONFLICT,
        f"payment {payment_id} is {payment.state}, not {' or '.join(states)}",
        "/payment_id",
    )


def settled_payment(state: State, payment_id: str) -> Payment:
    """The payment that an event of after its settlement is about."""
    payment = state.record(PAYMENT, payment_id)
    assert isinstance(payment, Payment), f"{payment_id} was not loaded"
    return payment


def become(state: State, event: Any, to: PaymentState, **changes: Any) -> None:
    """Move the payment of an event along the table."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment), f"{event.payment_id} was not loaded"
    assert to in PAYMENT_TRANSITIONS[payment.state, type(event)], (payment.state, type(event), to)
    if to in FINAL_STATES:
        changes = {"due_at": None, "debtor": None, "creditor": None, "votes": (), "parked": None, **changes}
    state.records[PAYMENT, event.payment_id] = msgspec.structs.replace(payment, state=to, **changes)

"""Bodies of requests whose subject stands in the path, and what every command route takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import Response
from msgspec import Meta, Struct

from contracts.commands import (
    BatchItem,
    Command,
    DisablingCause,
    EndpointUrl,
    IbanText,
    Instant,
    InstructedAmount,
    InstructionId,
    LimitMinor,
    Metadata,
    PayeeText,
    Posting,
    RailText,
    Reason,
    ReasonCode,
    Reference,
    RefundInstructionId,
    Subscriptions,
)
from contracts.commands.clearing import SignedMinor
from contracts.commands.customers import DocumentReference, Documents, Sha256
from contracts.commands.merchants import PayoutRail
from contracts.commands.reconciliation import Assignee, BankStatementId
from contracts.commands.webhooks import OVERLAP_HOURS_MAX, Position
from contracts.customer_codes import CaseDecision, DocumentKind, RiskClass, VerificationDecision
from contracts.envelope import Actor
from contracts.ids import (
    AccountId,
    BreakId,
    CaseId,
    CustomerId,
    HoldId,
    MerchantId,
    PaymentId,
    RecallId,
    SettlementId,
    StandingOrderId,
    StatementId,
    StatementLineId,
    TransferId,
    WebhookEndpointId,
)
from contracts.money import AmountMinor, CurrencyCode
from contracts.payment_codes import RecallReason
from ledger.sequencer.queue import BATCH_COMMANDS_MAX
from runtime.http.framework import ProblemException, field_error_of
from runtime.http.problems import problem_of

# The subjects that stand in paths, and what they look like.
PATH_TYPES: Final[dict[str, Any]] = {
    "account_id": AccountId,
    "transfer_id": TransferId,
    "hold_id": HoldId,
    "payment_id": PaymentId,
    "standing_order_id": StandingOrderId,
    "endpoint_id": WebhookEndpointId,
    "statement_id": StatementId,
    "line_id": StatementLineId,
    "break_id": BreakId,
    "customer_id": CustomerId,
    "case_id": CaseId,
    "merchant_id": MerchantId,
    "settlement_id": SettlementId,
    "rail": PayoutRail,
}

C = TypeVar("C", bound=Command)


def command_of(kind: type[C], body: Struct, **path: str) -> C:
    """Put a command together from path and body, checking the path as strictly as the body was checked.

    Raises ProblemException 400 naming the path parameter.
    """
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    try:
        return msgspec.convert({**fields, **path}, kind)
    except msgspec.ValidationError as error:
        wrong = field_error_of(str(error), root="/path")
        detail = f"the path is not valid: {wrong.detail}"
        raise ProblemException(problem_of(400, detail, code="invalid_request", errors=(wrong,))) from None


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optional reason."""

    reason: Reason | None = None


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body: the path says everything."""


class Reversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is left of a transfer, or the given postings of it with the sides exchanged."""

    postings: Annotated[tuple[Posting, ...], Meta(min_length=2, max_length=100)] | None = None
    effective_date: date | None = None
    reference: Reference | None = None
    reason: Reason | None = None
    metadata: Metadata | None = None


class Extension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A later deadline."""

    expires_at: Instant


class Capture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything left, or one amount per leg."""

    amounts_minor: Annotated[tuple[LimitMinor, ...], Meta(min_length=1, max_length=50)] | None = None
    final: bool = False
    effective_date: date | None = None
    reference: Reference | None = None


class Why(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason that must be given."""

    reason: Reason


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who takes a break."""

    assignee: Assignee


class WriteOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a break's difference shall be booked, and why."""

    write_off_account_id: AccountId
    reason: Reason


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leads from the book's balance at the end of the statement's day to the bank's."""

    ledger_minor: SignedMinor
    unmatched_entries_minor: SignedMinor
    unmatched_lines_minor: SignedMinor
    matched_difference_minor: SignedMinor = 0


class StatementFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank's file in base64. A CSV export needs a description (TOML in base64), and a name that it does not carry."""

    account_id: AccountId
    format: Literal["camt053", "mt940", "csv"]
    content: Annotated[bytes, Meta(min_length=1, examples=["PERvY3VtZW50Lz4="])]
    description: Annotated[bytes, Meta(min_length=1, max_length=65_536, examples=["Zm9v"])] | None = None
    bank_statement_id: BankStatementId | None = None


class Authorisation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is being authorised, said again: it must be what was initiated."""

    instructed_amount: InstructedAmount
    payee: PayeeText


class Refund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is left, or a part of it."""

    amount_minor: AmountMinor | None = None
    reason: Reason | None = None


class Recall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a payment should come back: in words, and as the other bank is told."""

    reason: Reason
    reason_code: RecallReason = "CUST"


class Review(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reviewer's decision with its reason."""

    decision: Literal["release", "reject"]
    reason: Reason


class Resolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator does with a stuck payment."""

    action: Literal["retry", "fail", "force_settle"]
    reason: Reason


class RailOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rail says became of an instruction."""

    instruction_id: InstructionId
    outcome: Literal["accepted", "rejected", "unknown", "not_found"]
    reason_code: ReasonCode | None = None
    rail_reference: RailText | None = None


class RefundOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rail says became of a refund."""

    instruction_id: RefundInstructionId
    outcome: Literal["accepted", "rejected"]
    reason_code: ReasonCode | None = None


class RecallAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the creditor's bank says to a recall."""

    recall_id: RecallId
    answer: Literal["accepted", "refused"]
    reason_code: ReasonCode | None = None


class RailReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rail gives or takes back."""

    return_id: RailText
    amount_minor: AmountMinor
    reason_code: ReasonCode


class Occurrence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of a standing order's occurrence."""

    occurrence_on: date


class AccountIban(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An IBAN of this institution."""

    iban: IbanText


class EndpointChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an endpoint is, what it hears and what it is for."""

    url: EndpointUrl
    kinds: Subscriptions
    description: Reference | None = None


class SecretRotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long the old secret signs too."""

    overlap_hours: Annotated[int, Meta(ge=0, le=OVERLAP_HOURS_MAX)] = 24


class Disabling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing is delivered any more."""

    cause: DisablingCause = "requested"
    reason: Reason | None = None


class Replay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which positions of the book are delivered again, both ends included."""

    from_position: Position
    to_position: Position


class WantedDocuments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kinds of documents."""

    documents: Documents


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that is kept elsewhere."""

    document: DocumentKind
    reference: DocumentReference
    sha256: Sha256


class Verification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reviewer's decision about a customer, with its reason."""

    decision: VerificationDecision
    reason: Reason


class Classification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A risk class with its reason."""

    risk_class: RiskClass
    reason: Reason


class CaseVerdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reviewer's decision about a case, with its reason."""

    decision: CaseDecision
    reason: Reason


class CutOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cut-off has come."""

    cut_off_at: Instant


class RailSettlement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rail has settled: gross, above zero for what we are paid, and the fee that it keeps."""

    currency: CurrencyCode
    reference: RailText
    settled_on: date
    amount_minor: SignedMinor
    fee_minor: LimitMinor = 0
    nostro_account_id: AccountId
    fee_account_id: AccountId | None = None


class Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands in order, each with its own key: together (atomic) or each on its own."""

    commands: Annotated[tuple[BatchItem, ...], Meta(min_length=1, max_length=BATCH_COMMANDS_MAX)]
    atomic: bool = False


class Receipt(Struct, frozen=True, kw_only=True):
    """The event that the command became, as stored in the book, byte for byte. ``data`` depends on ``type``."""

    position: int
    type: str
    version: int
    ledger: str
    recorded_at: datetime
    occurred_at: datetime
    principal: Actor
    key: str
    trace: str | None
    data: dict[str, Any]


class BatchResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one command: its position, or the problem."""

    status: int
    replayed: bool
    position: int | None = None
    receipt: Receipt | None = None
    problem: dict[str, Any] | None = None


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """One result per command, in order."""

    accepted: int
    refused: int
    replayed: int
    results: list[BatchResult]


Answer = Response[Receipt]

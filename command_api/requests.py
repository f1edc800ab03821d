"""Bodies of requests whose subject stands in the path, and what every command route takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import Response
from msgspec import Meta, Struct

from contracts.commands import (
    BatchItem,
    Command,
    IbanText,
    Instant,
    InstructedAmount,
    InstructionId,
    LimitMinor,
    Metadata,
    Posting,
    Reason,
    ReasonCode,
    Reference,
)
from contracts.envelope import Actor
from contracts.ids import AccountId, HoldId, PaymentId, StandingOrderId, TransferId
from contracts.money import AmountMinor
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


class Authorisation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is being authorised, said again: it must be what was initiated."""

    instructed_amount: InstructedAmount
    payee: Annotated[str, Meta(min_length=1, max_length=128)]


class Refund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is left, or a part of it."""

    amount_minor: AmountMinor | None = None
    reason: Reason | None = None


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
    rail_reference: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class RailReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rail gives or takes back."""

    return_id: Annotated[str, Meta(min_length=1, max_length=64)]
    amount_minor: AmountMinor
    reason_code: ReasonCode


class Occurrence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of a standing order's occurrence."""

    occurrence_on: date


class AccountIban(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An IBAN of this institution."""

    iban: IbanText


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

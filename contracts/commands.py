"""Every command: a wish, in the imperative, checked for shape before anything else looks at it.

Commands are strict (an unknown field is refused): a misspelled limit must never be taken for "no limit". What needs
the state of the book to be judged is judged in ledger/domain; what can be judged from the text alone is judged here.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.ids import AccountId, HoldId, IdempotencyKey, TransferId
from contracts.money import AMOUNT_MINOR_MAX, SCALE_MAX, AmountMinor, CurrencyCode, DecimalText

Side = Literal["debit", "credit"]
AccountType = Literal["asset", "liability", "equity", "income", "expense"]
Overdraft = Literal["forbidden", "limited", "unlimited"]

_PRINTABLE = r"^[^\x00-\x1f\x7f\u2028\u2029]+\Z"
Reference = Annotated[
    str, Meta(min_length=1, max_length=140, pattern=_PRINTABLE, description="The client's own reference.")
]
Reason = Annotated[str, Meta(min_length=1, max_length=140, pattern=_PRINTABLE, description="Why this is done.")]
MetadataKey = Annotated[str, Meta(pattern=r"^[a-zA-Z][a-zA-Z0-9_.-]{0,39}\Z")]
MetadataValue = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]*\Z")]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Meta(max_length=32)]
LimitMinor = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Instant = Annotated[datetime, Meta(tz=True, description="Instant with a time zone (RFC 3339).")]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Root of all commands; the tag names one inside a batch."""


class DeclareAsset(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="declare_asset"):
    """Declare an asset that ISO 4217 does not know, with its number of decimal places."""

    currency: CurrencyCode
    scale: Annotated[int, Meta(ge=0, le=SCALE_MAX)]


class OpenAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="open_account"):
    """Open an account of one currency. Its normal side follows from its type."""

    account_id: AccountId
    currency: CurrencyCode
    account_type: AccountType
    overdraft: Overdraft = "forbidden"
    credit_limit_minor: LimitMinor = 0
    max_balance_minor: LimitMinor | None = None
    metadata: Metadata | None = None


class CloseAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_account"):
    """Close an account whose balance and holds are zero, for good."""

    account_id: AccountId
    reason: Reason | None = None


class FreezeAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="freeze_account"):
    """Refuse every movement on an account until it is unfrozen."""

    account_id: AccountId
    reason: Reason | None = None


class UnfreezeAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unfreeze_account"):
    """Let a frozen account move again."""

    account_id: AccountId
    reason: Reason | None = None


class Posting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One side of a transfer on one account."""

    account_id: AccountId
    side: Side
    amount_minor: AmountMinor
    currency: CurrencyCode


class PostTransfer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="post_transfer"):
    """Book one journal entry: postings whose debits equal their credits in every currency."""

    postings: Annotated[tuple[Posting, ...], Meta(min_length=2, max_length=100)]
    effective_date: date | None = None
    reference: Reference | None = None
    metadata: Metadata | None = None


class ReverseTransfer(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reverse_transfer"):
    """Undo a transfer by a new one with the sides exchanged: all that is left of it, or the given postings of it."""

    transfer_id: TransferId
    postings: Annotated[tuple[Posting, ...], Meta(min_length=2, max_length=100)] | None = None
    effective_date: date | None = None
    reference: Reference | None = None
    reason: Reason | None = None
    metadata: Metadata | None = None


class Leg(Struct, frozen=True, kw_only=True):
    """Money reserved to move from one account to another.

    Events carry it: they are tolerant where commands are strict.
    """

    debit_account_id: AccountId
    credit_account_id: AccountId
    amount_minor: AmountMinor
    currency: CurrencyCode


class HoldLeg(Leg, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money to reserve, to move from one account to another."""


class PlaceHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="place_hold"):
    """Reserve money for one or more legs that live and die as one unit, until a deadline."""

    legs: Annotated[tuple[HoldLeg, ...], Meta(min_length=1, max_length=50)]
    expires_at: Instant
    reference: Reference | None = None
    metadata: Metadata | None = None


class ExtendHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="extend_hold"):
    """Move an open hold's deadline later."""

    hold_id: HoldId
    expires_at: Instant


class CaptureHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="capture_hold"):
    """Book held money: everything left, or one amount per leg (zero skips a leg). ``final`` releases the rest."""

    hold_id: HoldId
    amounts_minor: Annotated[tuple[LimitMinor, ...], Meta(min_length=1, max_length=50)] | None = None
    final: bool = False
    effective_date: date | None = None
    reference: Reference | None = None


class ReleaseHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="release_hold"):
    """Give back what is left of an open hold."""

    hold_id: HoldId
    reason: Reason | None = None


class ExpireHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="expire_hold"):
    """Give back what is left of an open hold whose deadline has passed. Sent by Bursar's own timer."""

    hold_id: HoldId


class ClosePeriod(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_period"):
    """Refuse, from now on, every effective date up to and including ``through``."""

    through: date


class CurrencyAmount(Struct, frozen=True, kw_only=True):
    """Decimal text in the currency's own scale. Events carry it; they are tolerant where commands are strict."""

    currency: CurrencyCode
    value: DecimalText


class InstructedAmount(CurrencyAmount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount as a payer writes it (ISO 20022 InstdAmt): decimal text in the currency's own scale."""


EndToEndId = Annotated[str, Meta(min_length=1, max_length=35, pattern=_PRINTABLE)]


class InitiatePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="initiate_payment"):
    """Pay from one account of this ledger to another."""

    debtor_account_id: AccountId
    creditor_account_id: AccountId
    instructed_amount: InstructedAmount
    end_to_end_id: EndToEndId
    remittance_information: Reference | None = None
    metadata: Metadata | None = None


# What clients may put in a batch (ExpireHold is the timer's). An alias, not a base class: msgspec decodes a batch item
# straight into the right struct.
AnyCommand = (
    PostTransfer
    | ReverseTransfer
    | PlaceHold
    | ExtendHold
    | CaptureHold
    | ReleaseHold
    | InitiatePayment
    | OpenAccount
    | CloseAccount
    | FreezeAccount
    | UnfreezeAccount
    | DeclareAsset
    | ClosePeriod
)


class BatchItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command of a batch under its own idempotency key."""

    idempotency_key: IdempotencyKey
    command: AnyCommand

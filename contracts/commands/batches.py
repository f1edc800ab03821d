"""What a batch may hold."""

from msgspec import Struct

from contracts.commands.accounts import CloseAccount, DeclareAsset, FreezeAccount, OpenAccount, UnfreezeAccount
from contracts.commands.holds import CaptureHold, ExtendHold, PlaceHold, ReleaseHold
from contracts.commands.payments import CancelPayment, InitiatePayment, RefundPayment
from contracts.commands.transfers import ClosePeriod, PostTransfer, ReverseTransfer
from contracts.ids import IdempotencyKey

# What clients may put in a batch: not what Bursar itself sends, nor what a person has to decide one by one. An alias,
# not a base class: msgspec decodes a batch item
# straight into the right struct.
AnyCommand = (
    PostTransfer
    | ReverseTransfer
    | PlaceHold
    | ExtendHold
    | CaptureHold
    | ReleaseHold
    | InitiatePayment
    | CancelPayment
    | RefundPayment
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

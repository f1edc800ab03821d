"""Every command: a wish, in the imperative, checked for shape before anything else looks at it.

Commands are strict (an unknown field is refused): a misspelled limit must never be taken for "no limit". What needs
the state of the book to be judged is judged in ledger/domain; what can be judged from the text alone is judged here.
"""

from contracts.commands.accounts import (
    CloseAccount,
    DeclareAsset,
    FreezeAccount,
    OpenAccount,
    UnfreezeAccount,
)
from contracts.commands.batches import (
    AnyCommand,
    BatchItem,
)
from contracts.commands.command import (
    AccountType,
    Command,
    Instant,
    LimitMinor,
    Metadata,
    MetadataKey,
    MetadataValue,
    Overdraft,
    Reason,
    Reference,
    Side,
)
from contracts.commands.holds import (
    CaptureHold,
    ExpireHold,
    ExtendHold,
    HoldLeg,
    Leg,
    PlaceHold,
    ReleaseHold,
)
from contracts.commands.payments import (
    CurrencyAmount,
    EndToEndId,
    InitiatePayment,
    InstructedAmount,
)
from contracts.commands.transfers import (
    ClosePeriod,
    Posting,
    PostTransfer,
    ReverseTransfer,
)

__all__ = [
    "AccountType",
    "AnyCommand",
    "BatchItem",
    "CaptureHold",
    "CloseAccount",
    "ClosePeriod",
    "Command",
    "CurrencyAmount",
    "DeclareAsset",
    "EndToEndId",
    "ExpireHold",
    "ExtendHold",
    "FreezeAccount",
    "HoldLeg",
    "InitiatePayment",
    "Instant",
    "InstructedAmount",
    "Leg",
    "LimitMinor",
    "Metadata",
    "MetadataKey",
    "MetadataValue",
    "OpenAccount",
    "Overdraft",
    "PlaceHold",
    "PostTransfer",
    "Posting",
    "Reason",
    "Reference",
    "ReleaseHold",
    "ReverseTransfer",
    "Side",
    "UnfreezeAccount",
]

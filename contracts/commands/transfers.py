"""Commands that book journal entries, and the one that closes the books behind them."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands.command import Command, Metadata, Reason, Reference, Side
from contracts.ids import AccountId, TransferId
from contracts.money import AmountMinor, CurrencyCode


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


class ClosePeriod(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_period"):
    """Refuse, from now on, every effective date up to and including ``through``."""

    through: date

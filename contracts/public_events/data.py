"""The root of all public data, and the parts that several kinds carry."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands import Side

PublicInstant = Annotated[datetime, Meta(tz=True)]


class PublicData(Struct, frozen=True, kw_only=True):
    """Root of the data of all public events."""


class PublicPosting(Struct, frozen=True, kw_only=True):
    """One side of a transfer on one account, without the balance it left."""

    account_id: str
    side: Side
    amount_minor: int
    currency: str


class PublicLeg(Struct, frozen=True, kw_only=True):
    """Money reserved to move from one account to another."""

    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    currency: str


class PublicAmount(Struct, frozen=True, kw_only=True):
    """Decimal text in the currency's own scale, as the payer wrote it."""

    currency: str
    value: str

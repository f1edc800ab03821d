"""What every command is made of: the root, and the texts and instants that commands share."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.money import AMOUNT_MINOR_MAX

Side = Literal["debit", "credit"]
AccountType = Literal["asset", "liability", "equity", "income", "expense"]
Overdraft = Literal["forbidden", "limited", "unlimited"]

PRINTABLE = r"^[^\x00-\x1f\x7f\u2028\u2029]+\Z"
Reference = Annotated[
    str, Meta(min_length=1, max_length=140, pattern=PRINTABLE, description="The client's own reference.")
]
Reason = Annotated[str, Meta(min_length=1, max_length=140, pattern=PRINTABLE, description="Why this is done.")]
MetadataKey = Annotated[str, Meta(pattern=r"^[a-zA-Z][a-zA-Z0-9_.-]{0,39}\Z")]
MetadataValue = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]*\Z")]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Meta(max_length=32)]
LimitMinor = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Instant = Annotated[datetime, Meta(tz=True, description="Instant with a time zone (RFC 3339).")]


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Root of all commands; the tag names one inside a batch."""

"""Commands about limits: how much, and how often, may be paid within a rolling window."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.commands.command import Command
from contracts.money import AmountMinor, CurrencyCode

LIMITS_MAX = 16
WINDOW_HOURS_MAX = 24 * 366

LimitSubject = Annotated[
    str,
    Meta(
        pattern=r"^(account|customer|payee):[a-z0-9][a-z0-9_:-]{0,127}\Z",
        description="Whose payments are counted: an account, a customer, or everybody's to one payee.",
        examples=["customer:cust_12", "account:customers:alice:eur", "payee:payee_e831d0f701e88ea7922772f3cd8d5b46"],
    ),
]


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most an amount, a count, or both, in one currency within the last ``window_hours``.

    ``gross`` counts what was paid; ``net`` takes off what was refunded or returned since.
    """

    currency: CurrencyCode
    window_hours: Annotated[int, Meta(ge=1, le=WINDOW_HOURS_MAX)]
    amount_max_minor: AmountMinor | None = None
    count_max: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    basis: Literal["gross", "net"] = "gross"

    def __post_init__(self) -> None:
        """Refuse a limit that limits nothing."""
        if self.amount_max_minor is None and self.count_max is None:
            raise ValueError("a limit has amount_max_minor, count_max, or both")


class DefineLimits(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="define_limits"):
    """Set all limits of a subject; an empty list lifts them. What is counted begins with the first definition."""

    subject: LimitSubject
    limits: Annotated[tuple[Limit, ...], Meta(max_length=LIMITS_MAX)]

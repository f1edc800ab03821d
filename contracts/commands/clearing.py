"""Commands about clearing accounts: what a bank or a processor has settled with us."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from contracts.commands.command import Command, LimitMinor
from contracts.commands.payments import RailText
from contracts.ids import AccountId
from contracts.money import AMOUNT_MINOR_MAX, CurrencyCode

SignedMinor = Annotated[
    int,
    Meta(
        ge=-AMOUNT_MINOR_MAX,
        le=AMOUNT_MINOR_MAX,
        description="Minor units, above zero for what we are paid, below for what we pay.",
    ),
]


class SettleClearing(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="settle_clearing"):
    """Book what a rail has settled with us: a processor's report, or the bank's statement of its movements.

    ``amount_minor`` is gross, before ``fee_minor``, which is what the rail keeps for itself. ``settled_on``: everything
    that went over the rail until the end of this day (UTC) is in this settlement or an earlier one. A ``reference`` is
    booked once per rail and currency.
    """

    rail: Literal["sct_inst", "card_psp", "file"]
    currency: CurrencyCode
    reference: RailText
    settled_on: date
    amount_minor: SignedMinor
    fee_minor: LimitMinor = 0
    nostro_account_id: AccountId
    fee_account_id: AccountId | None = None

    def __post_init__(self) -> None:
        """Refuse a settlement of nothing, and a fee without an account."""
        if self.amount_minor == 0 and self.fee_minor == 0:
            raise ValueError("a settlement settles something")
        if self.fee_minor and self.fee_account_id is None:
            raise ValueError("a fee needs fee_account_id")

"""Commands about standing orders: a payment that is made again and again, on the days of a rule."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.calendars import Adjustment, Calendar, MonthlyRule, RecurrenceRule, WeeklyRule
from contracts.commands.command import PRINTABLE, Command, Metadata, Reason, Reference
from contracts.commands.payments import InitiatePayment, InstructedAmount, Party
from contracts.ids import AccountId, StandingOrderId
from contracts.payment_codes import RailName

SERIES_ID_CHARS_MAX = 26  # leaves room for the date of the occurrence in an end-to-end id of 35

SeriesId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=SERIES_ID_CHARS_MAX,
        pattern=PRINTABLE,
        description="Each payment's end_to_end_id is this with its date: RENT-7 on 1 December is RENT-7-20261201.",
        examples=["RENT-7"],
    ),
]


class Recurrence(Struct, frozen=True, kw_only=True):
    """On which days a standing order pays. Events carry it; they are tolerant where commands are strict.

    Every ``step`` months on ``day`` (by default ``first_on``'s; 31 is the last day of any month), or every ``step``
    weeks on ``first_on``'s weekday. A day on which banks of ``calendar`` do not work is moved by ``adjustment``.
    It ends with ``last_on``, or after ``count_max`` payments, or when it is cancelled.
    """

    every: Literal["month", "week"]
    first_on: date
    step: Annotated[int, Meta(ge=1, le=120)] = 1
    day: Annotated[int, Meta(ge=1, le=31)] | None = None
    last_on: date | None = None
    count_max: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    calendar: Calendar = "TARGET"
    adjustment: Adjustment = "following"

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.every == "week" and self.day is not None:
            raise ValueError("day goes with every: month; a week's day is the weekday of first_on")
        if self.last_on is not None and self.last_on < self.first_on:
            raise ValueError("last_on is before first_on")

    @property
    def rule(self) -> RecurrenceRule:
        """The rule as the calendar knows it."""
        if self.every == "week":
            return WeeklyRule(
                first_on=self.first_on,
                weeks=self.step,
                last_on=self.last_on,
                calendar=self.calendar,
                adjustment=self.adjustment,
            )
        return MonthlyRule(
            first_on=self.first_on,
            day=self.day or self.first_on.day,
            months=self.step,
            last_on=self.last_on,
            calendar=self.calendar,
            adjustment=self.adjustment,
        )


class WantedRecurrence(Recurrence, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The days as a client asks for them."""


class CreateStandingOrder(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="create_standing_order"):
    """Pay the same amount to the same payee on every day of a recurrence, without being asked again."""

    payment_type: Literal["book_transfer", "credit_transfer", "payout"] = "book_transfer"
    rail: RailName | None = None
    debtor_account_id: AccountId
    creditor_account_id: AccountId | None = None
    creditor: Party | None = None
    instructed_amount: InstructedAmount
    end_to_end_id: SeriesId
    remittance_information: Reference | None = None
    metadata: Metadata | None = None
    recurrence: WantedRecurrence

    def __post_init__(self) -> None:
        """Refuse what would be refused of each of its payments."""
        _ = self.payment

    @property
    def payment(self) -> InitiatePayment:
        """One of its payments, as a client would ask for it. Raises ValueError for parties that do not fit."""
        return InitiatePayment(
            payment_type=self.payment_type,
            rail=self.rail,
            debtor_account_id=self.debtor_account_id,
            creditor_account_id=self.creditor_account_id,
            creditor=self.creditor,
            instructed_amount=self.instructed_amount,
            end_to_end_id=self.end_to_end_id,
            remittance_information=self.remittance_information,
            metadata=self.metadata,
        )


class AuthoriseStandingOrder(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="authorise_standing_order"
):
    """Confirm a series once, by strong customer authentication, naming its amount and payee again (dynamic linking)."""

    standing_order_id: StandingOrderId
    instructed_amount: InstructedAmount
    payee: Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]


class IssueStandingOrder(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="issue_standing_order"):
    """Make the payment of one occurrence, whose day has come. Sent by Bursar's own timer."""

    standing_order_id: StandingOrderId
    occurrence_on: date


class SuspendStandingOrder(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="suspend_standing_order"
):
    """Pay nothing until it is resumed. What falls due meanwhile is not made up for."""

    standing_order_id: StandingOrderId
    reason: Reason | None = None


class ResumeStandingOrder(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resume_standing_order"):
    """Pay again, from the next occurrence on."""

    standing_order_id: StandingOrderId


class CancelStandingOrder(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cancel_standing_order"):
    """End it for good. Payments already made are payments like all others."""

    standing_order_id: StandingOrderId
    reason: Reason | None = None

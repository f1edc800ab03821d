"""What is asked, after it was checked: the parameters of the listings, as every source takes them."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct, structs

from contracts.commands import AccountType
from contracts.events import PaymentStatus
from contracts.payment_codes import PaymentType, RailName
from contracts.read_models import AccountStatus, PaymentQueue

ACCOUNTS: Final = "accounts"
HOLDS: Final = "holds"
PAYMENTS: Final = "payments"
STATEMENT: Final = "statement"
PERIOD: Final = "period"
ASKED: Final = "sql-audit"
SUGGESTIONS: Final = "suggestions"

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
POSITION_MAX: Final = 2**63 - 1
BEFORE_ALL: Final = (POSITION_MAX, 0)
SCORE_MAX: Final = 1_000  # permille
ABOVE_ALL_SCORES: Final = (SCORE_MAX + 1, "")


class AccountsAsked(Struct, frozen=True, kw_only=True):
    """A page of accounts. `after`: the last id of the page before."""

    prefix: str = ""
    currency: str | None = None
    account_type: AccountType | None = None
    status: AccountStatus | None = None
    limit: int = LIMIT_DEFAULT
    after: str | None = None

    @property
    def filters(self) -> tuple[str | None, ...]:
        """What a cursor of this listing belongs to."""
        return (self.prefix, self.currency, self.account_type, self.status)


class PaymentsAsked(Struct, frozen=True, kw_only=True):
    """A page of payments, newest first. `before`: the position of the last one of the page before."""

    status: PaymentStatus | None = None
    rail: RailName | None = None
    payment_type: PaymentType | None = None
    customer_id: str | None = None
    payee_id: str | None = None
    end_to_end_id: str | None = None
    queue: PaymentQueue | None = None
    parked: bool | None = None
    limit: int = LIMIT_DEFAULT
    before: int | None = None

    @property
    def filters(self) -> tuple[str | bool | None, ...]:
        """What a cursor of this listing belongs to."""
        return (
            *(self.status, self.rail, self.payment_type, self.customer_id),
            *(self.payee_id, self.end_to_end_id, self.queue, self.parked),
        )


class ThingsAsked(Struct, frozen=True, kw_only=True):
    """A page of the things of a kind, newest first. `before`: the score of the last one of the page before."""

    kind: str
    status: str | None = None
    customer_id: str | None = None
    account_id: str | None = None
    merchant_id: str | None = None
    limit: int = LIMIT_DEFAULT
    before: int | None = None

    @property
    def filters(self) -> tuple[str | None, ...]:
        """What a cursor of this listing belongs to."""
        return (self.status, self.customer_id, self.account_id, self.merchant_id)

    @property
    def wanted(self) -> dict[str, str]:
        """The filters that are set, by the name of their index."""
        names = ("status", "customer_id", "account_id", "merchant_id")
        return {name: value for name, value in zip(names, self.filters, strict=True) if value is not None}

    def after(self, score: int) -> ThingsAsked:
        """The page behind the thing with this score."""
        return structs.replace(self, before=score)


class SuggestionsAsked(Struct, frozen=True, kw_only=True):
    """A page of suggestions, surest first. `before`: (score, id) of the last one of the page before."""

    account_id: str | None = None
    min_score: int = 0
    limit: int = LIMIT_DEFAULT
    before: tuple[int, str] = ABOVE_ALL_SCORES

    @property
    def filters(self) -> tuple[str | int | None, ...]:
        """What a cursor of this listing belongs to."""
        return (self.account_id, self.min_score)

    def after(self, last: tuple[int, str]) -> SuggestionsAsked:
        """The page behind the suggestion with this score and id."""
        return structs.replace(self, before=last)


class StatementAsked(Struct, frozen=True, kw_only=True):
    """A page of an account's entries, newest first. `before`: (position, leg) of the last entry of the page before."""

    account_id: str
    limit: int = LIMIT_DEFAULT
    before: tuple[int, int] = BEFORE_ALL


class PeriodAsked(Struct, frozen=True, kw_only=True):
    """A page of an account's entries by effective date.

    `after`: (effective date, position, leg) of the last entry of the page before; `position`: where the first page
    stood, so that all pages are of one moment.
    """

    account_id: str
    first_day: date | None
    last_day: date | None
    limit: int = LIMIT_DEFAULT
    after: tuple[date, int, int] | None = None
    position: int | None = None

    @property
    def filters(self) -> tuple[str | date | None, ...]:
        """What a cursor of this listing belongs to."""
        return (self.account_id, self.first_day, self.last_day)


class AskedAsked(Struct, frozen=True, kw_only=True):
    """A page of a tenant's questions in SQL, newest first. `before`: the number of the last one of the page before."""

    tenant: str
    subject: str | None = None
    outcome: str | None = None
    limit: int = LIMIT_DEFAULT
    before: int = POSITION_MAX

    @property
    def filters(self) -> tuple[str | None, ...]:
        """What a cursor of this listing belongs to."""
        return (self.tenant, self.subject, self.outcome)

    def after(self, question_no: int) -> AskedAsked:
        """Return the page that goes on below `question_no`."""
        return structs.replace(self, before=question_no)

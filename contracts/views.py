"""Every answer of the query API: flat, public, and always with its ``as_of``.

These are what clients program against, so they are spelled out here instead of being the read models' own structs: the
storage may change under them. Amounts are integers in minor units; balances are in the account's normal side.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from contracts.commands import AccountType, CurrencyAmount, Overdraft, Side
from contracts.events import HoldStatus, PaymentStatus
from contracts.payment_codes import PaymentType, RailName
from contracts.projections import Visibility
from contracts.read_models import AccountStatus, HoldLegState, Step
from contracts.risk import RiskAssessment

Source = Annotated[
    Literal["read_model", "lake", "book"],
    Meta(description="Who answered: the Redis read model, the lake, or PostgreSQL itself."),
]


class AsOf(Struct, frozen=True, kw_only=True):
    """How current an answer is: it contains every event up to ``position`` and none after.

    ``recorded_at`` is when the newest of them was recorded (null in an empty book). ``age_s`` is the time since then:
    an upper bound of the staleness, which also grows while nothing happens. A report as of a position that was asked
    for has none: it is the same for ever, byte for byte.
    """

    ledger: str
    position: int
    recorded_at: datetime | None
    age_s: float | None
    source: Source


class AccountView(Struct, frozen=True, kw_only=True):
    """An account with its terms and its balance now."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side
    overdraft: Overdraft
    credit_limit_minor: int
    max_balance_minor: int | None
    status: AccountStatus
    metadata: dict[str, str] | None
    customer_id: str | None
    opened_at: datetime
    posted_minor: int
    held_minor: int
    available_minor: int
    as_of: AsOf


class AccountLine(Struct, frozen=True, kw_only=True):
    """An account as a list shows it."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    status: AccountStatus
    posted_minor: int
    held_minor: int
    available_minor: int


class AccountPage(Struct, frozen=True, kw_only=True):
    """A page of accounts by id. A page may be short and still have a ``next_cursor``: only null ends the list."""

    accounts: tuple[AccountLine, ...]
    next_cursor: str | None
    as_of: AsOf


class BalanceView(Struct, frozen=True, kw_only=True):
    """A balance now, at a past position, or at a date.

    At a date it counts the entries that had taken effect by the end of that day. Holds have no effective date, so
    ``held_minor`` and ``available_minor`` are null then, and whenever only the lake could answer.
    """

    account_id: str
    currency: str
    scale: int
    normal_side: Side
    posted_minor: int
    held_minor: int | None
    available_minor: int | None
    at_date: date | None = None
    as_of: AsOf


class StatementEntry(Struct, frozen=True, kw_only=True):
    """One entry. ``id``: its transfer; ``balance_minor``: the balance after it, in the order of this statement."""

    position: int
    leg: int
    id: str
    type: str
    side: Side
    amount_minor: int
    balance_minor: int
    effective_date: date
    recorded_at: datetime
    reference: str | None


class StatementView(Struct, frozen=True, kw_only=True):
    """An account's entries.

    Without a period: newest first, by position. With one: by effective date, oldest first, and ``opening_minor`` plus
    the period's entries is ``closing_minor``, whatever the page.
    """

    account_id: str
    currency: str
    scale: int
    period_from: date | None
    period_to: date | None
    opening_minor: int | None
    closing_minor: int | None
    entries: tuple[StatementEntry, ...]
    next_cursor: str | None
    as_of: AsOf


class HoldLine(Struct, frozen=True, kw_only=True):
    """A hold with what is still reserved per leg, and the events of its life in order."""

    hold_id: str
    status: HoldStatus
    expires_at: datetime
    legs: tuple[HoldLegState, ...]
    reference: str | None
    metadata: dict[str, str] | None
    events: tuple[Step, ...]


class HoldView(HoldLine, frozen=True, kw_only=True):
    """One hold."""

    as_of: AsOf


class HoldPage(Struct, frozen=True, kw_only=True):
    """The open holds that touch an account, oldest first."""

    account_id: str
    holds: tuple[HoldLine, ...]
    next_cursor: str | None
    as_of: AsOf


class PaymentLine(Struct, frozen=True, kw_only=True):
    """A payment (statuses and reason codes are ISO 20022's) with the events of its life in order.

    ``causes``: why it was held for review; ``risk``: what the score said; ``parked``: why it waits for a person, or "".
    """

    payment_id: str
    payment_type: PaymentType
    rail: RailName
    status: PaymentStatus
    reason_code: str | None
    detail: str | None
    cause: str | None
    causes: tuple[str, ...]
    parked: str
    debtor_account_id: str | None
    creditor_account_id: str | None
    customer_id: str | None
    payee_id: str | None
    iban_masked: str | None
    instructed_amount: CurrencyAmount
    amount_minor: int
    fee_minor: int
    refunded_minor: int
    returned_minor: int
    end_to_end_id: str
    requested_execution_date: date | None
    remittance_information: str | None
    metadata: dict[str, str] | None
    risk: RiskAssessment | None
    instruction_id: str | None
    rail_reference: str | None
    transfer_id: str | None
    events: tuple[Step, ...]


class PaymentView(PaymentLine, frozen=True, kw_only=True):
    """One payment."""

    as_of: AsOf


class PaymentPage(Struct, frozen=True, kw_only=True):
    """A page of payments, newest first."""

    payments: tuple[PaymentLine, ...]
    next_cursor: str | None
    as_of: AsOf


class EventView(Struct, frozen=True, kw_only=True):
    """An event exactly as booked: ``hash`` = SHA-256(``previous_hash`` || bytes of ``event``), both in hex.

    The bytes of ``event`` in this answer are the bytes that were hashed.
    """

    position: int
    hash: str
    previous_hash: str
    event: Annotated[
        Raw, Meta(description="The event's envelope, byte for byte.", extra_json_schema={"type": "object"})
    ]
    as_of: AsOf


class TransferView(EventView, frozen=True, kw_only=True):
    """A transfer: the event that booked it."""

    transfer_id: str


class TotalsView(Struct, frozen=True, kw_only=True):
    """The ledger in figures. ``volume_minor``: sum of all debits by currency; ``entries``: postings by currency."""

    accounts: int
    transfers: int
    holds_open: int
    payments: dict[str, int]
    volume_minor: dict[str, int]
    entries: dict[str, int]
    as_of: AsOf


class BookStatus(Struct, frozen=True, kw_only=True):
    """The newest event of the book."""

    position: int
    recorded_at: datetime | None


class StreamStatus(Struct, frozen=True, kw_only=True):
    """The window that JetStream has on the book; ``last`` 0: empty."""

    first: int
    last: int


class ReadModelStatus(Struct, frozen=True, kw_only=True):
    """How far a read model is. ``lag_s``: how long its oldest missing event has been in the book; null: not known.

    ``visible``: from commit to readable, over the newest events.
    """

    position: int | None
    lag_events: int | None
    lag_s: float | None
    version: int
    visible: Visibility | None = None


class StatusView(Struct, frozen=True, kw_only=True):
    """Positions of the book, its stream and its read models. ``unavailable``: what did not answer, and why."""

    ledger: str
    book: BookStatus | None
    stream: StreamStatus | None
    read_models: dict[str, ReadModelStatus]
    unavailable: dict[str, str]

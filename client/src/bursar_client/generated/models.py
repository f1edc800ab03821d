"""What commands and queries say: structs.

Written by `python -m client.generator` from the OpenAPI documents; change the routes instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field


class Acceptance(Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/matches` that accepts a suggestion: `record_matches`, as any client may send it."""

    account_id: str
    matches: tuple[ProposedMatch, ...]


class AccountIban(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An IBAN of this institution."""

    iban: str


class AccountLine(Struct, frozen=True, kw_only=True):
    """An account as a list shows it."""

    account_id: str
    currency: str
    scale: int
    account_type: str
    status: str
    posted_minor: int
    held_minor: int
    available_minor: int


class AccountPage(Struct, frozen=True, kw_only=True):
    """A page of accounts by id. A page may be short and still have a ``next_cursor``: only null ends the list."""

    accounts: tuple[AccountLine, ...]
    next_cursor: str | None
    as_of: AsOf


class AccountView(Struct, frozen=True, kw_only=True):
    """An account with its terms and its balance now."""

    account_id: str
    currency: str
    scale: int
    account_type: str
    normal_side: str
    overdraft: str
    credit_limit_minor: int
    max_balance_minor: int | None
    status: str
    metadata: dict[str, str] | None
    customer_id: str | None
    opened_at: str
    posted_minor: int
    held_minor: int
    available_minor: int
    as_of: AsOf


class Actor(Struct, frozen=True, kw_only=True):
    """Who sent the command."""

    subject: str
    tenant: str
    device: str | None = None
    address: str | None = None


class Address(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A structured or hybrid postal address: town and country always, at most two free lines.

    Fully unstructured addresses are refused in SEPA and CBPR+ since November 2026.
    """

    town_name: str
    country: str
    street_name: str | None = None
    building_number: str | None = None
    post_code: str | None = None
    address_lines: Sequence[str] = ()


class Alert(Struct, frozen=True, kw_only=True):
    """Something that a person should look at. ``key`` names it as long as it lasts; ``link``: a path of this API."""

    key: str
    severity: str
    kind: str
    text: str
    since: str | None
    link: str


class ApplyCustomer(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="apply_customer"):
    """A person or a company wants to become a customer. Personal data is sealed before it is written anywhere.

    ``country``: of residence, or of registration.
    """

    kind: Literal["company", "person"]
    name: str
    country: str
    birth_date: str | None = None
    registration_number: str | None = None
    address: Address | None = None
    email: str | None = None


class AsOf(Struct, frozen=True, kw_only=True):
    """How current an answer is: it contains every event up to ``position`` and none after.

    ``recorded_at`` is when the newest of them was recorded (null in an empty book). ``age_s`` is the time since then:
    an upper bound of the staleness, which also grows while nothing happens. A report as of a position that was asked
    for has none: it is the same for ever, byte for byte.
    """

    ledger: str
    position: int
    recorded_at: str | None
    age_s: float | None
    source: str


class AskedFees(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A merchant's fees as they are asked for: a misspelled fee must not be none."""

    basis_points: int = 0
    payment_minor: int = 0
    refund_minor: int = 0
    return_minor: int = 0
    rounding: Literal["half_even", "half_up", "up"] = "half_even"


class AskedPage(Struct, frozen=True, kw_only=True):
    """Questions of the tenant, newest first."""

    questions: tuple[AskedQuestion, ...]
    next_cursor: str | None


class AskedQuestion(Struct, frozen=True, kw_only=True):
    """One question on record. ``outcome``: answered, a problem's code, cancelled, or null when none was recorded.

    ``position``: what of the book it was about; ``elapsed_ms`` includes waiting for a turn.
    """

    question_id: str
    asked_at: str
    tenant: str
    subject: str
    address: str | None
    sql: str
    parameters: dict[str, str | int | bool | None]
    outcome: str | None
    detail: str | None
    position: int | None
    rows: int | None
    elapsed_ms: int | None


class AskedSchedule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A schedule of cut-offs as it is asked for."""

    every: Literal["day", "week"] = "day"
    weekday: int = 0
    cut_off: str
    zone: str = "UTC"
    calendar: Literal["EVERY_DAY", "FEDWIRE", "TARGET"] = "TARGET"


class Assignment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who takes a break."""

    assignee: str


class AuditCursor(Struct, frozen=True, kw_only=True):
    """How far one side is proved.

    Positions up to ``audited_to`` and above ``sweep_low`` were compared in this sweep, which began at
    ``sweep_began_at``; ``swept_at``: when the last whole sweep ended. ``compared``: values looked at in this sweep.
    ``skipped``: new positions that were too many to compare at once, left to the next sweep. ``waiting``: why nothing
    is compared now; null when something is.
    """

    side: str
    audited_to: int = 0
    sweep_low: int = 0
    sweep_began_at: str | None = None
    swept_at: str | None = None
    looked_at: str | None = None
    compared: int = 0
    skipped: int = 0
    waiting: str | None = None


class AuditRun(Struct, frozen=True, kw_only=True):
    """The state of the audit at its last look. ``position``: up to it all sides were proved; ``checked``: by side."""

    at: str | None
    position: int
    checked: dict[str, int]
    differences: int


class AuditsView(Struct, frozen=True, kw_only=True):
    """``state``: sound, different, waiting (a side cannot be compared now) or never (no audit ran yet)."""

    state: str
    last_run: AuditRun
    sides: tuple[AuditCursor, ...]
    differences: tuple[FoundDifference, ...]


class AuthenticationData(Struct, frozen=True, kw_only=True):
    """When payments in a currency need strong authentication."""

    currency: str | None = None
    amount_from_minor: int | None = None
    new_payee: bool | None = None
    minutes: int | None = None


class Authorisation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is being authorised, said again: it must be what was initiated."""

    instructed_amount: InstructedAmount
    payee: str


class BalanceView(Struct, frozen=True, kw_only=True):
    """A balance now, at a past position, or at a date.

    At a date it counts the entries that had taken effect by the end of that day. Holds have no effective date, so
    ``held_minor`` and ``available_minor`` are null then, and whenever only the lake could answer.
    """

    account_id: str
    currency: str
    scale: int
    normal_side: str
    posted_minor: int
    held_minor: int | None
    available_minor: int | None
    at_date: dt.date | None = None
    as_of: AsOf


class Batch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Commands in order, each with its own key: together (atomic) or each on its own."""

    commands: Sequence[BatchItem]
    atomic: bool = False


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """One result per command, in order."""

    accepted: int
    refused: int
    replayed: int
    results: tuple[BatchResult, ...]


class BatchItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One command of a batch under its own idempotency key."""

    idempotency_key: str
    command: (
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


class BatchResult(Struct, frozen=True, kw_only=True):
    """The outcome of one command: its position, or the problem."""

    status: int
    replayed: bool
    position: int | None = None
    receipt: Receipt | None = None
    problem: dict[str, Any] | None = None


class Because(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An optional reason."""

    reason: str | None = None


class BookStatus(Struct, frozen=True, kw_only=True):
    """The newest event of the book."""

    position: int
    recorded_at: str | None


class CancelPayment(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="cancel_payment"):
    """Take back a payment that has not been given to a rail."""

    payment_id: str
    reason: str | None = None


class Capture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything left, or one amount per leg."""

    amounts_minor: Sequence[int] | None = None
    final: bool = False
    effective_date: dt.date | None = None
    reference: str | None = None


class CaptureHold(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="capture_hold"):
    """Book held money: everything left, or one amount per leg (zero skips a leg). ``final`` releases the rest."""

    hold_id: str
    amounts_minor: Sequence[int] | None = None
    final: bool = False
    effective_date: dt.date | None = None
    reference: str | None = None


class CaseData(Struct, frozen=True, kw_only=True):
    """A case: for which customer which listed names came up, and what two people made of it."""

    case_id: str | None = None
    customer_id: str | None = None
    screening: ScreeningSummary | None = None
    decision: str | None = None
    reason: str | None = None
    proposed_by: str | None = None
    decided_by: str | None = None
    opened_at: str | None = None
    status: str | None = None


class CaseVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reviewer's decision about a case, with its reason."""

    decision: Literal["clear", "confirm"]
    reason: str


class CatalogColumn(Struct, frozen=True, kw_only=True):
    """A column of a view. ``unit``: minor (of the currency), count, ms, or empty. ``example``: a value as text."""

    name: str
    type: str
    unit: str
    description: str
    example: str


class CatalogEntry(Struct, frozen=True, kw_only=True):
    """A view that questions may name."""

    name: str
    title: str
    description: str
    columns: tuple[CatalogColumn, ...]
    examples: tuple[CatalogExample, ...]


class CatalogExample(Struct, frozen=True, kw_only=True):
    """A question that the view answers."""

    title: str
    sql: str


class CatalogView(Struct, frozen=True, kw_only=True):
    """All views, and the functions that questions may use."""

    views: tuple[CatalogEntry, ...]
    functions: tuple[str, ...]


class Classification(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A risk class with its reason."""

    risk_class: Literal["high", "low", "medium"]
    reason: str


class CloseAccount(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="close_account"):
    """Close an account whose balance and holds are zero, for good."""

    account_id: str
    reason: str | None = None


class ClosePeriod(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="close_period"):
    """Refuse, from now on, every effective date up to and including ``through``."""

    through: dt.date


class Closing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What leads from the book's balance at the end of the statement's day to the bank's."""

    ledger_minor: int
    unmatched_entries_minor: int
    unmatched_lines_minor: int
    matched_difference_minor: int = 0


class Comparison(Struct, frozen=True, kw_only=True):
    """Two versions of a model compared, each part of them at one position of the book.

    What is large is compared in slices; each slice is of one position, the first of ``from_position`` and the last of
    ``position``. ``differences``: the first that were found, as texts.
    """

    model: str
    serving: int
    candidate: int
    equal: bool
    from_position: int
    position: int
    of_serving: Sums
    of_candidate: Sums
    differences: tuple[str, ...] = ()


class ComparisonView(Struct, frozen=True, kw_only=True):
    """The newest comparison of a model's versions; ``comparison`` is null until it is done."""

    operation: OperationView
    comparison: Comparison | None


class CreateStandingOrder(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="create_standing_order"
):
    """Pay the same amount to the same payee on every day of a recurrence, without being asked again."""

    payment_type: Literal["book_transfer", "credit_transfer", "payout"] = "book_transfer"
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None
    debtor_account_id: str
    creditor_account_id: str | None = None
    creditor: Party | None = None
    instructed_amount: InstructedAmount
    end_to_end_id: str
    remittance_information: str | None = None
    metadata: Mapping[str, str] | None = None
    recurrence: WantedRecurrence


class CreateWebhookEndpoint(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="create_webhook_endpoint"
):
    """Have public events POSTed to a URL from now on."""

    url: str
    kinds: Sequence[str]
    description: str | None = None


class CurrencyAmount(Struct, frozen=True, kw_only=True):
    """Decimal text in the currency's own scale. Events carry it; they are tolerant where commands are strict."""

    currency: str
    value: str


class CurrencyBalances(Struct, frozen=True, kw_only=True):
    """The balances of all accounts of a currency by type, each in the type's normal side. From the lake."""

    currency: str
    scale: int
    assets_minor: int
    liabilities_minor: int
    equity_minor: int
    income_minor: int
    expenses_minor: int


class CustomerData(Struct, frozen=True, kw_only=True):
    """A customer without what is sealed. ``screening``: the newest; ``destroyed``: the vault's proof of an erasure."""

    customer_id: str | None = None
    kind: str | None = None
    country: str | None = None
    risk_class: str | None = None
    previous: str | None = None
    documents: tuple[str, ...] = ()
    decision: str | None = None
    reason: str | None = None
    proposed_by: str | None = None
    decided_by: str | None = None
    case_id: str | None = None
    screening: ScreeningSummary | None = None
    applied_at: str | None = None
    applied_by: str | None = None
    verified_at: str | None = None
    reverify_at: str | None = None
    rejected_at: str | None = None
    screened_at: str | None = None
    offboarded_at: str | None = None
    retention_until: str | None = None
    decided_at: str | None = None
    subjects: tuple[str, ...] = ()
    destroyed: tuple[DestroyedSubject, ...] = ()
    status: str | None = None


class CutOff(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which cut-off has come."""

    cut_off_at: dt.datetime


class DayVolume(Struct, frozen=True, kw_only=True):
    """What moved in a currency since midnight (UTC): the sum of all debits, and how many events booked them."""

    currency: str
    scale: int
    amount_minor: int
    transfers: int


class DeclareAsset(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="declare_asset"):
    """Declare an asset that ISO 4217 does not know, with its number of decimal places."""

    currency: str
    scale: int


class DefineAuthentication(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_authentication"
):
    """Say when payments in a currency need strong customer authentication, and how long one may wait for it."""

    currency: str
    amount_from_minor: int
    new_payee: bool = True
    minutes: int = 5


class DefineFees(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_fees"):
    """Set what payments of a kind cost in a currency, by one rail or (without ``rail``) by any that has no own fees.

    ``marginal``: every tier that the amount reaches charges its flat fee and its share of the part of the amount that
    lies in it. ``whole``: only the last tier reached charges, its share being of the whole amount. The sum is rounded
    once, then raised to the minimum or cut to the maximum. Without tiers such payments are free. A top-up has no fee:
    its payer has no account here.
    """

    payment_type: Literal["book_transfer", "credit_transfer", "payment_request", "payout"]
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None
    currency: str
    fee_account_id: str
    tiers: Sequence[FeeTier]
    tiering: Literal["marginal", "whole"] = "marginal"
    minimum_minor: int | None = None
    maximum_minor: int | None = None
    rounding: Literal["half_even", "half_up", "up"]


class DefineFx(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_fx"):
    """Name the functional currency, the positions in all others, and where realised and unrealised results go.

    Given anew, it may add positions and exchange the two result accounts; the rest is for good.
    """

    functional_currency: str
    realised_account_id: str
    unrealised_account_id: str
    positions: Sequence[FxPosition]


class DefineLimits(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_limits"):
    """Set all limits of a subject; an empty list lifts them. What is counted begins with the first definition."""

    subject: str
    limits: Sequence[Limit]


class DefineMerchant(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_merchant"):
    """Say on what terms a merchant is paid; the newest definition counts, from the next payment and cut-off on.

    ``account_id`` is where its payments arrive, ``payable_account_id`` from where it is paid out; its fees go to
    ``fee_account_id``, and ``reserve_per_mille`` of what it took stays on ``reserve_account_id`` for ``reserve_days``.
    What is not worth ``minimum_payout_minor`` waits for the next cut-off.
    """

    merchant_id: str
    account_id: str
    payable_account_id: str
    fee_account_id: str
    reserve_account_id: str | None = None
    currency: str
    payout_rail: Literal["card_psp", "file", "sct_inst"] = "sct_inst"
    creditor: Party
    schedule: AskedSchedule
    fees: AskedFees
    reserve_per_mille: int = 0
    reserve_days: int = 0
    minimum_payout_minor: int = 1


class DefineRail(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="define_rail"):
    """Name the accounts that a rail uses in one currency; the newest definition counts."""

    rail: Literal["card_psp", "file", "sct_inst"]
    currency: str
    clearing_account_id: str
    suspense_account_id: str


class DestroyedSubject(Struct, frozen=True, kw_only=True):
    """A data subject of whom nothing can be read any more: the numbers of the keys, and when they were destroyed."""

    subject: str
    key_nos: tuple[int, ...]
    destroyed_at: str


class Disabling(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why nothing is delivered any more."""

    cause: Literal["failing", "gone", "requested"] = "requested"
    reason: str | None = None


class DrillLink(Struct, frozen=True, kw_only=True):
    """Where the entries behind a figure are: ask ``path`` with ``parameters``."""

    path: str
    parameters: dict[str, str | int]


class EndpointChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an endpoint is, what it hears and what it is for."""

    url: str
    kinds: Sequence[str]
    description: str | None = None


class EventView(Struct, frozen=True, kw_only=True):
    """An event exactly as booked: ``hash`` = SHA-256(``previous_hash`` || bytes of ``event``), both in hex.

    The bytes of ``event`` in this answer are the bytes that were hashed.
    """

    position: int
    hash: str
    previous_hash: str
    event: dict[str, Any]
    as_of: AsOf


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that is kept elsewhere."""

    document: Literal[
        "articles_of_association",
        "beneficial_owners",
        "identity_card",
        "passport",
        "proof_of_address",
        "register_extract",
        "residence_permit",
        "source_of_funds",
    ]
    reference: str
    sha256: str


class ExportAsked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An export to make: a report with its parameters, as its own route takes them, and how to write it."""

    report: str
    parameters: Mapping[str, str | int] | UnsetType = UNSET
    format: Literal["arrow", "csv", "json", "parquet", "xlsx"] = "csv"


class ExportView(Struct, frozen=True, kw_only=True):
    """An export. Its answer is as of ``as_of_position`` and never another one.

    ``progress`` is the share of rows that are written; ``link`` needs no token and is good until ``expires_at``;
    ``failure`` says why there is none.
    """

    export_id: str
    status: str
    report: str
    parameters: dict[str, str | int]
    format: str
    as_of_position: int
    progress: float
    rows: int
    rows_total: int | None
    bytes_: int = field(name="bytes")
    link: str | None
    failure: str | None
    created_at: str
    expires_at: str


class ExtendHold(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="extend_hold"):
    """Move an open hold's deadline later."""

    hold_id: str
    expires_at: dt.datetime


class Extension(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A later deadline."""

    expires_at: dt.datetime


class FeeTier(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is charged from an amount on: a flat fee in minor units, a share in basis points, or both."""

    from_minor: int
    flat_minor: int = 0
    basis_points: int = 0


class FoundDifference(Struct, frozen=True, kw_only=True):
    """A difference as it is kept: since when it is known."""

    side: str
    model: str
    subject: str
    field: str
    position: int
    account_id: str | None = None
    currency: str | None = None
    expected: str
    found: str
    found_at: str


class FreezeAccount(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="freeze_account"):
    """Refuse every movement on an account until it is unfrozen."""

    account_id: str
    reason: str | None = None


class FxPosition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The accounts of the institution's position in one foreign currency.

    ``position``: what it is long of, in that currency (credit-normal). ``cost`` and ``valuation``: what the position
    cost, and what it is worth beyond that, in the functional currency (debit-normal).
    """

    currency: str
    position_account_id: str
    cost_account_id: str
    valuation_account_id: str


class GivenEntry(Struct, frozen=True, kw_only=True):
    """An entry as a command names it."""

    position: int
    leg: int


class HealRequested(Struct, frozen=True, kw_only=True):
    """A repair was asked for; ``GET /v1/audits`` shows when the differences are gone."""

    state: str
    differences: int


class HoldLeg(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money to reserve, to move from one account to another."""

    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    currency: str


class HoldLegState(Struct, frozen=True, kw_only=True):
    """One leg of a hold and what of it is still reserved."""

    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    currency: str
    remaining_minor: int


class HoldLine(Struct, frozen=True, kw_only=True):
    """A hold with what is still reserved per leg, and the events of its life in order."""

    hold_id: str
    status: str
    expires_at: str
    legs: tuple[HoldLegState, ...]
    reference: str | None
    metadata: dict[str, str] | None
    events: tuple[Step, ...]


class HoldPage(Struct, frozen=True, kw_only=True):
    """The open holds that touch an account, oldest first."""

    account_id: str
    holds: tuple[HoldLine, ...]
    next_cursor: str | None
    as_of: AsOf


class HoldView(Struct, frozen=True, kw_only=True):
    """One hold."""

    hold_id: str
    status: str
    expires_at: str
    legs: tuple[HoldLegState, ...]
    reference: str | None
    metadata: dict[str, str] | None
    events: tuple[Step, ...]
    as_of: AsOf


class InitiatePayment(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="initiate_payment"):
    """Pay: between accounts of this ledger, to an IBAN, from a card; now or on a date; or ask to be paid.

    ================  ===================  ====================  =================
    payment_type      debtor               creditor              rails
    ================  ===================  ====================  =================
    book_transfer     debtor_account_id    creditor_account_id   book
    payment_request   debtor_account_id    creditor_account_id   book
    credit_transfer   debtor_account_id    creditor (iban)       sct_inst, file
    payout            debtor_account_id    creditor              file, sct_inst, card_psp
    card_top_up       debtor (card_token)  creditor_account_id   card_psp
    ================  ===================  ====================  =================

    A book_transfer with ``quote_id`` exchanges currencies: ``instructed_amount`` is exactly what the quote sells, and
    the creditor gets what it buys.
    """

    payment_type: Literal["book_transfer", "card_top_up", "credit_transfer", "payment_request", "payout"] = (
        "book_transfer"
    )
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None
    debtor_account_id: str | None = None
    creditor_account_id: str | None = None
    debtor: Party | None = None
    creditor: Party | None = None
    instructed_amount: InstructedAmount
    end_to_end_id: str
    remittance_information: str | None = None
    requested_execution_date: dt.date | None = None
    quote_id: str | None = None
    metadata: Mapping[str, str] | None = None


class InstructedAmount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An amount as a payer writes it (ISO 20022 InstdAmt): decimal text in the currency's own scale."""

    currency: str
    value: str


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """At most an amount, a count, or both, in one currency within the last ``window_hours``.

    ``gross`` counts what was paid; ``net`` takes off what was refunded or returned since.
    """

    currency: str
    window_hours: int
    amount_max_minor: int | None = None
    count_max: int | None = None
    basis: Literal["gross", "net"] = "gross"


class LimitSet(Struct, frozen=True, kw_only=True):
    """One limit of a subject, as the book keeps it."""

    currency: str
    window_hours: int
    amount_max_minor: int | None
    count_max: int | None
    basis: str


class LimitsData(Struct, frozen=True, kw_only=True):
    """All limits of a subject: an account, a customer or a payee."""

    subject: str | None = None
    limits: tuple[LimitSet, ...] = ()


class ListVersion(Struct, frozen=True, kw_only=True):
    """A list exactly as it was loaded: the day its publisher put on it (null: none), and SHA-256 of its files."""

    list: str
    published_on: dt.date | None
    sha256: str


class ListedHit(Struct, frozen=True, kw_only=True):
    """An entry that came up: its list, its id there, and how near the names were (1000 is the same name)."""

    list: str
    entry_id: str
    score_permille: int


class MinuteVolume(Struct, frozen=True, kw_only=True):
    """The same in one minute, by the time at which it was recorded. Minutes in which nothing moved are left out."""

    minute: str
    currency: str
    amount_minor: int
    transfers: int


class ModelLag(Struct, frozen=True, kw_only=True):
    """How far a read model is behind the book: events, and for how long the first of them has been there."""

    model: str
    position: int | None
    events: int | None
    seconds: float | None


class Nothing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An empty body: the path says everything."""


class Occurrence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The day of a standing order's occurrence."""

    occurrence_on: dt.date


class OpenAccount(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="open_account"):
    """Open an account of one currency. Its normal side follows from its type."""

    account_id: str
    currency: str
    account_type: Literal["asset", "equity", "expense", "income", "liability"]
    overdraft: Literal["forbidden", "limited", "unlimited"] = "forbidden"
    credit_limit_minor: int = 0
    max_balance_minor: int | None = None
    customer_id: str | None = None
    metadata: Mapping[str, str] | None = None


class OpenBreak(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="open_break"):
    """Name lines or entries that have no match, and what they look like. ``like_line_id``: what a duplicate repeats."""

    account_id: str
    kind: Literal[
        "duplicate_line", "merge", "missing_in_book", "missing_in_statement", "split", "unknown", "wrong_amount"
    ]
    line_ids: Sequence[str] = ()
    entries: Sequence[GivenEntry] = ()
    like_line_id: str | None = None


class OperationView(Struct, frozen=True, kw_only=True):
    """Something that was asked of a read model, by whom, and what came of it."""

    id: int
    model: str
    version: int | None
    action: str
    state: str
    detail: str | None
    asked_by: str
    asked_at: str
    ended_at: str | None


class OperationsView(Struct, frozen=True, kw_only=True):
    """The newest operations, newest first."""

    operations: tuple[OperationView, ...]


class Overview(Struct, frozen=True, kw_only=True):
    """The ledger at one glance. ``position`` is that of ``wallets``, or the book's when Redis is away."""

    position: int
    recorded_at: str | None
    positions: dict[str, int | None]
    balances: tuple[CurrencyBalances, ...] | None
    volume: Volume | None
    payments: PaymentFigures | None
    lag: tuple[ModelLag, ...]
    alerts: tuple[Alert, ...]
    as_of: AsOf


class ParkedTask(Struct, frozen=True, kw_only=True):
    """A reaction that waits for a person. ``behind``: tasks of its key that wait for it; ``intended``: maybe sent."""

    reactor: str
    position: int
    step: int
    kind: str
    key: str
    attempts: int
    last_error: str | None
    intended: bool
    parked_at: str
    behind: int


class ParkedView(Struct, frozen=True, kw_only=True):
    """Parked reactions in the order in which they would be performed. ``total``: how many, also those not shown."""

    tasks: tuple[ParkedTask, ...]
    total: int


class Party(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody outside this ledger: a name, and an account at a bank or a card at a processor."""

    name: str
    iban: str | None = None
    bic: str | None = None
    card_token: str | None = None
    address: Address | None = None


class PaymentExplanation(Struct, frozen=True, kw_only=True):
    """Why a payment is where it is.

    ``words``: the reason code in words; ``detail``: the decision's own sentence, with a limit's figures.
    ``causes``: why it was held for review. ``risk`` is what the score said at the door, in the words of the ruleset
    ``words_of``; ``screening``: which entries of which lists came up. Null: not asked.
    """

    payment_id: str
    status: str
    queue: str | None
    reason_code: str | None
    words: str | None
    detail: str | None
    cause: str | None
    causes: tuple[str, ...]
    parked: str
    risk: RiskExplanation | None
    words_of: str | None
    screening: ScreeningSummary | None
    steps: tuple[PaymentStep, ...]
    as_of: AsOf


class PaymentFigures(Struct, frozen=True, kw_only=True):
    """Payments in figures. ``awaiting``: those whose payer has to prove who they are.

    ``by_status`` and the queues are from Redis. Those of the last 24 hours are from the lake: null while it is away;
    ``success_rate_24h`` is the share of the settled among all that were settled or rejected, null when there were none.
    """

    by_status: dict[str, int]
    in_review: int
    awaiting: int
    parked: int
    settled_24h: int | None
    rejected_24h: int | None
    success_rate_24h: float | None


class PaymentLine(Struct, frozen=True, kw_only=True):
    """A payment (statuses and reason codes are ISO 20022's) with the events of its life in order.

    ``causes``: why it was held for review; ``risk``: what the score said; ``parked``: why it waits for a person, or "".
    """

    payment_id: str
    payment_type: str
    rail: str
    status: str
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
    requested_execution_date: dt.date | None
    remittance_information: str | None
    metadata: dict[str, str] | None
    risk: RiskAssessment | None
    instruction_id: str | None
    rail_reference: str | None
    transfer_id: str | None
    events: tuple[Step, ...]


class PaymentPage(Struct, frozen=True, kw_only=True):
    """A page of payments, newest first."""

    payments: tuple[PaymentLine, ...]
    next_cursor: str | None
    as_of: AsOf


class PaymentStep(Struct, frozen=True, kw_only=True):
    """One event of a payment. ``actor``: whose command caused it; ``words``: its reason code in words.

    ``attempt``, ``instruction_id``, ``outcome``, ``rail_reference``: of the rail. ``said``: everything else that the
    event says, without what is sealed.
    """

    position: int
    type: str
    recorded_at: str
    actor: str
    status: str
    decision: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    words: str | None = None
    detail: str | None = None
    cause: str | None = None
    attempt: int | None = None
    instruction_id: str | None = None
    outcome: str | None = None
    rail_reference: str | None = None
    said: dict[str, Any] = field(default_factory=dict)


class PaymentTimeline(Struct, frozen=True, kw_only=True):
    """All events of a payment up to ``as_of``, in order."""

    payment_id: str
    status: str
    steps: tuple[PaymentStep, ...]
    as_of: AsOf


class PaymentView(Struct, frozen=True, kw_only=True):
    """One payment."""

    payment_id: str
    payment_type: str
    rail: str
    status: str
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
    requested_execution_date: dt.date | None
    remittance_information: str | None
    metadata: dict[str, str] | None
    risk: RiskAssessment | None
    instruction_id: str | None
    rail_reference: str | None
    transfer_id: str | None
    events: tuple[Step, ...]
    as_of: AsOf


class PlaceHold(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="place_hold"):
    """Reserve money for one or more legs that live and die as one unit, until a deadline."""

    legs: Sequence[HoldLeg]
    expires_at: dt.datetime
    reference: str | None = None
    metadata: Mapping[str, str] | None = None


class PostTransfer(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="post_transfer"):
    """Book one journal entry: postings whose debits equal their credits in every currency."""

    postings: Sequence[Posting]
    effective_date: dt.date | None = None
    reference: str | None = None
    metadata: Mapping[str, str] | None = None


class Posting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a transfer on one account."""

    account_id: str
    side: Literal["credit", "debit"]
    amount_minor: int
    currency: str


class ProjectionFailure(Struct, frozen=True, kw_only=True):
    """Why a read model does not move. ``position``: of the event that it stands still before."""

    category: str
    position: int
    detail: str


class ProjectionLine(Struct, frozen=True, kw_only=True):
    """One version of a read model, judged against the book's head by the query API.

    ``name``: the model for the version that serves, else with the version, as ``wallets.v3``; what is done to it is
    done under that name. ``lag_seconds``: how long its oldest missing event has been in the book. ``reported_s``: how
    long ago a projector last said how it is; null: none ever did. ``visible``: commit to readable.
    """

    name: str
    model: str
    version: int
    role: str
    is_serving: bool
    state: str
    kept: str
    holds: str
    reads: str
    lines: str
    poison: str
    position: int | None
    head: int | None
    lag_events: int | None
    lag_seconds: float | None
    applied_per_s: float
    failure: ProjectionFailure | None
    rebuild: RebuildProgress | None
    visible: Visibility | None
    reported_s: float | None
    actions: tuple[str, ...]


class ProjectionsView(Struct, frozen=True, kw_only=True):
    """Every version of every read model, and the reactors. ``unavailable``: what did not answer, and why."""

    ledger: str
    head: int | None
    projections: tuple[ProjectionLine, ...]
    unavailable: dict[str, str]


class ProposedMatch(Struct, frozen=True, kw_only=True):
    """Lines and entries that are the same money, the rule that says so and how sure it is.

    ``difference_minor``: the lines less the entries, as the one who proposes it added them up.
    """

    line_ids: tuple[str, ...]
    entries: tuple[GivenEntry, ...]
    rule: str
    score_permille: int
    difference_minor: int = 0


class PublishRate(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="publish_rate"):
    """Say what one unit of the base currency costs in the counter currency; the newest rate of a pair counts.

    A customer sells the base currency at the rate less the spread and buys it at the rate plus the spread. Quotes are
    given on the rate for ``valid_seconds``, and each holds for ``quote_seconds``.
    """

    base_currency: str
    counter_currency: str
    rate: str
    spread_basis_points: int
    valid_seconds: int
    quote_seconds: int = 30


class QuoteData(Struct, frozen=True, kw_only=True):
    """A quote. ``payment_id``: the payment that used it."""

    quote_id: str | None = None
    sell_currency: str | None = None
    buy_currency: str | None = None
    sell_minor: int | None = None
    buy_minor: int | None = None
    base_currency: str | None = None
    rate: str | None = None
    spread_basis_points: int | None = None
    functional_currency: str | None = None
    value_minor: int | None = None
    requested_by: str | None = None
    expires_at: str | None = None
    payment_id: str | None = None


class RailData(Struct, frozen=True, kw_only=True):
    """The accounts of a rail in one currency."""

    rail: str | None = None
    currency: str | None = None
    clearing_account_id: str | None = None
    suspense_account_id: str | None = None


class RailOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rail says became of an instruction."""

    instruction_id: str
    outcome: Literal["accepted", "not_found", "rejected", "unknown"]
    reason_code: str | None = None
    rail_reference: str | None = None


class RailReturn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rail gives or takes back."""

    return_id: str
    amount_minor: int
    reason_code: str


class RailSettlement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rail has settled: gross, above zero for what we are paid, and the fee that it keeps."""

    currency: str
    reference: str
    settled_on: dt.date
    amount_minor: int
    fee_minor: int = 0
    nostro_account_id: str
    fee_account_id: str | None = None


class ReadModelStatus(Struct, frozen=True, kw_only=True):
    """How far a read model is. ``lag_s``: how long its oldest missing event has been in the book; null: not known.

    ``visible``: from commit to readable, over the newest events.
    """

    position: int | None
    lag_events: int | None
    lag_s: float | None
    version: int
    visible: Visibility | None = None


class RebuildProgress(Struct, frozen=True, kw_only=True):
    """How far a version is that is being built: a share of the book from 0 to 1, and the seconds that are left."""

    progress: float
    eta_s: float | None


class Recall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a payment should come back: in words, and as the other bank is told."""

    reason: str
    reason_code: Literal["AC03", "AM09", "CUST", "DUPL", "FRAD", "TECH"] = "CUST"


class RecallAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the creditor's bank says to a recall."""

    recall_id: str
    answer: Literal["accepted", "refused"]
    reason_code: str | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """The event that the command became, as stored in the book, byte for byte. ``data`` depends on ``type``."""

    position: int
    type: str
    version: int
    ledger: str
    recorded_at: str
    occurred_at: str
    principal: Actor
    key: str
    trace: str | None
    data: dict[str, Any]


class RecordMatches(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="record_matches"):
    """Record matches of one account, all or none. A break that holds one of their items is resolved."""

    account_id: str
    matches: Sequence[ProposedMatch]


class Refund(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is left, or a part of it."""

    amount_minor: int | None = None
    reason: str | None = None


class RefundOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rail says became of a refund."""

    instruction_id: str
    outcome: Literal["accepted", "rejected"]
    reason_code: str | None = None


class RefundPayment(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="refund_payment"):
    """Give back all that is left of a settled payment, or a part of it; never more than the original.

    A book payment is given back at once. Of a card top-up the processor is asked, with the amount held meanwhile. What
    was paid to somebody outside only they can give back, see RecallPayment.
    """

    payment_id: str
    amount_minor: int | None = None
    reason: str | None = None


class ReleaseHold(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="release_hold"):
    """Give back what is left of an open hold."""

    hold_id: str
    reason: str | None = None


class Replay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which positions of the book are delivered again, both ends included."""

    from_position: int
    to_position: int


class ReportCatalogue(Struct, frozen=True, kw_only=True):
    """All reports, and the media types and formats each can be had in."""

    reports: tuple[ReportDescription, ...]
    media_types: tuple[str, ...]
    formats: tuple[ReportFormat, ...]


class ReportColumn(Struct, frozen=True, kw_only=True):
    """A column of a report, in order. ``unit``: minor, count, permille, ms, days, or empty."""

    name: str
    type: str
    unit: str
    description: str


class ReportDescription(Struct, frozen=True, kw_only=True):
    """What a report is about, what it takes and what it gives.

    ``compares``: what ``compare_to`` names, a period or a date; null: the report compares nothing. ``keys``: the
    columns by which rows are matched then.
    """

    name: str
    title: str
    description: str
    parameters: tuple[ReportParameter, ...]
    columns: tuple[ReportColumn, ...]
    compares: str | None = None
    keys: tuple[str, ...] = ()


class ReportFormat(Struct, frozen=True, kw_only=True):
    """A format of reports: what ``format`` and ``Accept`` call it."""

    name: str
    media_type: str


class ReportParameter(Struct, frozen=True, kw_only=True):
    """A query parameter that a report understands, and what it is when it is not given."""

    name: str
    type: str
    required: bool
    default: int | None = None
    description: str


class ReportView(Struct, frozen=True, kw_only=True):
    """A report as JSON: one array per row, in the order of ``columns``. Sums are exact integers of any size.

    ``drill``: one link per row, in the same order, null where nothing lies behind; empty where a report has none.
    """

    report: str
    title: str
    parameters: dict[str, str | int]
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    drill: tuple[DrillLink | None, ...] = ()
    as_of: AsOf


class RequestQuote(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="request_quote"):
    """Ask for a price at which one payment may sell an amount of one currency and buy the other, or the reverse."""

    sell_currency: str
    buy_currency: str
    sell_minor: int | None = None
    buy_minor: int | None = None


class Resolution(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator does with a stuck payment."""

    action: Literal["fail", "force_settle", "retry"]
    reason: str


class Reversal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is left of a transfer, or the given postings of it with the sides exchanged."""

    postings: Sequence[Posting] | None = None
    effective_date: dt.date | None = None
    reference: str | None = None
    reason: str | None = None
    metadata: Mapping[str, str] | None = None


class ReverseTransfer(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="reverse_transfer"):
    """Undo a transfer by a new one with the sides exchanged: all that is left of it, or the given postings of it."""

    transfer_id: str
    postings: Sequence[Posting] | None = None
    effective_date: dt.date | None = None
    reference: str | None = None
    reason: str | None = None
    metadata: Mapping[str, str] | None = None


class Review(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reviewer's decision with its reason."""

    decision: Literal["reject", "release"]
    reason: str


class RiskAssessment(Struct, frozen=True, kw_only=True):
    """What was decided about a payment's risk, by which rules and model, from which features.

    `features` are those the rules and the model looked at, flags as 0 and 1. `degraded`: the features could not be read
    in time, and the policy for that case decided.
    """

    score: int
    decision: str
    reasons: tuple[str, ...]
    ruleset_version: str
    model_version: str | None = None
    model_score: int | None = None
    features: dict[str, int | str]
    assessed_at: dt.datetime
    degraded: bool = False


class RiskExplanation(Struct, frozen=True, kw_only=True):
    """Why a payment was decided as it was: what `explain` answers and a route returns."""

    decision: str
    score: int
    degraded: bool
    reasons: tuple[RiskReason, ...]
    ruleset_version: str
    model_version: str | None
    assessed_at: str


class RiskReason(Struct, frozen=True, kw_only=True):
    """One reason of an assessment, with its figures filled in."""

    code: str
    words: str
    customer_words: str


class SavedQueriesView(Struct, frozen=True, kw_only=True):
    """All of the tenant's, by name."""

    saved_queries: tuple[SavedQueryView, ...]


class SavedQueryView(Struct, frozen=True, kw_only=True):
    """A question that somebody of the tenant saved."""

    name: str
    sql: str
    description: str
    saved_by: str
    saved_at: str


class SavedQuestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept under a name."""

    sql: str
    description: str = ""


class ScreeningSummary(Struct, frozen=True, kw_only=True):
    """One name screened. ``hits`` holds the best of them; ``hits_count`` counts all."""

    outcome: str
    lists: tuple[ListVersion, ...]
    hits: tuple[ListedHit, ...]
    hits_count: int


class SecretRotation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For how long the old secret signs too."""

    overlap_hours: int = 24


class SqlColumn(Struct, frozen=True, kw_only=True):
    """A column of an answer; ``type`` is DuckDB's name for it."""

    name: str
    type: str


class SqlQuestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question. ``parameters`` are the values of `$name` in it; ``limit``: the most rows of the answer."""

    sql: str
    parameters: Mapping[str, str | int | bool | None] | UnsetType = UNSET
    limit: int = 1000


class SqlView(Struct, frozen=True, kw_only=True):
    """An answer: one array per row. Whole numbers of any size are numbers; decimals, dates and times are text.

    ``truncated``: there were more rows than the limit or the size allowed.
    """

    columns: tuple[SqlColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    position: int
    elapsed_ms: int
    as_of: AsOf


class StatementEntry(Struct, frozen=True, kw_only=True):
    """One entry. ``id``: its transfer; ``balance_minor``: the balance after it, in the order of this statement."""

    position: int
    leg: int
    id: str
    type: str
    side: str
    amount_minor: int
    balance_minor: int
    effective_date: dt.date
    recorded_at: str
    reference: str | None


class StatementFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bank's file in base64. A CSV export needs a description (TOML in base64), and a name that it does not carry."""

    account_id: str
    format: Literal["camt053", "csv", "mt940"]
    content: bytes
    description: bytes | None = None
    bank_statement_id: str | None = None


class StatementView(Struct, frozen=True, kw_only=True):
    """An account's entries.

    Without a period: newest first, by position. With one: by effective date, oldest first, and ``opening_minor`` plus
    the period's entries is ``closing_minor``, whatever the page.
    """

    account_id: str
    currency: str
    scale: int
    period_from: dt.date | None
    period_to: dt.date | None
    opening_minor: int | None
    closing_minor: int | None
    entries: tuple[StatementEntry, ...]
    next_cursor: str | None
    as_of: AsOf


class StatusView(Struct, frozen=True, kw_only=True):
    """Positions of the book, its stream and its read models. ``unavailable``: what did not answer, and why."""

    ledger: str
    book: BookStatus | None
    stream: StreamStatus | None
    read_models: dict[str, ReadModelStatus]
    unavailable: dict[str, str]


class Step(Struct, frozen=True, kw_only=True):
    """One event in the life of a hold or payment."""

    position: int
    type: str
    recorded_at: str


class StreamStatus(Struct, frozen=True, kw_only=True):
    """The window that JetStream has on the book; ``last`` 0: empty."""

    first: int
    last: int


class SuggestedEntry(Struct, frozen=True, kw_only=True):
    """An entry of the reconciled account, debit positive."""

    position: int
    leg: int
    effective_on: dt.date
    amount_minor: int


class SuggestedLine(Struct, frozen=True, kw_only=True):
    """A line of a statement, signed from our side: money in is positive."""

    line_id: str
    booked_on: dt.date
    amount_minor: int


class SuggestionLine(Struct, frozen=True, kw_only=True):
    """A suggestion as a list shows it.

    ``position``: where the book was when it was computed, at ``computed_at``; ``policy``: digest of the rules.
    """

    suggestion_id: str
    account_id: str
    rule: str
    score_permille: int
    currency: str
    difference_minor: int
    lines: tuple[SuggestedLine, ...]
    entries: tuple[SuggestedEntry, ...]
    accept: Acceptance | None
    position: int
    policy: str
    computed_at: str


class SuggestionPage(Struct, frozen=True, kw_only=True):
    """A page of suggestions, surest first. A page may be short and still have a ``next_cursor``: only null ends it.

    ``looked_at``: the oldest of the accounts' last runs; null where none ran. What was matched since, as of ``as_of``,
    is left out.
    """

    suggestions: tuple[SuggestionLine, ...]
    looked_at: str | None
    next_cursor: str | None
    as_of: AsOf


class Sums(Struct, frozen=True, kw_only=True):
    """One side of a comparison: how much there is, and a hash over all of it that does not depend on its order."""

    counts: dict[str, int]
    sums_minor: dict[str, int]
    hash: str


class ThingLine(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: dict[str, Any]


class ThingLineAuthenticationData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: AuthenticationData


class ThingLineCaseData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: CaseData


class ThingLineCustomerData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: CustomerData


class ThingLineLimitsData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: LimitsData


class ThingLineQuoteData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: QuoteData


class ThingLineRailData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: RailData


class ThingLineWebhookEndpointData(Struct, frozen=True, kw_only=True):
    """A thing as a list shows it. ``position``, ``recorded_at``: its last change; ``data``: what was said last."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: WebhookEndpointData


class ThingPage(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLine, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageAuthenticationData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineAuthenticationData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageCaseData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineCaseData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageCustomerData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineCustomerData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageLimitsData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineLimitsData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageQuoteData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineQuoteData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageRailData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineRailData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingPageWebhookEndpointData(Struct, frozen=True, kw_only=True):
    """A page of things, newest first. A page may be short and still have a ``next_cursor``: only null ends the list."""

    things: tuple[ThingLineWebhookEndpointData, ...]
    next_cursor: str | None
    as_of: AsOf


class ThingStep(Struct, frozen=True, kw_only=True):
    """One event in the life of a thing: who caused it, and what it said of reasons and decisions."""

    position: int
    type: str
    recorded_at: str
    actor: str
    said: dict[str, Any]


class ThingView(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: dict[str, Any]
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewAuthenticationData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: AuthenticationData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewCaseData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: CaseData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewCustomerData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: CustomerData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewLimitsData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: LimitsData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewQuoteData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: QuoteData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewRailData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: RailData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class ThingViewWebhookEndpointData(Struct, frozen=True, kw_only=True):
    """One thing with its newest events, in order."""

    id: str
    kind: str
    status: str | None
    position: int
    recorded_at: str
    data: WebhookEndpointData
    events: tuple[ThingStep, ...]
    as_of: AsOf


class TotalsView(Struct, frozen=True, kw_only=True):
    """The ledger in figures. ``volume_minor``: sum of all debits by currency; ``entries``: postings by currency."""

    accounts: int
    transfers: int
    holds_open: int
    payments: dict[str, int]
    volume_minor: dict[str, int]
    entries: dict[str, int]
    as_of: AsOf


class TransferView(Struct, frozen=True, kw_only=True):
    """A transfer: the event that booked it."""

    position: int
    hash: str
    previous_hash: str
    event: dict[str, Any]
    as_of: AsOf
    transfer_id: str


class UnfreezeAccount(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="unfreeze_account"):
    """Let a frozen account move again."""

    account_id: str
    reason: str | None = None


class Verification(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reviewer's decision about a customer, with its reason."""

    decision: Literal["reject", "verify"]
    reason: str


class Visibility(Struct, frozen=True, kw_only=True):
    """From an event's commit to its being readable, over the newest events: seconds within which a share of them was.

    ``events``: how many were measured; history that a rebuild reads is not.
    """

    p50: float
    p99: float
    p999: float
    events: int


class Volume(Struct, frozen=True, kw_only=True):
    """What moved. ``per_minute``: the last hour, oldest first. From the lake."""

    today: tuple[DayVolume, ...]
    per_minute: tuple[MinuteVolume, ...]


class WantedDocuments(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Kinds of documents."""

    documents: Sequence[
        Literal[
            "articles_of_association",
            "beneficial_owners",
            "identity_card",
            "passport",
            "proof_of_address",
            "register_extract",
            "residence_permit",
            "source_of_funds",
        ]
    ]


class WantedRecurrence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The days as a client asks for them."""

    every: Literal["month", "week"]
    first_on: dt.date
    step: int = 1
    day: int | None = None
    last_on: dt.date | None = None
    count_max: int | None = None
    calendar: Literal["EVERY_DAY", "FEDWIRE", "TARGET"] = "TARGET"
    adjustment: Literal["following", "modified_following", "none", "preceding"] = "following"


class WebhookEndpointData(Struct, frozen=True, kw_only=True):
    """Where public events are POSTed to. ``cause``, ``reason``: of the last time it was disabled."""

    endpoint_id: str | None = None
    url: str | None = None
    kinds: tuple[str, ...] = ()
    description: str | None = None
    previous_valid_until: str | None = None
    cause: str | None = None
    reason: str | None = None


class Why(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reason that must be given."""

    reason: str


class WriteOff(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a break's difference shall be booked, and why."""

    write_off_account_id: str
    reason: str

"""The parameters of every question, as structs: the check, the defaults and the OpenAPI document come from one place.

A struct's fields are the path and query parameters of its route. What is misspelled, repeated, empty or out of bounds
is refused by name: a filter that is not understood must never be ignored.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import State
from msgspec import Meta, Struct, field

from contracts.commands import AccountType
from contracts.events import PaymentStatus
from contracts.ids import AccountId, CustomerId, HoldId, PaymentId, TransferId
from contracts.money import CurrencyCode
from contracts.payment_codes import PaymentType, RailName
from contracts.read_models import AccountStatus, PaymentQueue
from contracts.report_views import FormatName
from query_api.freshness import WAIT_DEFAULT_MS, WAIT_MAX_MS, Fresh, MinPosition, StaleOk, WaitMs
from query_api.pages import CURSOR_CHARS_MAX
from query_api.questions import LIMIT_DEFAULT, LIMIT_MAX, SCORE_MAX
from query_api.refusals import ReadRefused, Refusal

PARAMETERS_MAX: Final = 32
POSITION_MAX: Final = 2**63 - 1
OPERATION_WAIT_DEFAULT_MS: Final = 8_000

Prefix = Annotated[str, Meta(pattern=r"^[a-z0-9:_-]{0,128}\Z", description="Only accounts whose id begins with this.")]
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="Most items on a page; a page may have fewer.")]
Cursor = Annotated[
    str, Meta(min_length=1, max_length=CURSOR_CHARS_MAX, description="`next_cursor` of the page before.")
]
Position = Annotated[int, Meta(ge=1, le=POSITION_MAX, description="A position of the book.")]
ReportName = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,39}\Z", description="A name from the catalogue.")]
PayeeId = Annotated[str, Meta(pattern=r"^payee_[a-z0-9_]{1,64}\Z", description="Keyed hash of a party outside.")]
EndToEndId = Annotated[str, Meta(min_length=1, max_length=35, description="The reference that stays with a payment.")]
From = Annotated[date, Meta(description="First effective date.")]
To = Annotated[date, Meta(description="Last effective date.")]
EVENT_TYPE: Final = r"^[a-z_]{1,40}\Z"
COMPARE_WORDS: Final = (
    "A second period (or date, for reports as of one): 2026, 2026-Q1, 2026-03, 2026-03-31, 2026-01-01..2026-02-15, "
    "`previous` or `year-before`."
)
ThingId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.-]{0,199}\Z", description="The id of a thing, as its list shows it.")
]
ExportId = Annotated[str, Meta(pattern=r"^exp_[0-9a-f]{32}\Z", description="The id of an export.")]
AnyRequest = Request[Any, Any, State]


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of all questions; alone it is a question without parameters."""


class FreshQuestion(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that may ask for "at least position N"."""

    min_position: MinPosition | None = None
    wait_ms: WaitMs = WAIT_DEFAULT_MS
    stale_ok: StaleOk = False

    @property
    def fresh(self) -> Fresh:
        """How fresh the answer must be."""
        return Fresh(self.min_position, self.wait_ms, self.stale_ok)


class AboutAccount(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one account."""

    account_id: AccountId


class AboutAccounts(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About all accounts that the filters leave."""

    prefix: Prefix = ""
    currency: CurrencyCode | None = None
    account_type: AccountType | None = None
    status: AccountStatus | None = None
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutBalance(AboutAccount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About a balance: now, at a date or at a position."""

    at_date: Annotated[date, Meta(description="Count what had taken effect by the end of this day.")] | None = None
    at_position: (
        Annotated[int, Meta(ge=1, le=POSITION_MAX, description="Count everything up to this position of the book.")]
        | None
    ) = None


class AboutStatement(AboutAccount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About an account's entries: the newest, or those of a period."""

    first_day: From | None = field(name="from", default=None)
    last_day: To | None = field(name="to", default=None)
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutHolds(AboutAccount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About the open holds of an account."""

    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutHold(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one hold."""

    hold_id: HoldId


class AboutTransfer(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one transfer."""

    transfer_id: TransferId


class AboutEvent(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one event."""

    position: Position


class AboutPayment(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one payment."""

    payment_id: PaymentId


class AboutPayments(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About all payments that the filters leave. ``queue``: those that wait for somebody."""

    status: PaymentStatus | None = None
    rail: RailName | None = None
    payment_type: PaymentType | None = None
    customer_id: CustomerId | None = None
    payee_id: PayeeId | None = None
    end_to_end_id: EndToEndId | None = None
    queue: Annotated[PaymentQueue, Meta(description="Only those that wait here now.")] | None = None
    parked: Annotated[bool, Meta(description="Only those that are, or are not, parked.")] | None = None
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutThing(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one thing on the desk."""

    thing_id: ThingId


class AboutThings(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About all things of a kind that the filters leave."""

    status: (
        Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}\Z", description="Only those in this status now.")] | None
    ) = None
    customer_id: CustomerId | None = None
    account_id: AccountId | None = None
    merchant_id: ThingId | None = None
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutSuggestions(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About all suggestions of reconciliation that the filters leave."""

    account_id: AccountId | None = None
    min_score: Annotated[int, Meta(ge=0, le=SCORE_MAX, description="Only those at least so sure, in permille.")] = 0
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutProjection(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About a read model, or one version of it."""

    name: Annotated[
        str, Meta(pattern=r"^[a-z][a-z_]{0,39}(\.v[1-9][0-9]{0,8})?\Z", description="As `wallets` or `wallets.v3`.")
    ]


class AskOfProjection(AboutProjection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to be done to a read model."""

    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS, description="How long to wait for what comes of it.")] = (
        OPERATION_WAIT_DEFAULT_MS
    )


class AboutReport(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report with its parameters; each report takes some of them, see the catalogue."""

    report: ReportName
    format: FormatName | None = None
    currency: CurrencyCode | None = None
    account_id: AccountId | None = None
    account_group: AccountId | None = None
    account_type: AccountType | None = None
    cash: AccountId | None = None
    depth: Annotated[int, Meta(ge=1, le=8, description="Take accounts together by so many first parts.")] | None = None
    customer_id: CustomerId | None = None
    payment_type: PaymentType | None = None
    rail: RailName | None = None
    event_type: Annotated[str, Meta(pattern=EVENT_TYPE, description="What booked an entry.")] | None = None
    last_event: Annotated[str, Meta(pattern=EVENT_TYPE, description="What happened to a payment last.")] | None = None
    age: Annotated[str, Meta(pattern=r"^\d{3}-\d{3}\Z", description="A class of an ageing report.")] | None = None
    pending: Annotated[int, Meta(ge=0, le=1, description="1: what has not ended; 0: what has.")] | None = None
    settled_on: Annotated[date, Meta(description="Day of settlement (UTC).")] | None = None
    stage: Annotated[str, Meta(pattern=EVENT_TYPE, description="A stage of the payment funnel.")] | None = None
    reason_code: Annotated[str, Meta(pattern=r"^[A-Z0-9]{4}\Z", description="ISO 20022 reason.")] | None = None
    first_day: From | None = field(name="from", default=None)
    last_day: To | None = field(name="to", default=None)
    compare_to: Annotated[str, Meta(max_length=32, description=COMPARE_WORDS)] | None = None
    days: Annotated[int, Meta(ge=1, le=366, description="How many days.")] | None = None
    top: Annotated[int, Meta(ge=1, le=10_000, description="How many.")] | None = None
    as_of: Annotated[date, Meta(description="The same as `as_of_date`.")] | None = None
    as_of_date: Annotated[date, Meta(description="Only what had taken effect by the end of this day.")] | None = None
    as_of_position: (
        Annotated[int, Meta(ge=1, le=POSITION_MAX, description="Only events up to this position.")] | None
    ) = None


class AboutExport(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one export."""

    export_id: ExportId


class AboutExportFile(AboutExport, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About the file of an export, as a link has it."""

    expires: Annotated[int, Meta(ge=0, le=2**40, description="Until when the link is good, Unix time in seconds.")]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="What makes it ours.")]


class AboutSql(FreshQuestion, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in SQL; the body has its text."""

    as_of_position: (
        Annotated[int, Meta(ge=1, le=POSITION_MAX, description="Only events up to this position.")] | None
    ) = None


class AboutAsked(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About the questions in SQL that were asked."""

    subject: Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z", description="Only what this subject asked.")] | None = None
    outcome: (
        Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z", description="Only what ended so: answered, or a code.")] | None
    ) = None
    limit: Limit = LIMIT_DEFAULT
    cursor: Cursor | None = None


class AboutSavedQuery(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one saved query."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\Z", description="A name of your choice.")]


NOT_THE_REPORTS: Final = {"report", "format", *FreshQuestion.__struct_encode_fields__}

Q = TypeVar("Q", bound=Question)
B = TypeVar("B", bound=Struct)


def question_of(request: AnyRequest, kind: type[Q]) -> Q:
    """Build the question from the path and the query string. Raises ReadRefused naming the parameter to blame."""
    given: dict[str, Any] = dict(request.path_params)
    query_string: bytes = request.scope["query_string"]
    if query_string:
        given |= _parse(query_string, taken=given, kind=kind)
    question = _convert(given, kind)
    if query_string:
        _refuse_nothing(question, given)
    return question


def given_parameters(question: Question) -> dict[str, Any]:
    """Return what differs from the defaults, under the names that clients use."""
    names = type(question).__struct_encode_fields__
    values = {public: getattr(question, name) for public, name in zip(names, question.__struct_fields__, strict=True)}
    return {name: value for name, value in values.items() if value is not None}


def report_parameters(asked: AboutReport) -> dict[str, Any]:
    """Give what of a question is for the report itself. Raises ReadRefused when it contradicts itself."""
    given = {name: value for name, value in given_parameters(asked).items() if name not in NOT_THE_REPORTS}
    day = given.pop("as_of", None)
    if day is not None and given.setdefault("as_of_date", day) != day:
        raise ReadRefused(Refusal.CONTRADICTING_PARAMETERS, "`as_of` and `as_of_date` name two days", parameter="as_of")
    return given


def report_question(report: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
    """Read the parameters of a report as a body has them: the same names, bounds and refusals as in a query string."""
    for name in parameters:
        if name in NOT_THE_REPORTS or name not in AboutReport.__struct_encode_fields__:
            raise ReadRefused(
                Refusal.UNKNOWN_PARAMETER, f"no report has a parameter {name[:40]!r}", parameter=name[:40]
            )
    return report_parameters(_convert({**parameters, "report": report}, AboutReport))


def body_of(body: bytes, kind: type[B]) -> B:
    """Read a JSON body. Raises ReadRefused (invalid_body), naming the place."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ReadRefused(Refusal.INVALID_BODY, f"the body cannot be read: {error}") from error


def _convert(given: Mapping[str, Any], kind: type[Q]) -> Q:
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`") or None
        raise ReadRefused(Refusal.INVALID_PARAMETER, f"{name}: {sentence}", parameter=name) from error


def _parse(query_string: bytes, *, taken: dict[str, Any], kind: type[Question]) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="strict"
        )
    except ValueError as error:  # too many, or not UTF-8
        raise ReadRefused(Refusal.INVALID_PARAMETER, "the query string cannot be read") from error
    known = kind.__struct_encode_fields__
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known or name in taken:
            shown = [public for public in known if public not in taken]
            takes = f"it takes {', '.join(shown)}" if shown else "it takes none"
            raise ReadRefused(
                Refusal.UNKNOWN_PARAMETER, f"there is no parameter {name[:40]!r} here; {takes}", parameter=name[:40]
            )
        if name in found:
            raise ReadRefused(Refusal.DUPLICATE_PARAMETER, f"{name} is given more than once", parameter=name)
        found[name] = value
    return found


def _refuse_nothing(question: Question, given: dict[str, Any]) -> None:
    """Refuse `?at_date=null`: lax conversion reads it as "not given", which would answer another question."""
    names = zip(question.__struct_encode_fields__, question.__struct_fields__, strict=True)
    for public, name in names:
        if public in given and getattr(question, name) is None:
            raise ReadRefused(Refusal.INVALID_PARAMETER, f"{public}: null is no value", parameter=public)

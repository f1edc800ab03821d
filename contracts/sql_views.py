"""Ad-hoc SQL as clients see it: questions, answers, the catalog, saved questions and the record of all."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from contracts.views import AsOf

ColumnType = Literal["text", "integer", "date", "timestamp"]
ParameterValue = Annotated[str, Meta(max_length=1_000)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | bool | None
ParameterName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}\Z")]
SqlText = Annotated[
    str, Meta(min_length=1, max_length=16_384, description="One SELECT over the catalog's views, in DuckDB's SQL.")
]


class SqlQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question. ``parameters`` are the values of `$name` in it; ``limit``: the most rows of the answer."""

    sql: SqlText
    parameters: Annotated[dict[ParameterName, ParameterValue], Meta(max_length=32)] = {}
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000


class SqlColumn(Struct, frozen=True, kw_only=True):
    """A column of an answer; ``type`` is DuckDB's name for it."""

    name: str
    type: str


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


class CatalogColumn(Struct, frozen=True, kw_only=True):
    """A column of a view. ``unit``: minor (of the currency), count, ms, or empty. ``example``: a value as text."""

    name: str
    type: ColumnType
    unit: str
    description: str
    example: str


class CatalogExample(Struct, frozen=True, kw_only=True):
    """A question that the view answers."""

    title: str
    sql: str


class CatalogEntry(Struct, frozen=True, kw_only=True):
    """A view that questions may name."""

    name: str
    title: str
    description: str
    columns: tuple[CatalogColumn, ...]
    examples: tuple[CatalogExample, ...]


class CatalogView(Struct, frozen=True, kw_only=True):
    """All views, and the functions that questions may use."""

    views: tuple[CatalogEntry, ...]
    functions: tuple[str, ...]


class SavedQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept under a name."""

    sql: SqlText
    description: Annotated[str, Meta(max_length=500)] = ""


class SavedQueryView(Struct, frozen=True, kw_only=True):
    """A question that somebody of the tenant saved."""

    name: str
    sql: str
    description: str
    saved_by: str
    saved_at: datetime


class SavedQueriesView(Struct, frozen=True, kw_only=True):
    """All of the tenant's, by name."""

    saved_queries: tuple[SavedQueryView, ...]


class AskedQuestion(Struct, frozen=True, kw_only=True):
    """One question on record. ``outcome``: answered, a problem's code, cancelled, or null when none was recorded.

    ``position``: what of the book it was about; ``elapsed_ms`` includes waiting for a turn.
    """

    question_id: str
    asked_at: datetime
    tenant: str
    subject: str
    address: str | None
    sql: str
    parameters: dict[str, ParameterValue]
    outcome: str | None
    detail: str | None
    position: int | None
    rows: int | None
    elapsed_ms: int | None


class AskedPage(Struct, frozen=True, kw_only=True):
    """Questions of the tenant, newest first."""

    questions: tuple[AskedQuestion, ...]
    next_cursor: str | None

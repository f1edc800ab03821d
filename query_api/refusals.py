"""Why a question is not answered: one exception, a closed list of codes, raised where the reason is known.

problems.py turns it into HTTP; nothing here knows HTTP.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Reasons for not answering. The text of a member is its public code and never changes."""

    UNKNOWN_PARAMETER = "unknown_parameter"
    DUPLICATE_PARAMETER = "duplicate_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    CONTRADICTING_PARAMETERS = "contradicting_parameters"
    MISSING_PARAMETER = "missing_parameter"
    CURSOR_INVALID = "cursor_invalid"
    REPORT_TOO_LARGE = "report_too_large"
    ACCOUNT_NOT_FOUND = "account_not_found"
    HOLD_NOT_FOUND = "hold_not_found"
    TRANSFER_NOT_FOUND = "transfer_not_found"
    PAYMENT_NOT_FOUND = "payment_not_found"
    THING_NOT_FOUND = "thing_not_found"
    EVENT_NOT_FOUND = "event_not_found"
    SAVED_QUERY_NOT_FOUND = "saved_query_not_found"
    REPORT_NOT_FOUND = "report_not_found"
    PROJECTION_NOT_FOUND = "projection_not_found"
    OPERATION_REFUSED = "operation_refused"
    NOT_ACCEPTABLE = "not_acceptable"
    POSITION_NOT_REACHED = "position_not_reached"
    SOURCE_UNAVAILABLE = "source_unavailable"
    TOO_BUSY = "too_busy"
    QUERY_TIMEOUT = "query_timeout"
    SQL_NOT_ALLOWED = "sql_not_allowed"
    SQL_FAILED = "sql_failed"
    SQL_OVER_LIMIT = "sql_over_limit"
    TOO_MANY_SAVED_QUERIES = "too_many_saved_queries"
    INVALID_BODY = "invalid_body"
    EXPORT_NOT_FOUND = "export_not_found"
    EXPORT_NOT_DONE = "export_not_done"
    LINK_REFUSED = "link_refused"
    LINK_EXPIRED = "link_expired"


class ReadRefused(Exception):
    """A question that cannot be answered, with the reason in words.

    `parameter` names the query or path parameter to blame; `position` is how far the asked read model is.
    """

    def __init__(
        self, refusal: Refusal, detail: str, *, parameter: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail
        self.parameter = parameter
        self.position = position


class SourceDown(Exception):
    """One source (Redis, PostgreSQL, the lake, NATS) does not answer; the text says which and why, never where."""

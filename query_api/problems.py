"""Refusals over HTTP: the one table from a refusal to its status, and what a client may do about it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response
from msgspec import structs

from query_api.parameters import AnyRequest
from query_api.refusals import ReadRefused, Refusal
from runtime.http.framework import problem_response
from runtime.http.problems import FieldError, Problem, problem_of

RETRY_AFTER_S: Final = "1"

STATUS_OF: Final[Mapping[Refusal, HTTPStatus]] = {
    Refusal.UNKNOWN_PARAMETER: HTTPStatus.BAD_REQUEST,
    Refusal.DUPLICATE_PARAMETER: HTTPStatus.BAD_REQUEST,
    Refusal.INVALID_PARAMETER: HTTPStatus.BAD_REQUEST,
    Refusal.CONTRADICTING_PARAMETERS: HTTPStatus.BAD_REQUEST,
    Refusal.MISSING_PARAMETER: HTTPStatus.BAD_REQUEST,
    Refusal.CURSOR_INVALID: HTTPStatus.BAD_REQUEST,
    Refusal.REPORT_TOO_LARGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.ACCOUNT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.HOLD_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.TRANSFER_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.PAYMENT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.THING_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.EVENT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.REPORT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.SAVED_QUERY_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.SQL_NOT_ALLOWED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.SQL_FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.SQL_OVER_LIMIT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.TOO_MANY_SAVED_QUERIES: HTTPStatus.CONFLICT,
    Refusal.PROJECTION_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.OPERATION_REFUSED: HTTPStatus.CONFLICT,
    Refusal.NOT_ACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    Refusal.POSITION_NOT_REACHED: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.SOURCE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.TOO_BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.QUERY_TIMEOUT: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.INVALID_BODY: HTTPStatus.BAD_REQUEST,
    Refusal.EXPORT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Refusal.EXPORT_NOT_DONE: HTTPStatus.CONFLICT,
    Refusal.LINK_REFUSED: HTTPStatus.FORBIDDEN,
    Refusal.LINK_EXPIRED: HTTPStatus.GONE,
}


class ReadProblem(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """A problem of the query API. ``position``: how far the book or the read model is that was asked."""

    position: int | None = None


def answer_refused(request: AnyRequest, refused: ReadRefused) -> Response[bytes]:
    """Turn a refusal into a problem: Litestar's handler for ReadRefused."""
    status = STATUS_OF[refused.refusal]
    errors: tuple[FieldError, ...] = ()
    if refused.parameter is not None:
        is_in_path = refused.refusal is Refusal.INVALID_PARAMETER and refused.parameter in request.path_params
        place = "path" if is_in_path else "query"
        errors = (FieldError(f"/{place}/{refused.parameter}", refused.refusal, refused.detail),)
    problem = problem_of(status, refused.detail, code=refused.refusal, instance=request.scope["path"], errors=errors)
    headers = {"retry-after": RETRY_AFTER_S} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    return problem_response(ReadProblem(**structs.asdict(problem), position=refused.position), headers=headers)

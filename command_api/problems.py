"""Refusals as HTTP answers (RFC 9457): the one table of statuses of this door.

A refusal is rendered once, stored under its idempotency key, and given again byte for byte; so it names no request.
"""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response

from contracts.rejections import Refused, Rejection
from runtime.http.problems import MEDIA_TYPE, TYPE_PREFIX, FieldError, Problem, problem_of

KEPT_HEADERS: Final = ("Bursar-Position", "Idempotency-Replayed")

NOT_FOUND: Final = frozenset(
    {
        Rejection.ACCOUNT_NOT_FOUND,
        Rejection.TRANSFER_NOT_FOUND,
        Rejection.HOLD_NOT_FOUND,
        Rejection.PAYMENT_NOT_FOUND,
        Rejection.STANDING_ORDER_NOT_FOUND,
        Rejection.MERCHANT_NOT_FOUND,
        Rejection.SETTLEMENT_NOT_FOUND,
        Rejection.WEBHOOK_ENDPOINT_NOT_FOUND,
        Rejection.STATEMENT_NOT_FOUND,
        Rejection.BREAK_NOT_FOUND,
        Rejection.QUOTE_NOT_FOUND,
        Rejection.CUSTOMER_NOT_FOUND,
        Rejection.CASE_NOT_FOUND,
    }
)
CONFLICT: Final = frozenset(
    {
        Rejection.ASSET_ALREADY_DECLARED,
        Rejection.ACCOUNT_ALREADY_EXISTS,
        Rejection.TRANSFER_ALREADY_REVERSED,
        Rejection.HOLD_ALREADY_CAPTURED,
        Rejection.HOLD_ALREADY_RELEASED,
        Rejection.HOLD_ALREADY_EXPIRED,
        Rejection.HOLD_DEADLINE_PASSED,
        Rejection.ACCOUNT_CLOSED,
        Rejection.ACCOUNT_FROZEN,
        Rejection.ACCOUNT_NOT_FROZEN,
        Rejection.PERIOD_CLOSED,
        Rejection.STATEMENT_ALREADY_IMPORTED,
        Rejection.STATEMENT_DIFFERS,
        Rejection.STATEMENT_INCOMPLETE,
        Rejection.STATEMENT_PAGE_OUT_OF_ORDER,
        Rejection.LINE_ALREADY_MATCHED,
        Rejection.LINE_NOT_MATCHED,
        Rejection.ENTRY_ALREADY_MATCHED,
        Rejection.MATCH_WRITTEN_OFF,
        Rejection.ALREADY_IN_BREAK,
        Rejection.BREAK_CLOSED,
        Rejection.WRITE_OFF_PROPOSED,
        Rejection.WRITE_OFF_NOT_PROPOSED,
        Rejection.RECONCILIATION_CLOSED,
        Rejection.PAYMENT_STATE_CONFLICT,
        Rejection.FOUR_EYES_REQUIRED,
        Rejection.REVIEWERS_DISAGREE,
        Rejection.RETURN_ALREADY_BOOKED,
        Rejection.STANDING_ORDER_STATE_CONFLICT,
        Rejection.OCCURRENCE_ALREADY_ISSUED,
        Rejection.OCCURRENCE_NOT_NEXT,
        Rejection.IBAN_ALREADY_ASSIGNED,
        Rejection.PAYMENT_FILE_DUPLICATE,
        Rejection.SETTLEMENT_STATE_CONFLICT,
        Rejection.CLEARING_ALREADY_SETTLED,
        Rejection.WEBHOOK_ENDPOINT_STATE_CONFLICT,
        Rejection.QUOTE_ALREADY_USED,
        Rejection.QUOTE_EXPIRED,
        Rejection.FX_TERMS_FIXED,
        Rejection.POSITIONS_UNCHANGED,
        Rejection.CUSTOMER_STATE_CONFLICT,
        Rejection.CUSTOMER_ACCOUNTS_OPEN,
        Rejection.CASE_ALREADY_DECIDED,
        Rejection.CASE_UNRESOLVED,
        Rejection.RETENTION_NOT_OVER,
    }
)

# Everything else was understood and cannot be done: 422.
STATUS_OF: Final[dict[Rejection, HTTPStatus]] = {
    rejection: HTTPStatus.NOT_FOUND
    if rejection in NOT_FOUND
    else HTTPStatus.CONFLICT
    if rejection in CONFLICT
    else HTTPStatus.UNPROCESSABLE_ENTITY
    for rejection in Rejection
}


class _Rendered(msgspec.Struct):
    status: int


def render_refusal(refused: Refused) -> bytes:
    """Give the body of a refusal."""
    rejection = refused.rejection
    return Problem(
        type=TYPE_PREFIX + rejection,
        title=rejection.replace("_", " ").capitalize(),
        status=STATUS_OF[rejection],
        code=rejection,
        detail=refused.detail,
        retryable=rejection.is_transient,
        errors=_errors_of(refused),
    ).encode()


def _errors_of(refused: Refused) -> tuple[FieldError, ...]:
    if refused.pointer is not None:
        return (FieldError(refused.pointer, refused.rejection, refused.detail),)
    return tuple(
        FieldError(_pointer_of(field), "differs", f"{field} differs from the first use") for field in refused.differs_in
    )


def _pointer_of(field: str) -> str:
    return "/" + field.replace("[", ".").replace("]", "").replace(".", "/")


def status_of(rendered: bytes) -> int:
    """Read the HTTP status back from a rendered refusal."""
    return msgspec.json.decode(rendered, type=_Rendered).status


def authorisation_differs(answer: Response[Any]) -> Response[Any]:
    """Say that an authorisation did not fit. The book has counted it, so the answer keeps its position."""
    detail = "this is not the amount, currency and payee that the payment was initiated for; the authorisation is void"
    problem = problem_of(422, detail, code="authorisation_differs")
    body = msgspec.structs.replace(problem, trace_id=None).encode()  # names no request: it is given again as it is
    headers: dict[str, str] = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return Response(body, status_code=422, headers=headers, media_type=MEDIA_TYPE)

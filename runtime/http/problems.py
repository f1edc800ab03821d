"""Every refusal over HTTP has one shape: RFC 9457 `application/problem+json`, with a stable `code`.

A problem never carries a stack, a query, a path of this machine or another tenant's data. `retryable` tells a program
whether the same request may succeed later; `trace_id` tells a person what to search the logs for.

Every process has some HTTP, most of them no framework: this module knows none, so that they start without it.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from runtime.http.asgi import Send
from runtime.trace import current_trace

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:bursar:problem:"
DETAIL_CHARS_MAX: Final = 1000

CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
    504: "deadline_exceeded",
}
"""The code of a status for which nobody had anything more precise to say."""

RETRYABLE_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class FieldError(msgspec.Struct, frozen=True):
    """One offending place: a JSON pointer into the body (or `/query/<name>`, `/header/<name>`), a code, a sentence."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an error response."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    instance: str | None = None
    trace_id: str | None = None
    errors: tuple[FieldError, ...] = ()

    def encode(self) -> bytes:
        """Return the JSON text."""
        return msgspec.json.encode(self)


def problem_of(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    title: str | None = None,
    instance: str | None = None,
    errors: Sequence[FieldError] = (),
) -> Problem:
    """Build a problem; the code and the title follow from the status, and the title from the code, unless given."""
    code = code or CODES.get(status) or f"http_{status}"
    trace = current_trace.get()
    return Problem(
        type=TYPE_PREFIX + code,
        title=title or _title_of(status, code),
        status=status,
        code=code,
        detail=detail[:DETAIL_CHARS_MAX],
        retryable=status in RETRYABLE_STATUSES,
        instance=instance,
        trace_id=trace.trace_id if trace else None,
        errors=tuple(errors),
    )


async def send_problem(send: Send, problem: Problem, *, headers: Mapping[str, str] | None = None) -> None:
    """Answer a request with a problem from a pure ASGI wrapper."""
    body = problem.encode()
    lines = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    lines += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _title_of(status: int, code: str) -> str:
    if CODES.get(status) == code:
        return HTTPStatus(status).phrase
    return code.replace("_", " ").capitalize()

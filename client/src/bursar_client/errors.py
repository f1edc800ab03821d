"""Everything that this package raises on purpose.

BursarError
├── CallFailed                what became of one call; names the call, so that it can be sent again
│   ├── NoAnswer              nobody answered within the bounds
│   ├── UnreadableAnswer      the answer is not what the document promises
│   └── ProblemError          the server said no, in its own words (RFC 9457)
│       ├── InvalidRequest        400, 406, 413, 415, 431
│       ├── NotAuthenticated      401
│       ├── NotAllowed            403
│       ├── NotFound              404
│       ├── Conflict              409
│       ├── Rejected              422  understood, and it may not happen
│       │   └── KeyReused              another command has this idempotency key
│       ├── Unavailable           408, 429, 502, 503, 504, after all retries
│       │   ├── OutcomeUnknown         the command may have been taken; the same key will tell
│       │   └── PositionNotReached     a read model is behind `min_position`
│       └── ServerFault           500 and anything else
├── CursorRepeated            a list would never end
├── WebhookRefused            a delivery is not to be believed
├── TokenUnavailable          there is no token to send
└── MissingExtra              a library that is optional is not installed
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from bursar_client.call import Call
    from bursar_client.wire import Response

TEXT_SHOWN_MAX: Final = 200


class FieldError(msgspec.Struct, frozen=True):
    """One offending place: a JSON pointer into the body (or `/query/<name>`, `/header/<name>`), a code, a sentence."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says when it does not do something. `position`: how far the read model is that was asked."""

    status: int
    code: str = "unknown"
    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    retryable: bool = False
    instance: str | None = None
    trace_id: str | None = None
    errors: tuple[FieldError, ...] = ()
    position: int | None = None


class BursarError(Exception):
    """Anything that this package raises on purpose."""


class TokenUnavailable(BursarError):
    """There is no token to send."""


class CursorRepeated(BursarError):
    """A list named the page just read as the next one; it would never end."""


class WebhookRefused(BursarError):
    """The delivery is not to be believed: answer 401 and do nothing."""


class MissingExtra(BursarError, ImportError):
    """A library that is optional is not installed."""


class CallFailed(BursarError):
    """A call that gave no result.

    `call`: what was asked; `client.send(error.call)` asks the same again, under the same idempotency key. `attempts`:
    how often it was sent. `may_have_happened`: whether it may have been done all the same, as nobody said otherwise.
    """

    def __init__(self, said: str, *, call: Call[Any], attempts: int, may_have_happened: bool) -> None:
        super().__init__(f"{call.name}: {said}")
        self.call = call
        self.attempts = attempts
        self.may_have_happened = may_have_happened

    @property
    def key(self) -> str | None:
        """The idempotency key that every attempt had."""
        return self.call.key


class NoAnswer(CallFailed):
    """Nobody gave an answer within the bounds of the retries; `__cause__` is the last failure."""


class UnreadableAnswer(CallFailed):
    """The answer is not what the document promises. A command was taken all the same."""


class ProblemError(CallFailed):
    """The server said no."""

    def __init__(self, problem: Problem, *, call: Call[Any], attempts: int, may_have_happened: bool) -> None:
        places = "".join(f"; {error.pointer} {error.code}: {error.detail}" for error in problem.errors)
        said = f"{problem.status} {problem.code}: {problem.detail or problem.title}{places}"
        super().__init__(said, call=call, attempts=attempts, may_have_happened=may_have_happened)
        self.problem = problem

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def code(self) -> str:
        """The stable code."""
        return self.problem.code

    @property
    def detail(self) -> str:
        """A sentence for people."""
        return self.problem.detail

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The offending places, if there are any."""
        return self.problem.errors

    @property
    def retryable(self) -> bool:
        """Whether the same wish may succeed later; a command that was refused needs a new key for that."""
        return self.problem.retryable

    @property
    def trace_id(self) -> str | None:
        """What to search the server's logs for."""
        return self.problem.trace_id


class InvalidRequest(ProblemError):
    """The request is malformed; `errors` point at the places."""


class NotAuthenticated(ProblemError):
    """No token, or one that cannot be trusted."""


class NotAllowed(ProblemError):
    """The token lacks a scope, or the grant for this ledger."""


class NotFound(ProblemError):
    """What was named does not exist."""


class Conflict(ProblemError):
    """Something is in another state than this needs."""


class Rejected(ProblemError):
    """Understood, and it may not happen."""


class KeyReused(Rejected):
    """Another command has this idempotency key; `errors` name what differs."""


class Unavailable(ProblemError):
    """Nothing can be said now; every retry that the bounds allow was made."""


class OutcomeUnknown(Unavailable):
    """The command may have been taken; the same key will tell."""


class PositionNotReached(Unavailable):
    """A read model is behind `min_position`; `problem.position` is how far it is."""


class ServerFault(ProblemError):
    """A fault of the server; `trace_id` finds it in its logs."""


OF_CODE: Final[dict[str, type[ProblemError]]] = {
    "idempotency_key_reused": KeyReused,
    "outcome_unknown": OutcomeUnknown,
    "position_not_reached": PositionNotReached,
}
OF_STATUS: Final[dict[int, type[ProblemError]]] = {
    HTTPStatus.BAD_REQUEST: InvalidRequest,
    HTTPStatus.UNAUTHORIZED: NotAuthenticated,
    HTTPStatus.FORBIDDEN: NotAllowed,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.NOT_ACCEPTABLE: InvalidRequest,
    HTTPStatus.REQUEST_TIMEOUT: Unavailable,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: InvalidRequest,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: InvalidRequest,
    HTTPStatus.UNPROCESSABLE_ENTITY: Rejected,
    HTTPStatus.TOO_MANY_REQUESTS: Unavailable,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: InvalidRequest,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}


def problem_of(response: Response) -> Problem:
    """Read a problem; an answer that is not one of Bursar's is shown by its beginning."""
    try:
        return msgspec.json.decode(response.content, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = response.content[:TEXT_SHOWN_MAX].decode(errors="replace")
        return Problem(status=response.status, detail=text, trace_id=response.headers.get("trace-id"))


def class_of(problem: Problem) -> type[ProblemError]:
    """Choose the exception of a problem: by its code, else by its status."""
    return OF_CODE.get(problem.code) or OF_STATUS.get(problem.status, ServerFault)

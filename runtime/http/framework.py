"""What Litestar is told, so that its errors look like ours and its parsing is as strict as ours.

Left to itself the framework converts bodies leniently (`"5"` passes for an integer) and answers errors in its own
shape. `StrictRequest` decodes a body once, strictly, straight into the handler's type; `problem_handlers` turn every
exception into a problem.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from runtime.http.problems import MEDIA_TYPE, FieldError, Problem, problem_of

ERRORS_MAX: Final = 20
DECODERS_MAX: Final = 256  # one per body type of an application
FIELD_DETAIL_CHARS_MAX: Final = 300

_PATH: Final = re.compile(r" - at (?:`key` in )?`\$?([^`]*)`$")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD: Final = re.compile(r"(?:unknown|required) field `([^`]*)`")
# msgspec's sentences, by their beginning; the first match counts.
_FIELD_CODES: Final = (
    (re.compile(r"Object contains unknown field"), "unknown_field"),
    (re.compile(r"Object missing required field"), "missing_field"),
    (re.compile(r"Expected `[^`]*`, got"), "wrong_type"),
    (re.compile(r"Expected `(?:int|float)` (?:[<>]|that's)"), "out_of_range"),
    (re.compile(r"Expected `\w+` of length"), "wrong_length"),
    (re.compile(r"Expected `str` matching"), "wrong_format"),
    (re.compile(r"Integer value out of range|Number out of range"), "out_of_range"),
)

_log = structlog.get_logger(__name__)


class ProblemException(HTTPException):
    """Raise it anywhere below a handler to answer with a problem."""

    def __init__(self, problem: Problem, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail=problem.detail, status_code=problem.status, headers=dict(headers or {}))
        self.problem = problem


def problem_response(problem: Problem, *, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return the Litestar response for a problem."""
    return Response(
        content=problem.encode(), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded by the handler's own type, without any conversion between types.

    Use it as `request_class`; handlers keep their `data: JSONBody[Command]` and the OpenAPI document with it.
    """

    async def json(self) -> Any:
        """Decode the body. Raises ProblemException 400, with a JSON pointer to the offending field."""
        field = self.route_handler.parsed_data_field
        try:
            return _decoder_of(field.annotation if field else Any).decode(await self.body())
        except msgspec.ValidationError as error:
            field_error = field_error_of(str(error))
            detail = f"the body is not valid: {field_error.detail}"
            raise ProblemException(problem_of(400, detail, code="invalid_body", errors=(field_error,))) from None
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ProblemException(problem_of(400, f"the body is not JSON: {error}", code="invalid_json")) from None


@lru_cache(DECODERS_MAX)
def _decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def problem_handlers() -> ExceptionHandlersMap:
    """Return the handlers for `Litestar(exception_handlers=...)`: every exception becomes a problem."""
    return {HTTPException: _answer_http_exception, Exception: _answer_unexpected}


def field_error_of(sentence: str, *, root: str = "") -> FieldError:
    """Turn msgspec's `Expected `int` - at `$.a[0].b`` into a pointer (`/a/0/b`), a code and the sentence."""
    found = _PATH.search(sentence)
    steps = list(_steps(found[1])) if found else []
    text = sentence[: found.start()] if found else sentence
    if named := _FIELD.search(text):
        steps.append(named[1])
    code = next((code for pattern, code in _FIELD_CODES if pattern.match(text)), "invalid_value")
    return FieldError(root + "".join(map(_escaped, steps)), code, text[:FIELD_DETAIL_CHARS_MAX])


def _steps(path: str) -> Iterator[str]:
    for name, index in _STEP.findall(path):
        if index == "...":  # a key of a dictionary, which msgspec does not name: point at the dictionary
            return
        yield name or index


def _escaped(step: str) -> str:
    return "/" + step.replace("~", "~0").replace("/", "~1")


def _answer_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if isinstance(error, ProblemException):
        problem = msgspec.structs.replace(error.problem, instance=error.problem.instance or request.url.path)
        return problem_response(problem, headers=error.headers)
    if error.status_code >= 500:
        return _answer_unexpected(request, error)
    errors = _field_errors(error) if isinstance(error, ValidationException) else []
    if errors:
        detail = f"the request is not valid: {errors[0].pointer or 'body'}: {errors[0].detail}"
        problem = problem_of(400, detail, code="invalid_request", instance=request.url.path, errors=errors)
    else:
        problem = problem_of(error.status_code, error.detail, instance=request.url.path)
    return problem_response(problem, headers=error.headers)


def _answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a fault of ours: the log gets everything, the client the trace id."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status in (503, 504):
        problem = problem_of(status, "the service cannot answer right now", instance=request.url.path)
        return problem_response(problem, headers={"retry-after": "1"})
    _log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    detail = "an unexpected error; the trace id finds it in the logs"
    return problem_response(problem_of(500, detail, instance=request.url.path))


def _field_errors(error: ValidationException) -> list[FieldError]:
    """Read Litestar's own list of (message, key, source) for parameters and bodies."""
    extra: Sequence[Any] = error.extra if isinstance(error.extra, list) else []
    errors = []
    for item in extra[:ERRORS_MAX]:
        source, key, message = item.get("source", "body"), str(item.get("key", "")), str(item.get("message", ""))
        if source == "body":
            path = "" if key == "data" else f" - at `$.{key}`"
            missing = message == "'data'"
            errors.append(field_error_of("the body is missing" if missing else message + path))
        else:
            errors.append(field_error_of(f"{message} - at `$.{key}`", root=f"/{source}"))
    return errors

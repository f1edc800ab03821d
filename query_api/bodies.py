"""The body of a request that has one, as a struct: strict, and every mistake with a pointer to its place."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from query_api.parameters import AnyRequest
from runtime.http.framework import ProblemException, field_error_of
from runtime.http.problems import problem_of

S = TypeVar("S", bound=msgspec.Struct)


async def body_of(request: AnyRequest, kind: type[S]) -> S:
    """Decode the body. Raises ProblemException 400 (invalid_body, invalid_json)."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as error:
        field_error = field_error_of(str(error))
        detail = f"the body is not valid: {field_error.detail}"
        raise ProblemException(problem_of(400, detail, code="invalid_body", errors=(field_error,))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ProblemException(problem_of(400, f"the body is not JSON: {error}", code="invalid_json")) from None

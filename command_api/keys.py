"""The Idempotency-Key of a command, read from its header as strictly as everything else."""

from typing import Any, Final

import msgspec
from litestar import Request
from litestar.datastructures import State

from contracts.ids import IdempotencyKey
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of

HEADER: Final = "Idempotency-Key"
POINTER: Final = f"/header/{HEADER}"


def read_key(request: Request[Any, Any, State]) -> str:
    """Give the key without its quotes. Raises ProblemException 400: missing, repeated or invalid."""
    sent = [value for name, value in request.scope["headers"] if name == HEADER.lower().encode()]
    if not sent:
        raise _refused("idempotency_key_missing", f"send the header {HEADER}: your own name for this wish")
    if len(sent) > 1:
        raise _refused("idempotency_key_repeated", f"send exactly one {HEADER} header")
    try:
        return msgspec.convert(_bare(sent[0].decode("latin-1")), IdempotencyKey)
    except msgspec.ValidationError:
        detail = f"{HEADER} must be 1 to 255 visible ASCII characters without spaces"
        raise _refused("idempotency_key_invalid", detail) from None


def _bare(key: str) -> str:
    """The draft standard writes the key as a quoted string, most clients write it bare: both name the same wish."""
    return key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key


def _refused(code: str, detail: str) -> ProblemException:
    return ProblemException(problem_of(400, detail, code=code, errors=(FieldError(POINTER, code, detail),)))

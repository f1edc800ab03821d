"""Hostile bodies end here, with a problem that says what was wrong and where, before any parser that trusts its input.

The gate reads the whole body (the cap depends on the path), so that what follows never waits for the network. Bodies
under paths that take JSON pass `json_screen`; other content types are only capped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from runtime.http.asgi import (
    ASGIApp,
    BodyIncomplete,
    BodyTooLarge,
    Message,
    Receive,
    Scope,
    Send,
    header,
    read_body,
)
from runtime.http.json_screen import UnsafeJson, screen_json
from runtime.http.problems import FieldError, Problem, problem_of, send_problem

BODY_BYTES_MAX: Final = 256 * 1024
HEADERS_MAX: Final = 100
HEADER_BYTES_MAX: Final = 32 * 1024  # room for a token of 8 KiB and a proxy's additions
JSON: Final = "application/json"

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class BodyRule(msgspec.Struct, frozen=True, kw_only=True):
    """What bodies under a path prefix may be. The longest matching prefix decides."""

    prefix: str = "/"
    bytes_max: int = BODY_BYTES_MAX
    content_types: tuple[str, ...] = (JSON,)


class _Refused(Exception):
    """Carries the problem out of the checks."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class BodyGate:
    """Refuses what `rules` do not allow: 400 for the text, 413 size, 415 encoding and type, 431 headers."""

    def __init__(self, app: ASGIApp, *, rules: Sequence[BodyRule] = ()) -> None:
        self._app = app
        self._rules = sorted([*rules, BodyRule()], key=lambda rule: -len(rule.prefix))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request and hand it on with its body already read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_headers(scope)
            if scope["method"] in _WITH_BODY:
                receive = await self._checked(scope, receive)
        except _Refused as refused:
            await send_problem(send, refused.problem)
            return
        await self._app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        rule = next(rule for rule in self._rules if scope["path"].startswith(rule.prefix))
        body = await _read(scope, receive, rule.bytes_max)
        if body:
            content_type = _check_content_type(scope, rule)
            if content_type == JSON:
                _check_json(body)
        return _replay(body, receive)


def _check_headers(scope: Scope) -> None:
    headers = scope["headers"]
    if len(headers) > HEADERS_MAX:
        raise _Refused(problem_of(431, f"more than {HEADERS_MAX} header lines"))
    if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES_MAX:
        raise _Refused(problem_of(431, f"the headers have more than {HEADER_BYTES_MAX} bytes"))


async def _read(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """Read the body; what is announced as too large is not read at all."""
    encoding = header(scope, b"content-encoding")
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise _Refused(problem_of(415, "send the body without Content-Encoding", code="content_encoding_refused"))
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > bytes_max:
        raise _too_large(bytes_max)
    try:
        return await read_body(receive, bytes_max)
    except BodyTooLarge:
        raise _too_large(bytes_max) from None
    except BodyIncomplete as incomplete:
        raise _Refused(problem_of(400, str(incomplete), code="incomplete_body")) from None


def _too_large(bytes_max: int) -> _Refused:
    return _Refused(problem_of(413, f"the body has more than {bytes_max} bytes; split it"))


def _check_content_type(scope: Scope, rule: BodyRule) -> str:
    sent = (header(scope, b"content-type") or b"").decode("latin-1")
    media_type, _, parameters = sent.partition(";")
    media_type = media_type.strip().lower()
    if media_type not in rule.content_types:
        accepted = " or ".join(rule.content_types)
        raise _Refused(problem_of(415, f"send the body with Content-Type {accepted}"))
    charset = parameters.strip().lower().replace('"', "")
    if media_type == JSON and charset not in ("", "charset=utf-8"):
        raise _Refused(problem_of(415, "JSON is sent as UTF-8; leave the charset away"))
    return media_type


def _check_json(body: bytes) -> None:
    try:
        screen_json(body)
    except UnsafeJson as unsafe:
        where = "" if unsafe.offset is None else f" (byte {unsafe.offset})"
        detail = unsafe.detail if "(byte " in unsafe.detail else unsafe.detail + where
        errors = (FieldError(pointer="", code=unsafe.code, detail=detail),)
        raise _Refused(problem_of(400, detail, code=unsafe.code, errors=errors)) from None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once and then whatever the server has to say (that the client left)."""
    pending: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replayed() -> Message:
        nonlocal pending
        if pending is not None:
            message, pending = pending, None
            return message
        return await receive()

    return replayed

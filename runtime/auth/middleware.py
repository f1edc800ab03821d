"""401 and 403: who is asking is settled before the request is read, what they may do at the handler.

The principal is found in `scope["principal"]`, a browser's session in `scope[SESSION]`. Tokens come in the
Authorization header only; a token in a query string would end up in logs.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from runtime.auth.claims import InvalidToken
from runtime.auth.principal import Principal
from runtime.auth.sessions import CrossSite, Sessions
from runtime.auth.tokens import TokenVerifier
from runtime.http.asgi import ASGIApp, Receive, Scope, Send, header
from runtime.http.framework import ProblemException
from runtime.http.problems import problem_of, send_problem

PUBLIC_PREFIXES: Final = ("/health/", "/metrics", "/schema")
REALM: Final = "bursar"
SESSION: Final = "browser_session"  # `session` is the framework's own

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


class Authenticate:
    """Puts the principal into the scope, or answers 401 with the reason and `WWW-Authenticate` (RFC 6750)."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: TokenVerifier,
        public_prefixes: Sequence[str] = PUBLIC_PREFIXES,
        public_paths: str | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        """Let paths through that begin like ``public_prefixes`` or are, whole, as the expression ``public_paths``.

        ``sessions``: whose cookie counts where no Authorization header is sent.
        """
        self._app = app
        self._verifier = verifier
        self._sessions = sessions
        self._public = tuple(public_prefixes)
        self._public_paths = None if public_paths is None else re.compile(public_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Verify the token or the session, and run the request as its principal."""
        if scope["type"] != "http" or self._is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            principal = self._principal_of(scope)
        except InvalidToken as refused:
            await _refuse(scope, send, refused)
            return
        except CrossSite as refused:
            await send_problem(send, problem_of(403, refused.detail, code=refused.code, instance=scope["path"]))
            return
        client = scope.get("client")
        scope["principal"] = msgspec.structs.replace(principal, address=client[0] if client else None)
        await self._app(scope, receive, send)

    def _principal_of(self, scope: Scope) -> Principal:
        if self._sessions is not None and header(scope, b"authorization") is None:
            session = self._sessions.find(scope)
            if session is not None:
                scope[SESSION] = session
                return session.principal()
        return self._verifier.verify(_bearer_token(scope))

    def _is_public(self, path: str) -> bool:
        if path.startswith(self._public):
            return True
        return self._public_paths is not None and self._public_paths.fullmatch(path) is not None


def require_scope(scope: str) -> Guard:
    """Return a Litestar guard: 403 `missing_scope`, naming the scope, unless the principal has it."""

    # Asynchronous although it waits for nothing: the framework runs synchronous guards in a thread, for 48 µs.
    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        if scope not in _principal_of(connection).scopes:
            raise scope_missing(scope)

    return guard


def scope_missing(scope: str) -> ProblemException:
    """Return the 403 `missing_scope` that names the scope."""
    challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{scope}"'
    problem = problem_of(403, f"the token does not grant the scope {scope!r}", code="missing_scope")
    return ProblemException(problem, headers={"www-authenticate": challenge})


def require_ledger(ledger: str) -> Guard:
    """Return a Litestar guard: 403 `ledger_not_granted` unless the token's `ledgers` name this process's ledger."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        if ledger not in _principal_of(connection).ledgers:
            detail = f"the token does not grant the ledger {ledger!r}"
            raise ProblemException(problem_of(403, detail, code="ledger_not_granted"))

    return guard


def require_authentication(acr: str, *, max_age_s: int, now: Callable[[], datetime]) -> Guard:
    """Return a Litestar guard: 401 `insufficient_user_authentication` (RFC 9470) unless the person behind the token

    proved who they are by ``acr`` within ``max_age_s``.
    """
    challenge = (
        f'Bearer realm="{REALM}", error="insufficient_user_authentication", '
        f'error_description="authenticate again", acr_values="{acr}", max_age="{max_age_s}"'
    )

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        principal = _principal_of(connection)
        at = principal.authenticated_at
        if principal.acr != acr or at is None or (now() - at).total_seconds() > max_age_s:
            detail = f"this needs a token with acr {acr}, authenticated within the last {max_age_s} s"
            problem = problem_of(401, detail, code="insufficient_user_authentication")
            raise ProblemException(problem, headers={"www-authenticate": challenge})

    return guard


def _principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    principal = connection.scope.get("principal")
    if not isinstance(principal, Principal):  # a route outside Authenticate: better refused than open
        raise ProblemException(problem_of(401, "this needs a token"), headers={"www-authenticate": _challenge(None)})
    return principal


def _bearer_token(scope: Scope) -> str:
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    if not sent:
        raise InvalidToken("missing_token", "send `Authorization: Bearer <token>`")
    if len(sent) > 1:
        raise InvalidToken("malformed_token", "send one Authorization header")
    scheme, _, token = str(sent[0], "latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("missing_token", "send `Authorization: Bearer <token>`")
    return token


async def _refuse(scope: Scope, send: Send, refused: InvalidToken) -> None:
    problem = problem_of(401, refused.detail, code=refused.code, instance=scope["path"])
    code = None if refused.code == "missing_token" else refused.code
    await send_problem(send, problem, headers={"www-authenticate": _challenge(code)})


def _challenge(code: str | None) -> str:
    """Write the challenge. Without any token RFC 6750 §3.1 asks for no error code."""
    challenge = f'Bearer realm="{REALM}"'
    return challenge if code is None else f'{challenge}, error="invalid_token", error_description="{code}"'

"""Logging in and out with a browser, and who is there.

Not under /v1: these are for browsers, and /auth/login and /auth/callback are met before anybody is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, quote

import msgspec
import structlog
from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from msgspec import Meta, Struct

from query_api.login.flow import Login
from query_api.login.page import POLICY, refusal_page
from query_api.login.refusals import LoginRefused
from query_api.metrics import QueryMetrics
from query_api.parameters import PARAMETERS_MAX, AnyRequest, Question, question_of
from runtime.auth.middleware import SESSION
from runtime.auth.principal import Principal
from runtime.auth.sessions import Session
from runtime.http.framework import ProblemException
from runtime.http.problems import problem_of

PREFIX: Final = "/auth"
PUBLIC_PATHS: Final = (f"{PREFIX}/login", f"{PREFIX}/callback")
HOME: Final = "/dashboard/"

# Our own pages and nothing else: one leading slash and a page of ours behind it, so that the browser stays here.
_OWN_PAGE: Final = r"^/(?:dashboard|docs)(?:[/?#][A-Za-z0-9._~%/?#=&:,@!$'()*+;-]*)?\Z"
ReturnTo = Annotated[str, Meta(pattern=_OWN_PAGE, max_length=1024, description="The page of ours to go on with.")]

_NOT_KEPT: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}

_log = structlog.get_logger(__name__)


class AboutLogin(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A login. ``return_to``: one of our own pages."""

    return_to: ReturnTo = HOME


class WhoIsThere(Struct, frozen=True, kw_only=True):
    """The person or program behind a request. By bearer token there is no `csrf_token`: none is needed."""

    subject: str
    name: str | None
    tenant: str
    ledgers: Sequence[str]
    scopes: Sequence[str]
    csrf_token: str | None
    expires_at: str | None


class LoggedOut(Struct, frozen=True, kw_only=True):
    """``next``: where the browser goes, so that the identity provider's own session ends as well."""

    next: str


def login_routes(login: Login, *, public_url: str, metrics: QueryMetrics) -> Router:
    """Make the routes. ``public_url``: scheme, host and port of these pages."""
    scheme, _, host = public_url.partition("://")
    # A development machine has several names, and the cookie of a login counts on one. Elsewhere a proxy stands before
    # us, and the name that it calls us by means nothing.
    has_other_names = scheme == "http"

    @get("/login")
    async def begin_login(request: AnyRequest) -> Response[bytes]:
        asked = question_of(request, AboutLogin)
        if has_other_names and request.headers.get("host") != host:
            return _redirect(f"{public_url}{PREFIX}/login?return_to={quote(asked.return_to, safe='')}")
        try:
            target, cookie = await login.begin(asked.return_to)
        except LoginRefused as refused:
            return _refusal(refused, metrics)
        return _redirect(target, cookie)

    @get("/callback")
    async def complete_login(request: AnyRequest) -> Response[bytes]:
        try:
            answer = _answer_of(request.scope["query_string"])
            granted = await login.complete(answer, request.scope)  # type: ignore[arg-type]  # an ASGI scope
        except LoginRefused as refused:
            return _refusal(refused, metrics)
        metrics.logins.labels("succeeded").inc()
        return _redirect(granted.return_to, *granted.cookies)

    @post("/logout", status_code=HTTPStatus.OK)
    async def end_login(request: AnyRequest) -> Response[bytes]:
        session = _session_of(request)
        if session is None:
            raise ProblemException(problem_of(400, "a bearer token has no session to end", code="no_session"))
        cookie, target = await login.end(session, home=public_url + HOME)
        return _json(LoggedOut(next=target), cookie)

    @get("/me")
    async def read_me(request: AnyRequest) -> Response[bytes]:
        return _json(_who(request))

    return Router(PREFIX, route_handlers=[begin_login, complete_login, end_login, read_me], include_in_schema=False)


def _answer_of(query_string: bytes) -> dict[str, str]:
    """Read the provider's answer; parameters that we do not know are its own affair. Raises LoginRefused."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), max_num_fields=PARAMETERS_MAX, errors="strict")
    except ValueError as error:
        raise LoginRefused("unreadable_answer", "the answer cannot be read") from error
    answer = dict(pairs)
    if len(answer) != len(pairs):
        raise LoginRefused("unreadable_answer", "the answer says something twice")
    return answer


def _who(request: Request[Any, Any, Any]) -> WhoIsThere:
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    session = _session_of(request)
    return WhoIsThere(
        subject=principal.subject,
        name=session.name if session else None,
        tenant=principal.tenant,
        ledgers=sorted(principal.ledgers),
        scopes=sorted(principal.scopes),
        csrf_token=session.csrf_token if session else None,
        expires_at=session.expires_at.isoformat().replace("+00:00", "Z") if session else None,
    )


def _session_of(request: Request[Any, Any, Any]) -> Session | None:
    session: Session | None = request.scope.get(SESSION)  # type: ignore[assignment]  # put there by Authenticate
    return session


def _refusal(refused: LoginRefused, metrics: QueryMetrics) -> Response[bytes]:
    _log.warning("login_refused", code=refused.code, detail=refused.detail)
    metrics.logins.labels("refused").inc()
    return Response(
        refusal_page(refused).encode(),
        status_code=refused.status,
        media_type="text/html; charset=utf-8",
        headers={**_NOT_KEPT, "content-security-policy": POLICY},
    )


def _json(view: Struct, *cookies: Cookie) -> Response[bytes]:
    return Response(msgspec.json.encode(view), media_type="application/json", headers=_NOT_KEPT, cookies=cookies)


def _redirect(target: str, *cookies: Cookie) -> Response[bytes]:
    headers = {**_NOT_KEPT, "location": target}
    return Response(b"", status_code=HTTPStatus.SEE_OTHER, headers=headers, cookies=cookies)

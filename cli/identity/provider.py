"""An OpenID provider for development: whoever opens its page chooses a role, and is believed.

    GET  /.well-known/openid-configuration
    GET  /authorize    the page
    GET  /choose       a role was chosen: back to the client with a code
    POST /token        a code, once, for an ID token and an access token
    GET  /logout       there is no session here to end: back to the client's page

It listens on this machine alone, sends browsers back to this machine alone, and refuses to exist in production.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from cli.devstack.identity import LEDGER
from cli.devstack.state import DataDir
from cli.identity.roles import ROLES
from runtime.auth import DevIssuer
from runtime.clock import Clock, SystemClock
from runtime.health import Health
from runtime.http.asgi import ASGIApp, BodyIncomplete, BodyTooLarge, Receive, Scope, Send, read_body
from runtime.ids import new_url_token
from runtime.logs import configure_logging
from runtime.metrics import create_registry
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

LOOPBACK: Final = "127.0.0.1"
TENANT: Final = "local"
CALLBACK_PATH: Final = "/auth/callback"
CODE_S_MAX: Final = 60.0
CODES_MAX: Final = 1_000
TOKEN_LIFETIME_S: Final = 600
FORM_BYTES_MAX: Final = 8_192
FIELDS_MAX: Final = 32

_ASKED: Final = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")
_SUBJECT: Final = re.compile(r"[a-z][a-z0-9._-]{0,39}")
_ORIGIN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Choose a role</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
button {{ display: block; width: 100%; margin: .5rem 0; padding: .75rem 1rem; font: inherit; text-align: left; }}
small {{ color: #555; display: block; }}
</style>
</head>
<body>
<main>
<h1>Choose a role</h1>
<p>This identity provider is for development: it believes whoever asks.</p>
<form method="get" action="/choose">
{hidden}
<p><label>Name to act under, for what takes two people
<input name="subject" pattern="[a-z][a-z0-9._\\-]*" maxlength="40" placeholder="the role's own"></label></p>
{buttons}
</form>
</main>
</body>
</html>
"""


class _Refused(Exception):
    """A request that is not answered as wished: an OAuth error code and a sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class _Code(msgspec.Struct, frozen=True, kw_only=True):
    """What a code stands for."""

    role: str
    subject: str
    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str
    expires_at: float


class IdentityProvider:
    """The provider as an ASGI application."""

    def __init__(self, issuer: DevIssuer, *, clock: Clock, tenant: str = TENANT, ledger: str = LEDGER) -> None:
        """``issuer`` signs; being one of development, it cannot exist in production."""
        self._issuer = issuer
        self._clock = clock
        self._tenant = tenant
        self._ledger = ledger
        self._codes: dict[str, _Code] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except _Refused as refused:
            said = {"error": refused.error, "error_description": refused.description}
            await _send(send, 400, _JSON, msgspec.json.encode(said))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], scope["path"]:
            case "GET", "/.well-known/openid-configuration":
                await _send(send, 200, _JSON, msgspec.json.encode(self._metadata(scope)))
            case "GET", "/jwks":
                await _send(send, 200, _JSON, self._issuer.jwks_file.read_bytes())
            case "GET", "/authorize":
                asked = _checked(_fields(scope["query_string"]))
                await _send(send, 200, _HTML, _page(asked).encode(), policy=_policy(asked["redirect_uri"]))
            case "GET", "/choose":
                await _redirect(send, self._choose(_fields(scope["query_string"])))
            case "GET", "/logout":
                target = _fields(scope["query_string"]).get("post_logout_redirect_uri", "")
                await _redirect(send, _own_machine(target))
            case "POST", "/token":
                try:
                    form = await read_body(receive, FORM_BYTES_MAX)
                except (BodyTooLarge, BodyIncomplete) as error:
                    raise _Refused("invalid_request", str(error)) from error
                await _send(send, 200, _JSON, msgspec.json.encode(self._exchange(_fields(form))))
            case _:
                await _send(send, 404, "text/plain", b"nothing is here")

    def _metadata(self, scope: Scope) -> dict[str, object]:
        host, port = scope["server"]
        here = f"http://{host}:{port}"
        return {
            "issuer": self._issuer.issuer,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "end_session_endpoint": f"{here}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["Ed25519"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _choose(self, fields: dict[str, str]) -> str:
        """Return where the browser goes with its code."""
        asked = _checked({"response_type": "code", "code_challenge_method": "S256", "scope": "openid", **fields})
        role, subject = fields.get("role", ""), fields.get("subject") or fields.get("role", "")
        if role not in ROLES or not _SUBJECT.fullmatch(subject):
            raise _Refused("invalid_request", "choose one of the roles, and a name of lower-case letters and digits")
        now = self._clock.monotonic()
        self._codes = {code: held for code, held in self._codes.items() if held.expires_at > now}
        if len(self._codes) >= CODES_MAX:
            raise _Refused("temporarily_unavailable", f"{CODES_MAX} codes are on their way already")
        code = new_url_token()
        self._codes[code] = _Code(
            role=role,
            subject=subject,
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            nonce=asked["nonce"],
            challenge=asked["code_challenge"],
            expires_at=now + CODE_S_MAX,
        )
        said = {"code": code, "state": asked["state"], "iss": self._issuer.issuer}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def _exchange(self, form: dict[str, str]) -> dict[str, object]:
        """Give tokens for a code; whatever is said with it, a code serves once."""
        code = self._codes.pop(form.get("code", ""), None)
        if form.get("grant_type") != "authorization_code" or code is None or code.expires_at <= self._clock.monotonic():
            raise _Refused("invalid_grant", "no such code: it serves once, and for a minute")
        if (form.get("client_id"), form.get("redirect_uri")) != (code.client_id, code.redirect_uri):
            raise _Refused("invalid_grant", "the code was given to another client or address")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, code.challenge):
            raise _Refused("invalid_grant", "the code verifier does not fit the challenge")
        role = ROLES[code.role]
        name = role.title if code.subject == code.role else f"{code.subject} ({role.title})"
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME_S,
            "access_token": self._issuer.issue(
                code.subject, self._tenant, role.scopes, [self._ledger], TOKEN_LIFETIME_S
            ),
            "id_token": self._issuer.issue_id_token(
                code.subject, code.client_id, nonce=code.nonce, name=name, lifetime_s=TOKEN_LIFETIME_S
            ),
        }


async def run(*, port: int, data_dir: Path, environment: str) -> int:
    """Run until SIGTERM; return the exit status. Raises PermissionError in production, server.CannotServe."""
    configure_logging("identity", "info")
    shutdown, clock = Shutdown(), SystemClock()
    shutdown.listen()
    app: ASGIApp = IdentityProvider(DevIssuer(DataDir(data_dir).issuer, environment=environment), clock=clock)
    served = ops_app(Health(), create_registry(), app=app)
    return await supervise({"http": serve_http(served, host=LOOPBACK, port=port, shutdown=shutdown)}, shutdown)


def _checked(fields: dict[str, str]) -> dict[str, str]:
    """Return what an authorization request asks. Raises _Refused for one that OpenID Connect with PKCE refuses."""
    if fields.get("response_type") != "code" or fields.get("code_challenge_method") != "S256":
        raise _Refused("invalid_request", "only the response type code with PKCE and S256")
    if "openid" not in fields.get("scope", "").split(" "):
        raise _Refused("invalid_scope", "ask for the scope openid")
    missing = [name for name in _ASKED if not fields.get(name)]
    if missing:
        raise _Refused("invalid_request", f"missing: {', '.join(missing)}")
    if urlsplit(_own_machine(fields["redirect_uri"])).path != CALLBACK_PATH:
        raise _Refused("invalid_request", f"the redirect_uri ends in {CALLBACK_PATH}")
    return {name: fields[name] for name in _ASKED}


def _own_machine(url: str) -> str:
    """Return an address of this machine. Raises _Refused for any other."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _Refused("invalid_request", "an address that cannot be read") from error
    if parts.scheme != "http" or host not in _ORIGIN_HOSTS or "@" in parts.netloc or not url.isprintable():
        raise _Refused("invalid_request", "browsers are sent back to this machine only")
    return url


def _fields(encoded: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(encoded.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict"))
    except ValueError as error:
        raise _Refused("invalid_request", "fields that cannot be read") from error


def _page(asked: dict[str, str]) -> str:
    hidden = "\n".join(f'<input type="hidden" name="{name}" value="{escape(asked[name])}">' for name in _ASKED)
    buttons = "\n".join(
        f'<button name="role" value="{name}">{escape(role.title)}<small>{escape(role.purpose)}</small></button>'
        for name, role in ROLES.items()
    )
    return _PAGE.format(hidden=hidden, buttons=buttons)


def _policy(redirect_uri: str) -> str:
    """The page loads nothing; its form goes here and, redirected, to the client."""
    parts = urlsplit(redirect_uri)
    back = f"{parts.scheme}://{parts.netloc}"
    return f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {back}; frame-ancestors 'none'"


async def _redirect(send: Send, target: str) -> None:
    await _send(send, 303, _HTML, b"", location=target)


async def _send(
    send: Send, status: int, media_type: str, body: bytes, *, policy: str | None = None, location: str | None = None
) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if policy is not None:
        headers.append((b"content-security-policy", policy.encode()))
    if location is not None:
        headers.append((b"location", location.encode("latin-1")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""One login: a redirect to the identity provider, its answer, a session.

What the answer is checked against (state, nonce, code verifier) waits in a sealed cookie of this one login, so that
an answer counts only in the browser that asked for it, and nothing is kept here for those who never come back.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
import structlog
from litestar.datastructures import Cookie

from query_api.login.provider import Client, Metadata, Provider, Tokens
from query_api.login.refusals import LoginRefused
from runtime.auth import InvalidToken, KeySource, Principal, Sessions, TokenVerifier
from runtime.auth.id_tokens import IdToken, read_id_token
from runtime.auth.sealed_cookies import CookieTooLarge, cookie_for, cookie_in
from runtime.auth.sessions import Ended, Session
from runtime.clock import Clock
from runtime.http.asgi import Scope
from runtime.ids import new_url_token

LOGIN_S_MAX: Final = 600  # from the first redirect to the answer
PURPOSE: Final = "login"
CALLBACK_PATH: Final = "/auth/callback"
STATE_CHARS_IN_NAME: Final = 8
STATE_CHARS: Final = 43
CODE_CHARS_MAX: Final = 4096

_log = structlog.get_logger(__name__)


class Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a browser keeps between the first redirect and the answer."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    expires_s: int


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """A login that succeeded: where to go on, and the cookies to set."""

    return_to: str
    cookies: tuple[Cookie, ...]


class LoginRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a login is checked by. ``from_id_token``: roles are claims of the ID token, else of the access token."""

    issuer: str
    client: Client
    requested_scope: str
    from_id_token: bool


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Attempt).decode


class Login:
    """Logs browsers in and out."""

    def __init__(
        self,
        provider: Provider,
        rules: LoginRules,
        *,
        sessions: Sessions,
        verifier: TokenVerifier,
        keys: KeySource,
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._sessions = sessions
        self._verifier = verifier
        self._keys = keys
        self._clock = clock
        self._answered = Ended(clock)

    async def begin(self, return_to: str) -> tuple[str, Cookie]:
        """Return where to send the browser, and the cookie of this login. Raises LoginRefused."""
        metadata = await self._provider.metadata()
        attempt = Attempt(
            state=new_url_token(),
            nonce=new_url_token(),
            verifier=new_url_token(),
            return_to=return_to,
            expires_s=int(self._clock.now().timestamp()) + LOGIN_S_MAX,
        )
        challenge = urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._rules.client.client_id,
            "redirect_uri": self._rules.client.redirect_uri,
            "scope": self._rules.requested_scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        cookie = self._cookie(attempt.state, self._sessions.seal.seal(_encode(attempt), purpose=PURPOSE), LOGIN_S_MAX)
        return f"{metadata.authorization_endpoint}{separator}{urlencode(asked)}", cookie

    async def complete(self, answer: Mapping[str, str], scope: Scope) -> Granted:
        """Check the provider's answer and begin a session. Raises LoginRefused."""
        attempt = self._attempt_of(answer, scope)
        metadata = await self._provider.metadata()
        code = self._code_of(answer, metadata)
        self._answered.add(attempt.state, until_s=attempt.expires_s)
        tokens = await self._provider.exchange(code, verifier=attempt.verifier)
        try:
            id_token = read_id_token(
                self._keys,
                tokens.id_token,
                issuer=self._rules.issuer,
                client_id=self._rules.client.client_id,
                nonce=attempt.nonce,
                now_s=self._clock.now().timestamp(),
            )
            principal = self._principal_of(tokens, id_token)
            session, cookie = self._sessions.begin(principal, name=id_token.shown_name)
        except InvalidToken as refused:
            raise LoginRefused(refused.code, f"the provider's answer is refused: {refused.detail}") from refused
        except CookieTooLarge as large:
            raise LoginRefused("session_too_large", f"too many scopes and ledgers for a cookie: {large}") from large
        _log.info(
            "login_succeeded",
            session=session.id,
            subject=session.subject,
            tenant=session.tenant,
            scopes=" ".join(session.scopes),
            expires_s=session.expires_s,
        )
        return Granted(return_to=attempt.return_to, cookies=(cookie, self._cookie(attempt.state, "", 0)))

    async def end(self, session: Session, *, home: str) -> tuple[Cookie, str]:
        """End a session; returns the cookie that forgets it, and where the provider's own session ends."""
        cookie = self._sessions.end(session)
        _log.info("logged_out", session=session.id, subject=session.subject)
        try:
            metadata = await self._provider.metadata()
        except LoginRefused:
            return cookie, home
        if metadata.end_session_endpoint is None:
            return cookie, home
        separator = "&" if "?" in metadata.end_session_endpoint else "?"
        asked = urlencode({"client_id": self._rules.client.client_id, "post_logout_redirect_uri": home})
        return cookie, f"{metadata.end_session_endpoint}{separator}{asked}"

    def _attempt_of(self, answer: Mapping[str, str], scope: Scope) -> Attempt:
        """Find the login that an answer belongs to, in the cookies of the browser that brings it."""
        state = answer.get("state", "")
        if len(state) != STATE_CHARS or not state.isascii():
            raise LoginRefused("wrong_state", "the answer belongs to no login that began here")
        value = cookie_in(scope, self._cookie_name(state))
        content = None if value is None else self._sessions.seal.open(value, purpose=PURPOSE)
        try:
            attempt = None if content is None else _decode(content)
        except msgspec.MsgspecError:  # sealed by another release
            attempt = None
        if attempt is None or not hmac.compare_digest(attempt.state, state):
            raise LoginRefused("wrong_state", "the answer belongs to no login that began in this browser")
        if attempt.expires_s <= self._clock.now().timestamp():
            raise LoginRefused("login_expired", f"a login takes at most {LOGIN_S_MAX} s; begin again")
        if attempt.state in self._answered:
            raise LoginRefused("login_answered", "this answer was used before; log in again")
        return attempt

    def _code_of(self, answer: Mapping[str, str], metadata: Metadata) -> str:
        issuer = answer.get("iss")
        if issuer != self._rules.issuer and (
            issuer is not None or metadata.authorization_response_iss_parameter_supported
        ):
            raise LoginRefused("wrong_issuer", "the answer is not of our identity provider")
        if "error" in answer:
            raise LoginRefused("provider_refused", "the identity provider did not log you in")
        code = answer.get("code", "")
        if not 1 <= len(code) <= CODE_CHARS_MAX:
            raise LoginRefused("no_code", "the answer carries no code")
        return code

    def _principal_of(self, tokens: Tokens, id_token: IdToken) -> Principal:
        if self._rules.from_id_token:
            return id_token.principal()
        principal = self._verifier.verify(tokens.access_token)
        if principal.subject != id_token.sub:
            raise InvalidToken("wrong_subject", "access token and ID token are about two people")
        return principal

    def _cookie_name(self, state: str) -> str:
        """Name the cookie of one login: several may be on their way, in several tabs."""
        prefix = "__Secure-" if self._sessions.is_secure else ""
        return f"{prefix}bursar_login_{state[:STATE_CHARS_IN_NAME]}"

    def _cookie(self, state: str, value: str, lifetime_s: int) -> Cookie:
        return cookie_for(
            self._cookie_name(state), value, path=CALLBACK_PATH, lifetime_s=lifetime_s, secure=self._sessions.is_secure
        )

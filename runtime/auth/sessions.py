"""A browser's session: who logged in, kept in an encrypted cookie and in no store.

    session → principal     for Authenticate, in place of a bearer token
    CSRF                    a request that changes something carries the session's own token in a header, and comes
                            from our own pages

A session ends by its life, which is bounded, or by logging out. What was ended before its time is remembered by the
process that ended it; another process of the same API learns of it when the session's life is over.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

import msgspec
from litestar.datastructures import Cookie

from runtime.auth.claims import InvalidToken
from runtime.auth.principal import Principal
from runtime.auth.sealed_cookies import Seal, cookie_for, cookie_in
from runtime.clock import Clock
from runtime.http.asgi import Scope, header
from runtime.ids import new_opaque_id, new_url_token

PURPOSE: Final = "session"
COOKIE: Final = "bursar_session"
CSRF_HEADER: Final = "x-csrf-token"
HOST_PREFIX: Final = "__Host-"  # a browser takes such a cookie only from this very host, and only over TLS
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ENDED_MAX: Final = 10_000  # what a process remembers; beyond it the oldest is forgotten


class CrossSite(Exception):
    """A request by cookie that may not be the person's own wish: `code` is stable and safe to show."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Session(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a session cookie holds; times in seconds since 1970. Sealed cookies depend on the order of the fields."""

    id: str
    subject: str
    tenant: str
    scopes: tuple[str, ...]
    ledgers: tuple[str, ...]
    csrf_token: str
    expires_s: int
    name: str | None = None
    acr: str | None = None
    authenticated_s: int | None = None

    @property
    def expires_at(self) -> datetime:
        """When it is over."""
        return datetime.fromtimestamp(self.expires_s, UTC)

    def principal(self) -> Principal:
        """Whom the session describes."""
        return Principal(
            subject=self.subject,
            tenant=self.tenant,
            scopes=frozenset(self.scopes),
            ledgers=frozenset(self.ledgers),
            acr=self.acr,
            authenticated_at=(
                None if self.authenticated_s is None else datetime.fromtimestamp(self.authenticated_s, UTC)
            ),
        )


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Session).decode


class Ended:
    """Ids that must not be used again, until they would have expired anyway. Bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[str, int] = OrderedDict()

    def add(self, identifier: str, *, until_s: int) -> None:
        """Remember an id, and forget those whose time is over."""
        now_s = self._clock.now().timestamp()
        while self._until and (len(self._until) >= ENDED_MAX or next(iter(self._until.values())) <= now_s):
            self._until.popitem(last=False)
        self._until[identifier] = until_s

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._until


class Sessions:
    """Begins, reads and ends the sessions of one API."""

    def __init__(self, seal: Seal, *, clock: Clock, origin: str, lifetime_s: int) -> None:
        """``origin``: scheme, host and port of our own pages; with https the cookies travel over TLS only."""
        self.seal = seal
        self._clock = clock
        self._origin = origin
        self._lifetime_s = lifetime_s
        self._ended = Ended(clock)
        self.is_secure = origin.startswith("https://")
        self.cookie_name = HOST_PREFIX + COOKIE if self.is_secure else COOKIE

    def begin(self, principal: Principal, *, name: str | None) -> tuple[Session, Cookie]:
        """Make a session and its cookie. Raises sealed_cookies.CookieTooLarge."""
        at = principal.authenticated_at
        session = Session(
            id=new_opaque_id("session"),
            subject=principal.subject,
            tenant=principal.tenant,
            scopes=tuple(sorted(principal.scopes)),
            ledgers=tuple(sorted(principal.ledgers)),
            csrf_token=new_url_token(),
            expires_s=int(self._clock.now().timestamp()) + self._lifetime_s,
            name=name,
            acr=principal.acr,
            authenticated_s=None if at is None else int(at.timestamp()),
        )
        value = self.seal.seal(_encode(session), purpose=PURPOSE)
        return session, self._cookie(value, self._lifetime_s)

    def end(self, session: Session) -> Cookie:
        """End a session; returns the cookie that makes the browser forget it."""
        self._ended.add(session.id, until_s=session.expires_s)
        return self._cookie("", 0)

    def find(self, scope: Scope) -> Session | None:
        """Return the session of a request; None when it carries no cookie of ours.

        Raises InvalidToken for one that we did not make, that expired or was ended; CrossSite for a request that
        would change something and lacks the CSRF token, or comes from another site.
        """
        value = cookie_in(scope, self.cookie_name)
        if value is None:
            return None
        content = self.seal.open(value, purpose=PURPOSE)
        try:
            session = None if content is None else _decode(content)
        except msgspec.MsgspecError:  # sealed by another release
            session = None
        if session is None:
            raise InvalidToken("invalid_session", "the session cannot be read; log in again")
        if session.expires_s <= self._clock.now().timestamp() or session.id in self._ended:
            raise InvalidToken("expired_session", "the session is over; log in again")
        if scope["method"] not in SAFE_METHODS:
            self._require_own_wish(scope, session)
        return session

    def _require_own_wish(self, scope: Scope, session: Session) -> None:
        sent_from = header(scope, b"origin")
        if sent_from is not None and sent_from.decode("latin-1") != self._origin:
            raise CrossSite("wrong_origin", "requests with a session's cookie come from our own pages only")
        token = header(scope, CSRF_HEADER.encode())
        if token is None:
            raise CrossSite("csrf_token_missing", f"send the session's csrf_token in the header {CSRF_HEADER}")
        if not hmac.compare_digest(token, session.csrf_token.encode()):
            raise CrossSite("csrf_token_wrong", f"the header {CSRF_HEADER} is not this session's csrf_token")

    def _cookie(self, value: str, lifetime_s: int) -> Cookie:
        return cookie_for(self.cookie_name, value, path="/", lifetime_s=lifetime_s, secure=self.is_secure)

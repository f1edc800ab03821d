"""Sessions in sealed cookies: their life, their keys, and what is no session of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.auth import InvalidToken, Principal, Sessions
from runtime.auth.id_tokens import IdToken
from runtime.auth.sealed_cookies import COOKIE_CHARS_MAX, BadKeys, CookieTooLarge, Seal, read_seal
from runtime.auth.sessions import ENDED_MAX, CrossSite, Ended
from runtime.clock import FixedClock

ORIGIN = "https://bursar.example.com"
LIFE_S = 3600
OLD, NEW = b"o" * 32, b"n" * 32
RITA = Principal(
    subject="rita",
    tenant="t1",
    scopes=frozenset({"payments:read"}),
    ledgers=frozenset({"main"}),
    acr="urn:sca",
    authenticated_at=datetime(2026, 3, 1, tzinfo=UTC),
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


def sessions_of(clock: FixedClock, *keys: bytes, origin: str = ORIGIN) -> Sessions:
    return Sessions(Seal(keys or (NEW,)), clock=clock, origin=origin, lifetime_s=LIFE_S)


def request(sessions: Sessions, value: str | None, method: str = "GET", **headers: str) -> dict[str, Any]:
    """A request with a session's cookie."""
    lines = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"method": method, "headers": [*lines, (b"cookie", f"{sessions.cookie_name}={value}".encode())]}


def test_a_session_is_whom_it_was_begun_for(clock: FixedClock) -> None:
    """All that routes ask of a principal survives the cookie; over TLS no other host can set it."""
    sessions = sessions_of(clock)
    session, cookie = sessions.begin(RITA, name="Rita")
    found = sessions.find(request(sessions, cookie.value))
    assert found == session
    assert found is not None
    assert found.principal() == RITA
    assert sessions.cookie_name.startswith("__Host-")
    assert (cookie.secure, cookie.httponly, cookie.samesite, cookie.path, cookie.max_age) == (
        *(True, True, "lax", "/"),
        LIFE_S,
    )
    assert not sessions_of(clock, origin="http://127.0.0.1:8081").begin(RITA, name=None)[1].secure


def test_a_session_ends_with_its_life(clock: FixedClock) -> None:
    """To the second, whatever the browser still keeps."""
    sessions = sessions_of(clock)
    _, cookie = sessions.begin(RITA, name=None)
    clock.advance(LIFE_S - 1)
    assert sessions.find(request(sessions, cookie.value)) is not None
    clock.advance(1)
    with pytest.raises(InvalidToken, match="expired_session"):
        sessions.find(request(sessions, cookie.value))


def test_a_session_that_was_ended_is_over(clock: FixedClock) -> None:
    sessions = sessions_of(clock)
    session, cookie = sessions.begin(RITA, name=None)
    assert sessions.end(session).max_age == 0
    with pytest.raises(InvalidToken, match="expired_session"):
        sessions.find(request(sessions, cookie.value))


def test_keys_are_exchanged_while_sessions_last(clock: FixedClock) -> None:
    """The newest key seals, older ones still open; without the old one everybody logs in again."""
    _, cookie = sessions_of(clock, OLD).begin(RITA, name=None)
    for keys, is_known in (((NEW, OLD), True), ((OLD,), True), ((NEW,), False)):
        sessions = sessions_of(clock, *keys)
        if is_known:
            assert sessions.find(request(sessions, cookie.value)) is not None
        else:
            with pytest.raises(InvalidToken, match="invalid_session"):
                sessions.find(request(sessions, cookie.value))
    _, fresh = sessions_of(clock, NEW, OLD).begin(RITA, name=None)
    alone = sessions_of(clock, NEW)
    assert alone.find(request(alone, fresh.value)) is not None


def test_what_was_sealed_for_something_else_is_no_session(clock: FixedClock) -> None:
    """Nor what another release sealed with other fields."""
    sessions = sessions_of(clock)
    _, cookie = sessions.begin(RITA, name=None)
    assert cookie.value is not None
    content = sessions.seal.open(cookie.value, purpose="session")
    assert content is not None
    assert sessions.seal.open(cookie.value, purpose="login") is None
    for value in (sessions.seal.seal(content, purpose="login"), sessions.seal.seal(b"\x90", purpose="session")):
        with pytest.raises(InvalidToken, match="invalid_session"):
            sessions.find(request(sessions, value))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_changes_something_needs_the_token(clock: FixedClock, method: str) -> None:
    sessions = sessions_of(clock)
    session, cookie = sessions.begin(RITA, name=None)
    with pytest.raises(CrossSite, match="csrf_token_missing"):
        sessions.find(request(sessions, cookie.value, method))
    token = session.csrf_token
    assert sessions.find(request(sessions, cookie.value, method, x_csrf_token=token, origin=ORIGIN)) == session
    with pytest.raises(CrossSite, match="wrong_origin"):
        sessions.find(request(sessions, cookie.value, method, x_csrf_token=token, origin="https://elsewhere.example"))
    other, _ = sessions.begin(RITA, name=None)
    with pytest.raises(CrossSite, match="csrf_token_wrong"):
        sessions.find(request(sessions, cookie.value, method, x_csrf_token=other.csrf_token))


def test_what_does_not_fit_into_a_cookie_is_not_cut(clock: FixedClock) -> None:
    """A session that lacks a scope would be a riddle."""
    many = Principal(subject="s", tenant="t", scopes=frozenset(f"{'scope' * 20}:{number}" for number in range(60)))
    with pytest.raises(CookieTooLarge, match=str(COOKIE_CHARS_MAX)):
        sessions_of(clock).begin(many, name=None)


def test_ended_ids_are_forgotten_when_their_time_is_over_and_never_too_many(clock: FixedClock) -> None:
    ended = Ended(clock)
    now_s = int(clock.now().timestamp())
    ended.add("soon", until_s=now_s + 1)
    clock.advance(2)
    for number in range(ENDED_MAX):
        ended.add(str(number), until_s=now_s + LIFE_S)
    assert "soon" not in ended
    assert "0" in ended
    ended.add("one more", until_s=now_s + LIFE_S)
    assert "0" not in ended
    assert "one more" in ended


@pytest.mark.parametrize(
    "content", ["", "ab", "zz" * 32, "é", f"{'a' * 64}\nab", "\n".join(["a" * 64] * 9), "a" * 5000]
)
def test_a_file_of_keys_is_keys_and_nothing_else(tmp_path: Path, content: str) -> None:
    """What is wrong is said without repeating it."""
    path = tmp_path / "keys"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadKeys) as refused:
        read_seal(path)
    assert "aaaa" not in str(refused.value)
    with pytest.raises(BadKeys, match="cannot read"):
        read_seal(tmp_path / "missing")


def test_an_id_token_may_carry_what_a_person_may_do() -> None:
    """For providers that put it there; one that says nothing grants nothing."""
    claims = b'{"iss":"i","aud":"c","exp":2,"iat":1,"sub":"rita","nonce":"n"%s}'
    token = {"iss": "i", "aud": "c", "sub": "rita", "exp": 2, "iat": 1, "nonce": "n"}
    more = b',"tenant":"t1","scope":"payments:read","ledgers":["main"]'
    principal = IdToken(**token, payload=claims % more).principal()  # type: ignore[arg-type]
    assert (principal.tenant, principal.scopes) == ("t1", frozenset({"payments:read"}))
    with pytest.raises(InvalidToken, match="tenant"):
        IdToken(**token, payload=claims % b"").principal()  # type: ignore[arg-type]

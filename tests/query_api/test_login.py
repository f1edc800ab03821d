"""Logging in with a browser, end to end against the development provider, and what must log nobody in."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from cli.identity.roles import ROLES
from tests.query_api.browsers import PUBLIC_URL, Browser, browser_at
from tests.query_api.windows import Window

SESSION = "bursar_session"


@pytest.fixture
async def browser(window: Window) -> AsyncIterator[Browser]:
    """A browser that knows nobody yet."""
    async with browser_at(window) as opened:
        yield opened


async def refused(answer: httpx2.Response, status: int, code: str) -> None:
    """Expect a problem."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def page_refused(browser: Browser, answer: httpx2.Response, code: str) -> None:
    """Expect the page with a reason, and no session."""
    assert f"<code>{code}</code>" in answer.text, answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert SESSION not in browser.client.cookies


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_logs_in_and_may_do_what_its_scopes_say(browser: Browser, role: str) -> None:
    """The cookie stands in for a bearer token: scopes, ledger and tenant are those of the provider's token."""
    answer = await browser.log_in(role)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/")
    me = await browser.me()
    assert (me["subject"], me["name"], me["tenant"]) == (role, ROLES[role].title, "local")
    assert me["ledgers"] == ["window"]
    assert me["scopes"] == sorted(ROLES[role].scopes)
    assert me["csrf_token"]
    assert me["expires_at"].endswith("Z")
    for path, scope in (
        ("/v1/accounts", "accounts:read"),
        ("/v1/totals", "reports:read"),
        ("/v1/status", "status:read"),
    ):
        expected = 200 if scope in ROLES[role].scopes else 403
        assert (await browser.client.get(path)).status_code == expected, path


async def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(browser: Browser) -> None:
    """HttpOnly, SameSite=Lax, bounded; the session's whole content is unreadable."""
    answer = await browser.log_in("support")
    session, login = (line for line in answer.headers.get_list("set-cookie"))
    assert session.startswith(f"{SESSION}=")
    for line in (session, login):
        assert "HttpOnly" in line
        assert "SameSite=lax" in line
        assert "Max-Age=" in line
    value = session.partition("=")[2].partition(";")[0]
    assert b"support" not in base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    assert "Path=/auth/callback" in login
    assert "Max-Age=0" in login
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_login_goes_on_with_the_page_it_began_at(browser: Browser) -> None:
    answer = await browser.log_in("support", return_to="/dashboard/payments?status=PDNG#first")
    assert answer.headers["location"] == "/dashboard/payments?status=PDNG#first"


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/", "//elsewhere.example/dashboard/", "/\\elsewhere.example",
        "/dashboard\\@elsewhere", "dashboard/", "/dashboardelsewhere", "/v1/accounts", "/auth/logout",
        "javascript:alert(1)", "", "/dashboard/\r\nset-cookie: a=b", "/dashboard/\t", "/" + "/dashboard/",
    ],
)  # fmt: skip
async def test_a_login_never_leads_to_a_page_of_somebody_else(browser: Browser, target: str) -> None:
    """An open redirect would lend our name to a false login page."""
    answer = await browser.client.get("/auth/login", params={"return_to": target})
    await refused(answer, 400, "invalid_parameter")


async def test_a_login_that_begins_under_another_name_of_this_host_goes_on_under_ours(window: Window) -> None:
    """Cookies belong to one host: set at another, they would be missing at the callback."""
    transport = httpx2.ASGITransport(app=window.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:18081") as client:
        answer = await client.get("/auth/login", params={"return_to": "/docs"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PUBLIC_URL}/auth/login?return_to=%2Fdocs")


async def test_an_answer_with_another_state_logs_nobody_in(browser: Browser) -> None:
    """Neither one that was made up, nor one cut short, nor none."""
    callback = await browser.choose("administrator")
    [state] = parse_qs(urlsplit(callback).query)["state"]
    for other in ("x" * len(state), state[:8] + "x" * (len(state) - 8), state[:-1], ""):
        answer = await browser.client.get(callback.replace(state, other))
        await page_refused(browser, answer, "wrong_state")


async def test_an_answer_counts_in_the_browser_that_asked_and_in_no_other(window: Window, browser: Browser) -> None:
    """Whoever lures a person to the answer of his own login must not log her in as him."""
    callback = await browser.choose("administrator")
    async with browser_at(window) as other:
        await page_refused(other, await other.client.get(callback), "wrong_state")


async def test_a_code_serves_once(window: Window, browser: Browser) -> None:
    """Not a second time here, and not with a login of its own either: the provider gave it away already."""
    callback = await browser.choose("administrator")
    kept = list(browser.client.cookies.jar)
    assert (await browser.client.get(callback)).status_code == 303
    async with browser_at(window) as other:
        for cookie in kept:
            other.client.cookies.jar.set_cookie(cookie)
        await page_refused(other, await other.client.get(callback), "login_answered")
        fresh = await other.choose("administrator")
        [code], [used] = (parse_qs(urlsplit(url).query)["code"] for url in (fresh, callback))
        await page_refused(other, await other.client.get(fresh.replace(code, used)), "code_refused")


async def test_an_answer_of_another_provider_is_refused(browser: Browser) -> None:
    """RFC 9207: mixing up two providers must not hand one the other's code. Ours always says who it is."""
    callback = await browser.choose("administrator")
    for other in (callback.replace("iss=bursar-development", "iss=elsewhere"), callback.partition("&iss=")[0]):
        await page_refused(browser, await browser.client.get(other), "wrong_issuer")


async def test_a_refusal_of_the_provider_is_told(browser: Browser) -> None:
    """The text of the provider, which anybody may have put there, is not repeated."""
    callback = await browser.choose("support")
    base, query = callback.split("?")
    [state] = parse_qs(query)["state"]
    answer = await browser.client.get(
        base,
        params={"error": "access_denied", "error_description": "<b>x</b>", "state": state, "iss": "bursar-development"},
    )
    await page_refused(browser, answer, "provider_refused")
    assert "<b>" not in answer.text


async def test_a_forged_or_foreign_cookie_is_no_session(browser: Browser) -> None:
    """Changed by a character, sealed as something else, made up, or twice."""
    login = await browser.begin()
    assert login
    [attempt] = [cookie.value for cookie in browser.client.cookies.jar]
    await browser.log_in("support")
    good = browser.client.cookies[SESSION]
    flipped = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
    assert attempt is not None
    for bad in (flipped, attempt, good[:-2], "x", "", "A" * 5000):
        answer = await raw(browser, {"cookie": f"{SESSION}={bad}"})
        await refused(answer, 401, "invalid_session")
    await refused(await raw(browser, {"cookie": f"{SESSION}={good}; {SESSION}={flipped}"}), 401, "missing_token")
    assert (await raw(browser, {"cookie": f"a=b; {SESSION}={good}"})).status_code == 200


async def raw(
    browser: Browser, headers: dict[str, str], *, method: str = "GET", path: str = "/auth/me"
) -> httpx2.Response:
    """Send exactly these headers, without the browser's own cookies."""
    kept = list(browser.client.cookies.jar)
    browser.client.cookies.clear()
    try:
        return await browser.client.get("/auth/me", headers=headers)
    finally:
        for cookie in kept:
            browser.client.cookies.jar.set_cookie(cookie)


async def test_what_changes_something_needs_the_sessions_own_token(browser: Browser) -> None:
    """A form on another site sends the cookie along; it cannot know the token, nor hide where it comes from."""
    await browser.log_in("support")
    token = (await browser.me())["csrf_token"]
    post = browser.client.post
    await refused(await post("/auth/logout"), 403, "csrf_token_missing")
    await refused(await post("/auth/logout", headers={"x-csrf-token": token[:-1]}), 403, "csrf_token_wrong")
    for origin in ("https://elsewhere.example", "null", "http://127.0.0.1:1", PUBLIC_URL + ".example"):
        headers = {"x-csrf-token": token, "origin": origin}
        await refused(await post("/auth/logout", headers=headers), 403, "wrong_origin")
    assert (await browser.me())["subject"] == "support"


async def test_a_session_is_over_after_logging_out(browser: Browser) -> None:
    """The browser forgets the cookie, and whoever kept a copy has nothing."""
    await browser.log_in("support")
    kept = browser.client.cookies[SESSION]
    headers = {"x-csrf-token": (await browser.me())["csrf_token"], "origin": PUBLIC_URL}
    answer = await browser.client.post("/auth/logout", headers=headers)
    assert answer.status_code == 200
    assert "/logout?" in answer.json()["next"]
    assert SESSION not in browser.client.cookies
    await refused(await browser.client.get("/auth/me"), 401, "missing_token")
    await refused(await raw(browser, {"cookie": f"{SESSION}={kept}"}), 401, "expired_session")
    back = await browser.client.get(answer.json()["next"])
    assert (back.status_code, back.headers["location"]) == (303, f"{PUBLIC_URL}/dashboard/")


async def test_a_bearer_token_is_what_it_was(window: Window, browser: Browser) -> None:
    """It counts even where a cookie comes along, needs no CSRF token, and has no session to end."""
    await browser.log_in("support")
    bearer = {"authorization": f"Bearer {window.token(['reports:read'])}"}
    assert (await browser.client.get("/v1/totals", headers=bearer)).status_code == 200
    me = (await browser.client.get("/auth/me", headers=bearer)).json()
    assert (me["subject"], me["csrf_token"], me["expires_at"]) == ("clerk", None, None)
    await refused(await browser.client.post("/auth/logout", headers=bearer), 400, "no_session")
    await refused(await browser.client.get("/v1/totals", headers={"authorization": "Bearer x"}), 401, "malformed_token")


async def test_nobody_is_there_before_logging_in(browser: Browser) -> None:
    for path in ("/auth/me", "/v1/accounts"):
        await refused(await browser.client.get(path), 401, "missing_token")
    await refused(await browser.client.post("/auth/logout"), 401, "missing_token")

"""The development identity provider: only here, only for this machine, each code once."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from click.testing import CliRunner

from cli.devstack.identity import SCOPES
from cli.devstack.processes import IDENTITY
from cli.identity.provider import CODE_S_MAX, IdentityProvider
from cli.identity.roles import ROLES
from cli.main import bursar
from runtime.auth import DevIssuer, FileKeys, InvalidToken, TokenVerifier
from runtime.auth.id_tokens import read_id_token
from runtime.clock import SystemClock

VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": "client",
    "redirect_uri": "http://127.0.0.1:9/auth/callback",
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


class Ahead(SystemClock):
    """A clock that a test moves."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


class Provider:
    """A provider and whoever asks it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Ahead()
        self.issuer = DevIssuer(folder)
        app: Any = IdentityProvider(self.issuer, clock=self.clock)
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8")

    async def code(self, role: str = "auditor", **more: str) -> str:
        answer = await self.client.get("/choose", params={**ASKED, "role": role, **more})
        assert answer.status_code == 303, answer.text
        [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
        return code

    async def exchange(self, code: str, **more: str) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "client",
            "redirect_uri": ASKED["redirect_uri"],
            "code_verifier": VERIFIER,
        }
        return await self.client.post("/token", data={**form, **more})


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path)


def test_it_does_not_exist_in_production(tmp_path: Path) -> None:
    """Neither as a program nor as a part of one."""
    with pytest.raises(PermissionError, match="production"):
        IdentityProvider(DevIssuer(tmp_path, environment="production"), clock=SystemClock())
    asked = ["identity", "--environment", "production", "--port", "0", "--data-dir", str(tmp_path)]
    done = CliRunner().invoke(bursar, asked)
    assert done.exit_code == 1
    assert "does not run in production" in done.output
    assert "--host" not in IDENTITY.argv  # it listens on this machine, and there is no way to say otherwise
    assert "--host" not in CliRunner().invoke(bursar, ["identity", "--help"]).output


def test_roles_are_made_of_scopes_that_exist() -> None:
    """Each but the administrator lacks something; whoever only looks changes nothing."""
    for name, role in ROLES.items():
        assert set(role.scopes) <= set(SCOPES), name
        assert len(set(role.scopes)) == len(role.scopes), name
        assert (set(role.scopes) == set(SCOPES)) == (name == "administrator"), name
    for name in ("support", "auditor"):
        assert not [scope for scope in ROLES[name].scopes if not scope.endswith((":read", ":run", ":audit"))], name


async def test_the_page_offers_every_role_and_loads_nothing(provider: Provider) -> None:
    """What it was asked is written into it as text."""
    answer = await provider.client.get("/authorize", params={**ASKED, "state": '"><script>'})
    assert re.findall(r'name="role" value="(\w+)"', answer.text) == list(ROLES)
    assert "<script>" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "form-action 'self' http://127.0.0.1:9;" in policy


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uri": "https://elsewhere.example/auth/callback"},
        {"redirect_uri": "http://127.0.0.1.elsewhere.example/auth/callback"},
        {"redirect_uri": "http://127.0.0.1@elsewhere.example/auth/callback"},
        {"redirect_uri": "http://127.0.0.1:9/other"},
        {"redirect_uri": "http://[::1/auth/callback"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"scope": "profile"},
        {"nonce": ""},
        {"code_challenge": ""},
    ],
    ids=str,
)
async def test_it_sends_browsers_to_this_machine_only_and_insists_on_pkce(
    provider: Provider, more: dict[str, str]
) -> None:
    for path in ("/authorize", "/choose"):
        if path == "/choose" and not more.keys() & {"redirect_uri", "nonce", "code_challenge"}:
            continue
        answer = await provider.client.get(path, params={**ASKED, "role": "auditor", **more})
        assert answer.status_code == 400, path
        assert "location" not in answer.headers
    assert (await provider.client.get("/logout?post_logout_redirect_uri=https://elsewhere.example")).status_code == 400


async def test_tokens_say_who_and_what(provider: Provider) -> None:
    """The ID token is for the client and this login; the access token is one that the APIs take."""
    said = (await provider.exchange(await provider.code("support", subject="sam"))).json()
    keys = FileKeys(provider.issuer.jwks_file)
    principal = TokenVerifier(keys, provider.issuer.issuer, provider.issuer.audience, SystemClock()).verify(
        said["access_token"]
    )
    assert (principal.subject, principal.scopes) == ("sam", frozenset(ROLES["support"].scopes))
    now_s = SystemClock().now().timestamp()
    terms: dict[str, Any] = {"issuer": provider.issuer.issuer, "client_id": "client", "nonce": "n", "now_s": now_s}
    id_token = read_id_token(keys, said["id_token"], **terms)
    assert (id_token.sub, id_token.shown_name) == ("sam", "sam (Support)")
    for wrong in ({"issuer": "x"}, {"client_id": "x"}, {"nonce": "x"}, {"now_s": now_s + 1e6}, {"now_s": now_s - 1e6}):
        with pytest.raises(InvalidToken):
            read_id_token(keys, said["id_token"], **{**terms, **wrong})
    with pytest.raises(InvalidToken, match="tenant"):  # it would be `not_an_access_token` if it named one
        TokenVerifier(keys, provider.issuer.issuer, "client", SystemClock()).verify(said["id_token"])
    with pytest.raises(InvalidToken):
        read_id_token(keys, said["access_token"], **terms)


async def test_a_code_serves_once_soon_and_with_its_verifier(provider: Provider) -> None:
    """Whatever is wrong spends the code."""
    code = await provider.code()
    assert (await provider.exchange(code)).status_code == 200
    assert (await provider.exchange(code)).json()["error"] == "invalid_grant"
    for wrong in ({"code_verifier": "w" * 43}, {"client_id": "x"}, {"redirect_uri": "x"}, {"grant_type": "password"}):
        code = await provider.code()
        assert (await provider.exchange(code, **wrong)).json()["error"] == "invalid_grant", wrong
        assert (await provider.exchange(code)).json()["error"] == "invalid_grant", wrong
    late = await provider.code()
    provider.clock.ahead_s += CODE_S_MAX
    assert (await provider.exchange(late)).json()["error"] == "invalid_grant"

"""Starting and stopping the process: what stops a start, what does not, and the real server."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx2
import pytest

from cli.devstack import Servers
from query_api import app as query_app
from query_api.connections import WrongLedger
from query_api.settings import PREFIX, Settings
from runtime.auth import DevIssuer, FileKeys
from runtime.settings import SettingsError, load_settings
from runtime.shutdown import Shutdown
from tests.conftest import DsnOf
from tests.query_api.bank import small_bank
from tests.query_api.windows import name_ledger, running

REQUIRED = {
    "DATABASE_URL": "postgresql://h/d",
    "REDIS_URL": "redis://h",
    "NATS_URL": "nats://h",
    "LAKE_DIR": "lake",
    "TOKEN_ISSUER": "i",
    "TOKEN_AUDIENCE": "a",
}

LOGINS = {
    "PUBLIC_URL": "https://bursar.example.com",
    "LOGIN_DISCOVERY_URL": "https://id.example.com/.well-known/openid-configuration",
    "LOGIN_CLIENT_ID": "bursar",
    "SESSION_KEYS_FILE": "session_keys",
}


def settings_of(**more: str) -> Settings:
    """Load settings as an operator gives them."""
    given = {**REQUIRED, **more}
    return load_settings(Settings, {PREFIX + name: value for name, value in given.items()}, prefix=PREFIX)


def test_exactly_one_place_for_the_keys_is_required() -> None:
    """None would leave every door shut, two would hide which one counts."""
    assert settings_of(JWKS_FILE="keys").environment == "production"
    for more in ({}, {"JWKS_FILE": "keys", "JWKS_URL": "https://h/keys"}):
        with pytest.raises(SettingsError, match="exactly one of jwks_file and jwks_url"):
            settings_of(**more)
    with pytest.raises(SettingsError, match="did you mean QUERY_API_LAKE_DIR"):
        settings_of(JWKS_FILE="keys", LAKE_DIRR="x")


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"PUBLIC_URL": "https://b.example"}, "set login_discovery_url, login_client_id, session_keys_file as well"),
        ({**LOGINS, "PUBLIC_URL": "http://b.example"}, "must not travel in the clear"),
        ({**LOGINS, "PUBLIC_URL": "http://127.0.0.1:8081"}, "must not travel in the clear"),
        ({**LOGINS, "PUBLIC_URL": "https://b.example/"}, "without a slash at the end"),
        ({**LOGINS, "SESSION_MINUTES": "721"}, "<= 720"),
    ],
)
def test_logins_are_set_whole_and_over_tls(more: dict[str, str], complaint: str) -> None:
    """Half of the settings would fail at the first login; without TLS a cookie could be read on its way."""
    assert settings_of(JWKS_FILE="keys", **LOGINS).session_minutes == 60
    with pytest.raises(SettingsError, match=complaint):
        settings_of(JWKS_FILE="keys", **more)


def test_a_machine_of_development_needs_no_tls() -> None:
    """Its own browser, its own loopback, and no other host."""
    more = {**LOGINS, "ENVIRONMENT": "development"}
    assert settings_of(JWKS_FILE="keys", **{**more, "PUBLIC_URL": "http://127.0.0.1:8081"}).public_url
    with pytest.raises(SettingsError, match="must not travel in the clear"):
        settings_of(JWKS_FILE="keys", **{**more, "PUBLIC_URL": "http://10.0.0.1:8081"})


async def test_the_database_of_another_ledger_stops_the_start(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    """Balances of another ledger must never be answered under this one's name."""
    owner, reader = book_database("bursar_owner"), book_database("bursar_reader")
    await name_ledger(owner, "right")
    issuer = DevIssuer(tmp_path)
    shutdown = Shutdown()
    settings = settings_of(
        LEDGER="wrong",
        DATABASE_URL=reader,
        REDIS_URL=servers.redis_url,
        NATS_URL=servers.nats_url,
        JWKS_FILE=str(issuer.jwks_file),
    )
    app = query_app.create_app(settings, keys=FileKeys(issuer.jwks_file), shutdown=shutdown)
    with pytest.raises(ExceptionGroup) as refused:
        async with running(app):
            raise AssertionError("it started")
    assert refused.group_contains(WrongLedger, match="holds the ledger 'right', the setting says 'wrong'")
    assert shutdown.requested


async def test_the_process_serves_until_it_is_asked_to_stop(
    servers: Servers, book_database: DsnOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of `serve` over HTTP: ready, a balance, a clean end with status 0."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    issuer = DevIssuer(tmp_path)
    settings = settings_of(
        LEDGER="served",
        ENVIRONMENT="development",
        DATABASE_URL=book_database("bursar_reader"),
        REDIS_URL=servers.redis_url,
        NATS_URL=servers.nats_url,
        LAKE_DIR=str(tmp_path / "lake"),
        JWKS_FILE=str(issuer.jwks_file),
        TOKEN_ISSUER=issuer.issuer,
        TOKEN_AUDIENCE=issuer.audience,
        PORT=str(port),
    )
    await name_ledger(book_database("bursar_owner"), "served")
    await small_bank("served").write_wallets(servers.redis_url)
    shutdown = Shutdown()
    monkeypatch.setattr(query_app, "Shutdown", lambda: shutdown)
    monkeypatch.setattr(query_app, "configure_logging", lambda process, level: None)
    monkeypatch.setattr(query_app, "settle_memory", lambda: None)
    serving = asyncio.create_task(query_app.serve(settings))
    token = issuer.issue("clerk", "t1", ["accounts:read"], ["served"], 60)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(200):
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    break
            except httpx2.TransportError:
                assert not serving.done(), serving
            await asyncio.sleep(0.05)
        answer = await client.get(
            "/v1/accounts/customers:alice:eur/balance", headers={"authorization": f"Bearer {token}"}
        )
    assert answer.json()["posted_minor"] == 650_00
    shutdown.request("the test is over")
    assert await serving == 0

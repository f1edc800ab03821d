"""Logins as a part of the application: from settings to routes and sessions; nothing where none are set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litestar import Router
from msgspec import Struct

from query_api.login.flow import CALLBACK_PATH, Login, LoginRules
from query_api.login.provider import Client, Provider
from query_api.metrics import QueryMetrics
from query_api.routes.login import PUBLIC_PATHS, login_routes
from query_api.settings import Settings
from runtime.auth import KeySource, Sessions, TokenVerifier
from runtime.auth.sealed_cookies import read_seal
from runtime.clock import Clock
from runtime.outbound import Reach

SECONDS_PER_MINUTE = 60


class Logins(Struct, frozen=True, kw_only=True):
    """What logins add to the application. ``sessions`` None: a bearer token is the only way in."""

    routes: Sequence[Router] = ()
    public_paths: Sequence[str] = ()
    sessions: Sessions | None = None


def create_logins(
    settings: Settings, *, keys: KeySource, verifier: TokenVerifier, clock: Clock, metrics: QueryMetrics
) -> Logins:
    """Put logins together as the settings say. Raises sealed_cookies.BadKeys."""
    if settings.public_url is None:
        return Logins()
    assert settings.login_discovery_url is not None
    assert settings.login_client_id is not None
    assert settings.session_keys_file is not None
    sessions = Sessions(
        read_seal(Path(settings.session_keys_file)),
        clock=clock,
        origin=settings.public_url,
        lifetime_s=settings.session_minutes * SECONDS_PER_MINUTE,
    )
    client = Client(
        client_id=settings.login_client_id,
        secret=settings.login_client_secret,
        redirect_uri=settings.public_url + CALLBACK_PATH,
    )
    provider = Provider(
        settings.login_discovery_url,
        issuer=settings.token_issuer,
        client=client,
        reach=Reach(loopback=settings.environment == "development"),
        clock=clock,
    )
    rules = LoginRules(
        issuer=settings.token_issuer,
        client=client,
        requested_scope=settings.login_scope,
        from_id_token=settings.login_claims == "id_token",
    )
    login = Login(provider, rules, sessions=sessions, verifier=verifier, keys=keys, clock=clock)
    return Logins(
        routes=[login_routes(login, public_url=settings.public_url, metrics=metrics)],
        public_paths=PUBLIC_PATHS,
        sessions=sessions,
    )

"""Tokens of a local stack: its own issuer key, and a ready-made token that may do everything in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cli.devstack.state import DataDir
from runtime.auth.dev_issuer import JWKS_FILE, DevIssuer

TOKEN_LIFETIME_S = 86_400

LEDGER = "main"
SCOPES = (
    "accounts:read",
    "accounts:write",
    "customers:erase",
    "customers:read",
    "customers:review",
    "customers:write",
    "fx:write",
    "holds:write",
    "operations:read",
    "overview:read",
    "payments:operate",
    "payments:read",
    "payments:review",
    "payments:write",
    "periods:write",
    "projections:operate",
    "projections:read",
    "reconciliation:write",
    "reports:read",
    "statements:write",
    "settlements:operate",
    "sql:audit",
    "sql:run",
    "status:read",
    "transfers:write",
    "webhooks:write",
    "write_offs:approve",
)
SERVICES = ("reactors", "timers")
SERVICE_TENANT = "bursar"
OF_PEOPLE = ("fx:write",)
# What reactors and timers ask for by themselves; only they may say that a deadline has come,
# or what a rail answered.
SERVICE_SCOPES = (
    *(scope for scope in SCOPES if scope.endswith(":write") and scope not in OF_PEOPLE),
    "deadlines:write",
    "payments:execute",
)


def jwks_file(data: DataDir) -> Path:
    """Return the file with the public keys that the stack's APIs trust."""
    return data.issuer / JWKS_FILE


def token_file(data: DataDir) -> Path:
    """Return the file with the newest ready-made token, for `curl` lines that stay short."""
    return data.path / "token"


def issue_token(
    data: DataDir,
    *,
    subject: str = "you",
    tenant: str = "local",
    scopes: Sequence[str] = SCOPES,
    lifetime_s: int = TOKEN_LIFETIME_S,
    acr: str | None = None,
) -> str:
    """Return a new token signed by the stack's own key, which is made when it is missing.

    ``acr``: how the subject has authenticated, just now.
    """
    return DevIssuer(data.issuer).issue(subject, tenant, scopes, [LEDGER], lifetime_s, acr=acr)


def service_token_file(data: DataDir, process: str) -> Path:
    """Return the file with the token that one of Bursar's own processes sends commands with."""
    return data.path / f"service-token-{process}"


def ready_made_token(data: DataDir) -> str:
    """Issue a token that may do everything and keep it in the stack's token file; renew the processes' own as well."""
    token = issue_token(data)
    _keep(token_file(data), token)
    for process in SERVICES:
        own = issue_token(data, subject=f"bursar:{process}", tenant=SERVICE_TENANT, scopes=SERVICE_SCOPES)
        _keep(service_token_file(data, process), own)
    return token


def _keep(file: Path, token: str) -> None:
    """Replace the file at once, so that a reader never sees half of a token."""
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(token, encoding="ascii")
    os.replace(fresh, file)

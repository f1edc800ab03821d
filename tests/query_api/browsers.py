"""A browser that logs in: cookies as a browser keeps them, redirects one at a time, a real identity provider."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from cli.identity.provider import IdentityProvider
from runtime.auth import DevIssuer
from runtime.clock import SystemClock
from runtime.server import serve_http
from runtime.shutdown import Shutdown
from tests.query_api.windows import Window

PUBLIC_URL = "http://127.0.0.1:18081"  # nobody listens there: the browser hands its requests to the application
CLIENT_ID = "bursar-query-api"
PROVIDER_READY_WITHIN_S = 20.0


@asynccontextmanager
async def identity_provider(issuer_dir: Path, *, ledger: str) -> AsyncIterator[str]:
    """The development provider over HTTP; yields its address."""
    issuer_dir.mkdir(parents=True, exist_ok=True)
    app = IdentityProvider(DevIssuer(issuer_dir), clock=SystemClock(), ledger=ledger)
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    shutdown = Shutdown()
    serving = asyncio.create_task(serve_http(app, host="127.0.0.1", port=port, shutdown=shutdown))
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(PROVIDER_READY_WITHIN_S), httpx2.AsyncClient() as client:
            while not await _answers(client, url):
                await asyncio.sleep(0.02)
        yield url
    finally:
        shutdown.request("the tests are over")
        await serving


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/jwks")).status_code == 200
    except httpx2.ConnectError:
        return False


def login_settings(folder: Path, provider_url: str) -> dict[str, Any]:
    """What a query API is told for logins."""
    keys = folder / "session_keys"
    keys.write_text(secrets.token_hex(32) + "\n")
    return {
        "public_url": PUBLIC_URL,
        "login_discovery_url": f"{provider_url}/.well-known/openid-configuration",
        "login_client_id": CLIENT_ID,
        "session_keys_file": str(keys),
    }


class Browser:
    """One person's browser in front of one query API."""

    def __init__(self, app: Any) -> None:
        self.client = httpx2.AsyncClient(
            base_url=PUBLIC_URL, mounts={PUBLIC_URL: httpx2.ASGITransport(app=app)}, follow_redirects=False
        )

    async def log_in(self, role: str, *, subject: str = "", return_to: str | None = None) -> httpx2.Response:
        """Go all the way; returns the answer to the callback."""
        return await self.client.get(await self.choose(role, subject=subject, return_to=return_to))

    async def choose(self, role: str, *, subject: str = "", return_to: str | None = None) -> str:
        """Go as far as the provider's answer; returns the address of the callback that it redirects to."""
        page = await self.begin(return_to=return_to)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        provider = page.partition("/authorize")[0]
        shown = await self.client.get(page)
        assert "Choose a role" in shown.text, shown.text
        chosen = await self.client.get(f"{provider}/choose", params={**asked, "role": role, "subject": subject})
        assert chosen.status_code == 303, chosen.text
        return str(chosen.headers["location"])

    async def begin(self, *, return_to: str | None = None) -> str:
        """Ask to log in; returns the address of the provider's page."""
        parameters = {} if return_to is None else {"return_to": return_to}
        answer = await self.client.get("/auth/login", params=parameters)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def me(self) -> dict[str, Any]:
        """Ask who is there."""
        answer = await self.client.get("/auth/me")
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


@asynccontextmanager
async def browser_at(window: Window) -> AsyncIterator[Browser]:
    """Open a browser and close it."""
    browser = Browser(window.app)
    async with browser.client:
        yield browser

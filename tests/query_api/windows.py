"""A query API in this process over real servers, and what tests ask it with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
from nats.aio.client import Client

from cli.devstack import Servers
from contracts.read_models import LAKE, WALLETS
from contracts.subjects import applied_subject
from query_api.app import Settings, create_app
from runtime.auth import DevIssuer, FileKeys
from runtime.jetstream import connect_nats
from runtime.shutdown import Shutdown
from tests.query_api.bank import Bank

SCOPES = (
    *("accounts:read", "customers:read", "operations:read", "overview:read", "payments:read", "projections:read"),
    "reports:read",
    "status:read",
    "projections:operate",
    "sql:audit",
    "sql:run",
)
STARTUP_TIMEOUT_S = 20.0


class Window:
    """One running query API, its bank, and where the bank is written."""

    def __init__(
        self, *, app: Any, bank: Bank, settings: Settings, issuer: DevIssuer, owner_dsn: str, shutdown: Shutdown
    ) -> None:
        self.app = app
        self.shutdown = shutdown
        self.bank = bank
        self.settings = settings
        self.owner_dsn = owner_dsn
        self._issuer = issuer
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app),
            base_url="http://query-api",
            headers={"authorization": f"Bearer {self.token()}"},
        )

    def token(self, scopes: Iterable[str] = SCOPES, *, ledgers: Iterable[str] | None = None, tenant: str = "t1") -> str:
        """Issue a token; by default one that may do everything here."""
        return self._issuer.issue("clerk", tenant, scopes, [self.bank.ledger] if ledgers is None else ledgers, 600)

    async def get(self, path: str, **parameters: object) -> dict[str, Any]:
        """Ask and expect an answer; `from_` stands for `from`."""
        answer = await self.ask(path, **parameters)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = msgspec.json.decode(answer.content)
        return body

    async def refused(self, path: str, **parameters: object) -> dict[str, Any]:
        """Ask and expect a problem."""
        answer = await self.ask(path, **parameters)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        body: dict[str, Any] = msgspec.json.decode(answer.content)
        assert body["status"] == answer.status_code
        return body

    async def ask(self, path: str, **parameters: object) -> httpx2.Response:
        """Ask."""
        query = {name.rstrip("_"): str(value) for name, value in parameters.items()}
        return await self.client.get(f"/v1{path}", params=query)

    async def write_book(self) -> None:
        """Put the bank into PostgreSQL."""
        connection = await asyncpg.connect(self.owner_dsn)
        try:
            await self.bank.write_book(connection)
        finally:
            await connection.close()

    async def write_book_anew(self) -> None:
        """Put what happened since into PostgreSQL as well."""
        connection = await asyncpg.connect(self.owner_dsn)
        try:
            hashes = self.bank.hashes()
            written = await connection.fetchval("SELECT max(position) FROM events")
            await connection.executemany(
                "INSERT INTO events (position, event, hash) VALUES ($1, $2, $3)",
                [
                    (number + 1, body.decode(), hashes[number])
                    for number, (_, body) in enumerate(self.bank.events)
                    if number >= written
                ],
            )
        finally:
            await connection.close()

    async def write_wallets(self, *, to: int | None = None) -> None:
        """Bring Redis to a position."""
        await self.bank.write_wallets(self.settings.redis_url, to=to)

    async def write_desk(self, *, to: int | None = None) -> None:
        """Bring the desk to a position."""
        await self.bank.write_desk(self.settings.redis_url, to=to)

    def write_lake(self, *, to: int | None = None) -> None:
        """Bring the lake to a position."""
        self.bank.write_lake(Path(self.settings.lake_dir), to=to)

    async def write_all(self) -> None:
        """Bring everything to the head."""
        await self.write_book()
        await self.write_wallets()
        await self.write_desk()
        self.write_lake()

    async def announce(self, nats: Client, position: int, *, model: str = WALLETS) -> None:
        """Say what a projector says after an apply."""
        assert model in (WALLETS, LAKE)
        await nats.publish(applied_subject(self.bank.ledger, model), str(position).encode())
        await nats.flush()


@asynccontextmanager
async def open_window(
    servers: Servers, dsn_of: Callable[[str], str], bank: Bank, folder: Path, **more: Any
) -> AsyncIterator[Window]:
    """Start a query API for a bank; write the bank where the test wants it. ``more``: further settings."""
    owner_dsn = dsn_of("bursar_owner")
    await name_ledger(owner_dsn, bank.ledger)
    issuer_dir = folder / "issuer"
    issuer_dir.mkdir(parents=True, exist_ok=True)
    issuer = DevIssuer(issuer_dir)
    settings = Settings(
        ledger=bank.ledger,
        environment="development",
        database_url=dsn_of("bursar_reader"),
        adhoc_database_url=dsn_of("bursar_asker"),
        sql_timeout_ms=60_000,  # the limit of time has tests of its own; these must pass on a busy machine
        redis_url=servers.redis_url,
        nats_url=servers.nats_url,
        lake_dir=str(folder / "lake"),
        exports_dir=str(folder / "exports"),
        jwks_file=str(issuer.jwks_file),
        token_issuer=issuer.issuer,
        token_audience=issuer.audience,
        **more,
    )
    shutdown = Shutdown()
    app = create_app(settings, keys=FileKeys(issuer.jwks_file), shutdown=shutdown)
    async with running(app):
        window = Window(app=app, bank=bank, settings=settings, issuer=issuer, owner_dsn=owner_dsn, shutdown=shutdown)
        async with window.client:
            yield window


async def name_ledger(owner_dsn: str, ledger: str) -> None:
    """Make an empty book, which a migration made as the book of `main`, another ledger's."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute("UPDATE head SET ledger = $1", ledger)
    finally:
        await connection.close()


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Run an ASGI application's lifespan around a block; a start that fails raises its reason."""
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    async with asyncio.timeout(STARTUP_TIMEOUT_S):
        started = await from_app.get()
    if started["type"] != "lifespan.startup.complete":
        await life  # it ends with the reason
    try:
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await life


@asynccontextmanager
async def connected(servers: Servers) -> AsyncIterator[Client]:
    """A connection to NATS of the test's own."""
    client = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
    try:
        yield client
    finally:
        await client.close()

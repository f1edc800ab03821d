"""The composition root: settings in, application out. Everything a request meets is put together here, top-down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import structlog
from litestar import Litestar, Router
from nats.aio.client import Client
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from contracts.read_models import DESK, WALLETS
from query_api.adhoc.asking import Asking
from query_api.adhoc.children import Children
from query_api.adhoc.jobs import Allowance
from query_api.adhoc.store import Record, SavedQueries
from query_api.book import READ_TIMEOUT_S, Book, Pool, read_ledger_name
from query_api.dating import Dating
from query_api.desk import Desk
from query_api.document import write_document
from query_api.freshness import Freshness
from query_api.history import History
from query_api.lake import Lake, LakeLimits
from query_api.metrics import QueryMetrics
from query_api.payments import Payments
from query_api.positions import Positions
from query_api.problems import answer_refused
from query_api.reads import Reads
from query_api.refusals import ReadRefused, SourceDown
from query_api.reporting import Reporting
from query_api.routes import accounts, payments, reports, sql, status
from query_api.routes import book as book_routes
from query_api.routes import desk as desk_routes
from query_api.routes.parts import Parts
from query_api.ruleset_words import RulesetShelf
from query_api.settings import PREFIX, Settings
from query_api.sources import Source
from query_api.wallets import Wallets
from runtime.auth import Authenticate, FileKeys, Guarded, TokenVerifier, UrlKeys, require_ledger, require_scope
from runtime.auth.middleware import PUBLIC_PREFIXES
from runtime.clock import Clock, SystemClock
from runtime.health import Health
from runtime.http.asgi import ASGIApp
from runtime.http.body_gate import BodyGate
from runtime.http.framework import problem_handlers
from runtime.http.measuring import MeasureRequests
from runtime.http.swagger import OPEN_PATHS, api_pages
from runtime.http.tracing import TraceRequests
from runtime.jetstream import connect_nats
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry, nats_error_counter
from runtime.postgres import create_pool
from runtime.redis_client import connect_redis
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

__all__ = ["PREFIX", "Settings", "create_app", "serve"]

ROUTES_UNDER: Final = "/v1"
START_WAIT_S: Final = 5.0  # for the servers to answer; after it the API serves with those that did
APPLICATION_NAME: Final = "bursar-query-api"

# Modules and groups of routes: each has its scope and its routes.
_MODULES: Final[tuple[Any, ...]] = (
    *(accounts, book_routes, payments, reports, status),
    *desk_routes.GROUPS,
    *sql.GROUPS,
)

_log = structlog.get_logger(__name__)


class WrongLedger(RuntimeError):
    """The database holds another ledger than the one that this process is set to serve."""


class Sources:
    """The connections of one process, opened in the background as soon as each server answers."""

    def __init__(self, settings: Settings, *, shutdown: Shutdown, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._shutdown = shutdown
        self._nats_errors = nats_error_counter(registry)
        self.book: Source[Pool] = Source("PostgreSQL", self._open_book, close_it=lambda pool: pool.close())
        self.asker: Source[Pool] = Source(
            "QUERY_API_ADHOC_DATABASE_URL", self._open_asker, close_it=lambda pool: pool.close()
        )
        self.redis: Source[Redis] = Source(
            "Redis", lambda: connect_redis(settings.redis_url), close_it=lambda redis: redis.aclose()
        )
        self.nats: Source[Client] = Source("NATS", self._open_nats, close_it=lambda client: client.close())

    @asynccontextmanager
    async def opened(self, freshness: Freshness) -> AsyncIterator[None]:
        """Open everything; wait for START_WAIT_S at most, then go on with what is there."""
        opening = [
            asyncio.create_task(self._open(coroutine))
            for coroutine in (self.book.open(), self.redis.open(), self._listen(freshness), self._open_adhoc())
        ]
        try:
            done, _ = await asyncio.wait(opening, timeout=START_WAIT_S, return_when=asyncio.ALL_COMPLETED)
            for task in done:
                task.result()
            yield
        finally:
            for task in opening:
                task.cancel()
            await asyncio.gather(*opening, return_exceptions=True)
            for source in (self.nats, self.redis, self.asker, self.book):
                await source.close()

    async def _open(self, opening: Coroutine[Any, Any, None]) -> None:
        try:
            await opening
        except WrongLedger as fault:
            self._shutdown.request(str(fault))
            raise

    async def _listen(self, freshness: Freshness) -> None:
        await self.nats.open()
        await freshness.listen(self.nats.get())

    async def _open_book(self) -> Pool:
        pool = await create_pool(
            self._settings.database_url,
            application_name=APPLICATION_NAME,
            size_max=self._settings.database_connections_max,
            statement_timeout_ms=int(READ_TIMEOUT_S * 1000),
        )
        found = await read_ledger_name(pool)
        if found not in (None, self._settings.ledger):
            await pool.close()
            raise WrongLedger(f"the database holds the ledger {found!r}, the setting says {self._settings.ledger!r}")
        return pool

    async def _open_adhoc(self) -> None:
        if self._settings.adhoc_database_url is not None:
            await self.asker.open()

    async def _open_asker(self) -> Pool:
        assert self._settings.adhoc_database_url is not None
        return await create_pool(
            self._settings.adhoc_database_url,
            application_name=f"{APPLICATION_NAME}-asker",
            size_max=self._settings.sql_at_once_max,
            statement_timeout_ms=int(READ_TIMEOUT_S * 1000),
        )

    async def _open_nats(self) -> Client:
        return await connect_nats(
            self._settings.nats_url,
            name=APPLICATION_NAME,
            on_closed=lambda: self._shutdown.request("the NATS connection was closed for good"),
            errors=self._nats_errors,
        )


def create_app(
    settings: Settings,
    *,
    keys: FileKeys | UrlKeys,
    shutdown: Shutdown,
    clock: Clock | None = None,
    registry: CollectorRegistry | None = None,
) -> ASGIApp:
    """Put the application together; its ASGI lifespan opens and closes the connections."""
    clock = clock or SystemClock()
    registry = registry or create_registry()
    metrics = QueryMetrics(registry)
    sources = Sources(settings, shutdown=shutdown, registry=registry)
    freshness = Freshness(ledger=settings.ledger, clock=clock, metrics=metrics)
    lake = _lake_of(settings, clock, metrics)
    children = _children_of(settings, lake)
    parts, wallets, book = _readers(settings, sources, freshness, (lake, children), clock=clock, metrics=metrics)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with sources.opened(freshness):
            yield
            await children.close()
        lake.close()

    app = Litestar(
        route_handlers=[_routes(settings.ledger), api_pages(_document)],
        state=parts.as_state(),
        exception_handlers={**problem_handlers(), ReadRefused: answer_refused},
        lifespan=[running],
        openapi_config=None,
        logging_config=None,  # runtime.logs has set up logging; the framework would add handlers of its own
    )
    verifier = TokenVerifier(keys, settings.token_issuer, settings.token_audience, clock)
    guarded = Authenticate(
        BodyGate(cast(ASGIApp, app)), verifier=verifier, public_prefixes=(*PUBLIC_PREFIXES, *OPEN_PATHS)
    )
    return ops_app(_health(wallets, book), registry, app=TraceRequests(MeasureRequests(guarded, registry=registry)))


async def serve(settings: Settings) -> int:
    """Run the process until it is asked to stop; returns its exit status."""
    configure_logging("query-api", settings.log_level)
    shutdown, clock = Shutdown(), SystemClock()
    shutdown.listen()
    tasks: dict[str, Coroutine[Any, Any, None]] = {}
    keys: FileKeys | UrlKeys
    if settings.jwks_file is not None:
        keys = FileKeys(Path(settings.jwks_file))
    else:
        assert settings.jwks_url is not None
        keys = UrlKeys(settings.jwks_url, clock=clock)
        await keys.fetch()
        tasks["keys"] = keys.run(shutdown)
    app = create_app(settings, keys=keys, shutdown=shutdown, clock=clock)
    settle_memory()
    tasks["http"] = serve_http(app, host=settings.host, port=settings.port, shutdown=shutdown)
    return await supervise(tasks, shutdown)


def _readers(
    settings: Settings,
    sources: Sources,
    freshness: Freshness,
    lake_and_children: tuple[Lake, Children],
    *,
    clock: Clock,
    metrics: QueryMetrics,
) -> tuple[Parts, Wallets, Book]:
    """Put together who answers what; the last two also say whether the process is ready."""
    lake, children = lake_and_children
    dating = Dating(settings.ledger, clock)
    wallets = Wallets(sources.redis, ledger=settings.ledger, clock=clock)
    book = Book(sources.book, dating=dating)
    reads = Reads(
        wallets=wallets,
        book=book,
        history=History(lake, dating=dating),
        freshness=freshness,
        dating=dating,
        metrics=metrics,
    )
    reporting = Reporting(lake, freshness=freshness, dating=dating)
    desk = Desk(sources.redis, ledger=settings.ledger, clock=clock, freshness=freshness, dating=dating)
    of_payments = Payments(
        wallets=wallets,
        book=book,
        freshness=freshness,
        dating=dating,
        rulesets=RulesetShelf(None if settings.risk_folder is None else Path(settings.risk_folder)),
    )
    positions = Positions(
        ledger=settings.ledger,
        models={WALLETS: wallets, DESK: desk.model},
        book=book,
        lake=lake,
        nats=sources.nats,
        clock=clock,
    )
    record = Record(sources.asker, sources.book, clock)
    asking = Asking(lake, children, record, freshness=freshness, dating=dating)
    saved = SavedQueries(sources.asker, clock)
    return Parts(reads, reporting, positions, desk, of_payments, asking, record, saved), wallets, book


def _children_of(settings: Settings, lake: Lake) -> Children:
    allowance = Allowance(memory_mb=settings.sql_memory_mb, timeout_s=settings.sql_timeout_ms / 1000)
    return Children(lake.folder, allowance, at_once=settings.sql_at_once_max)


def _lake_of(settings: Settings, clock: Clock, metrics: QueryMetrics) -> Lake:
    limits = LakeLimits(
        memory_mb=settings.lake_memory_mb,
        threads=settings.lake_threads,
        timeout_s=settings.lake_query_timeout_ms / 1000,
    )
    return Lake(Path(settings.lake_dir) / settings.ledger, clock=clock, limits=limits, metrics=metrics)


def _routes(ledger: str) -> Router:
    """Everything under /v1: each group behind its scope, all of it behind the grant for this ledger."""
    groups = [
        Router(
            "/",
            route_handlers=list(module.ROUTES),
            middleware=[Guarded([require_ledger(ledger), require_scope(module.SCOPE)])],
        )
        for module in _MODULES
    ]
    return Router(ROUTES_UNDER, route_handlers=groups)


@cache
def _document() -> bytes:
    return write_document(
        [(module.SCOPE, handler) for module in _MODULES for handler in module.ROUTES], prefix=ROUTES_UNDER
    )


def _health(wallets: Wallets, book: Book) -> Health:
    """Ready means that balances can be had: from Redis, or else from the book."""
    health = Health()

    async def check_balances() -> str | None:
        reasons = []
        for read in (wallets.read_checkpoint, book.read_status):
            try:
                await read()
            except SourceDown as down:
                reasons.append(str(down))
            else:
                return None
        return "; ".join(reasons)

    health.add_check("balances", check_balances)
    return health

"""The composition root: settings in, application out. Everything a request meets is put together here, top-down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from litestar import Litestar, Router
from prometheus_client import CollectorRegistry

from query_api.book import Book
from query_api.connections import Sources
from query_api.dashboard import OPEN_PATHS as DASHBOARD_PATHS
from query_api.dashboard import dashboard_pages
from query_api.document import write_document
from query_api.freshness import Freshness
from query_api.live.hub import producing
from query_api.logins import create_logins
from query_api.metrics import QueryMetrics
from query_api.problems import answer_refused
from query_api.readers import lake_of, put_together
from query_api.refusals import ReadRefused, SourceDown
from query_api.routes import accounts, exports, live, overview, payments, reports, sql, status
from query_api.routes import audits as audit_routes
from query_api.routes import book as book_routes
from query_api.routes import desk as desk_routes
from query_api.routes import projections as projection_routes
from query_api.routes import suggestions as suggestion_routes
from query_api.settings import PREFIX, Settings
from query_api.wallets import Wallets
from query_api.watching import ProjectionWatch
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
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

__all__ = ["PREFIX", "Settings", "create_app", "serve"]

ROUTES_UNDER: Final = "/v1"

# Modules and groups of routes: each has its scope and its routes, and MODEL where its answers come from one.
_MODULES: Final[tuple[Any, ...]] = (
    accounts,
    book_routes,
    overview,
    payments,
    reports,
    exports,
    status,
    *desk_routes.GROUPS,
    suggestion_routes,
    *audit_routes.GROUPS,
    *projection_routes.GROUPS,
    *sql.GROUPS,
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
    lake = lake_of(settings, clock, metrics)
    parts, wallets, book = put_together(settings, sources, freshness, lake, clock=clock, metrics=metrics)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with (
            sources.opened(freshness, parts.hub),
            producing(parts.hub, shutdown),
            parts.exporting.working(settings, metrics),
            parts.operating.watch.watching(),
        ):
            yield
            await parts.overviews.close()
            await parts.adhoc.asking.close()
        lake.close()

    verifier = TokenVerifier(keys, settings.token_issuer, settings.token_audience, clock)
    logins = create_logins(settings, keys=keys, verifier=verifier, clock=clock, metrics=metrics)
    pages = (api_pages(_document), dashboard_pages())
    app = Litestar(
        route_handlers=[_routes(settings.ledger, parts.operating.watch), *logins.routes, *pages],
        state=parts.as_state(),
        exception_handlers={**problem_handlers(), ReadRefused: answer_refused},
        lifespan=[running],
        openapi_config=None,
        logging_config=None,  # runtime.logs has set up logging; the framework would add handlers of its own
    )
    guarded = Authenticate(
        BodyGate(cast(ASGIApp, app)),
        verifier=verifier,
        public_prefixes=(*PUBLIC_PREFIXES, *OPEN_PATHS, *DASHBOARD_PATHS, *logins.public_paths),
        public_paths=exports.FILE_PATH,
        sessions=logins.sessions,
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


def _routes(ledger: str, watch: ProjectionWatch) -> Router:
    """Everything under /v1: each group behind its scope, all of it behind the grant for this ledger."""
    groups = [
        Router(
            "/",
            route_handlers=list(module.ROUTES),
            after_request=watch.tell(module.MODEL) if hasattr(module, "MODEL") else None,
            middleware=[Guarded([require_ledger(ledger), require_scope(module.SCOPE)])],
        )
        for module in _MODULES
    ]
    # Which scope it takes to be told of what, the route itself knows.
    told = Router("/", route_handlers=list(live.ROUTES), middleware=[Guarded([require_ledger(ledger)])])
    return Router(ROUTES_UNDER, route_handlers=[*groups, told, *exports.PUBLIC_ROUTES])


@cache
def _document() -> bytes:
    return write_document(
        [
            *((module.SCOPE, handler) for module in _MODULES for handler in module.ROUTES),
            *((exports.SCOPE, handler) for handler in exports.PUBLIC_ROUTES),
        ],
        prefix=ROUTES_UNDER,
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

"""The command process: settings in, application and tasks out. Everything is put together here, top-down."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import asyncpg
import structlog
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta
from nats.errors import Error as NatsError
from prometheus_client import CollectorRegistry

from command_api.applicants import Applicants
from command_api.assessing import Assessor, Inspectors
from command_api.desk import Desk
from command_api.document import PREFIX, write_document
from command_api.erasures import Erasures
from command_api.files.filing import FILE_BYTES_MAX, Filing
from command_api.holders import AccountHolders
from command_api.problems import render_refusal
from command_api.risk.lag import HeadWatch
from command_api.risk.reading import READ_DEADLINE_S, RedisFigures
from command_api.risk.scorer import RiskMetrics, Scorer
from command_api.risk.shelf import ActivePolicy, Shelf
from command_api.routes import (
    accounts,
    batches,
    breaks,
    cases,
    customer_reviews,
    customers,
    deadlines,
    erasures,
    fx,
    holds,
    messages,
    operations,
    payment_files,
    payments,
    periods,
    quotes,
    rails,
    reviews,
    settlements,
    standing_orders,
    statements,
    transfers,
    webhooks,
    write_offs,
)
from command_api.routes.messages import RailSecrets
from command_api.screening.screener import Screener
from command_api.screening.settings import ScreeningSettings
from command_api.screening.watcher import ListWatcher
from command_api.statement_import import STATEMENT_BODY_BYTES_MAX
from contracts.risk_features import RiskKeys
from contracts.subjects import LedgerName, poke_subject
from ledger.metrics import SequencerMetrics
from ledger.sequencer.queue import COMMANDS_WAITING_MAX, SubmissionQueue
from ledger.sequencer.sequencer import Sequencer
from ledger.store.load import QUERIES, read_head
from runtime.auth import (
    Authenticate,
    FileKeys,
    Guarded,
    KeySource,
    TokenVerifier,
    UrlKeys,
    refuse_development_issuer,
    require_ledger,
    require_scope,
)
from runtime.clock import Clock, SystemClock
from runtime.health import Health
from runtime.http.asgi import ASGIApp
from runtime.http.body_gate import BodyGate, BodyRule
from runtime.http.framework import StrictRequest, problem_handlers
from runtime.http.measuring import MeasureRequests
from runtime.http.swagger import OPEN_PATHS, api_pages
from runtime.http.tracing import TraceRequests
from runtime.jetstream import NatsLink
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.outbound import Reach, refuse_loopback
from runtime.postgres import connect, create_pool
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise
from runtime.vault import Vault, read_ring
from runtime.webhooks import check_secret

# Messages of rails: a signature in place of a token.
SIGNED_PATHS: Final = tuple(f"/v1/rails/{rail}/messages" for rail in (messages.SCT_INST, messages.CARD_PSP))
BOOK_CONNECTIONS_MAX: Final = 8  # beside the sequencer's own: look-ups, and keys of payees never paid before
NO_SHELF: Final = "risk"  # a folder that need not exist
BATCH_BODY_BYTES_MAX: Final = 8 * 1024 * 1024  # the largest batch, each command with room for a reference
MODULES: Final = (
    accounts,
    transfers,
    periods,
    holds,
    payments,
    standing_orders,
    breaks,
    cases,
    customer_reviews,
    customers,
    deadlines,
    erasures,
    fx,
    operations,
    quotes,
    rails,
    reviews,
    settlements,
    statements,
    webhooks,
    write_offs,
    batches,
)
# What is described: all but the messages of rails, which are signed instead of sent with a token.
HANDLERS: Final[list[HTTPRouteHandler]] = [one for module in (*MODULES, payment_files) for one in module.HANDLERS]

log = structlog.get_logger(__name__)


class Settings(ScreeningSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the command API (prefix COMMAND_API_)."""

    database_url: Annotated[str, Meta(description="PostgreSQL URL of the book, as the writing role.")]
    nats_url: Annotated[str, Meta(description="NATS URL; only used to wake the relay.")]
    token_issuer: Annotated[str, Meta(description="The `iss` that tokens must carry.")]
    token_audience: Annotated[str, Meta(description="The `aud` that tokens must carry.")]
    jwks_file: Annotated[str | None, Meta(description="File with the issuer's public keys.")] = None
    jwks_url: Annotated[str | None, Meta(description="URL of the issuer's public keys.")] = None
    vault_keys_file: Annotated[
        str | None,
        Meta(description="File with the vault's keys; without it, payments with personal data are refused."),
    ] = None
    redis_url: Annotated[
        str | None, Meta(description="Redis with the risk features; without it, payments are not scored.")
    ] = None
    risk_folder: Annotated[
        str | None, Meta(description="Folder with rulesets and models; without one the ruleset that comes with Bursar.")
    ] = None
    risk_deadline_ms: Annotated[
        int,
        Meta(ge=1, le=10_000, description="How long a payment waits for its risk features; then a policy decides."),
    ] = int(READ_DEADLINE_S * 1000)
    sct_inst_secret_file: Annotated[
        str | None, Meta(description="File with the secrets, one a line, that the bank signs its messages with.")
    ] = None
    card_psp_secret_file: Annotated[
        str | None, Meta(description="File with the secrets, one a line, that the card processor signs with.")
    ] = None
    webhooks_to_loopback: Annotated[
        bool, Meta(description="Take webhook endpoints on this machine, over http; for development alone.")
    ] = False
    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    commands_waiting_max: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Commands that may wait before the answer is 503.")
    ] = COMMANDS_WAITING_MAX
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port to listen on.")] = 8080
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        """Refuse an ambiguous source of keys, and development tokens in production."""
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("set exactly one of jwks_file and jwks_url")
        refuse_development_issuer(self.token_issuer, environment=self.environment)
        refuse_loopback(self.webhooks_to_loopback, environment=self.environment)


def create_app(
    *,
    desk: Desk,
    filing: Filing,
    verifier: TokenVerifier,
    registry: CollectorRegistry,
    ledger: str,
    signing: RailSecrets,
) -> ASGIApp:
    """Put the application and what surrounds every request together."""

    document = write_document(HANDLERS)
    litestar = Litestar(
        route_handlers=[
            Router(
                PREFIX,
                route_handlers=[_group(module.HANDLERS, scope=module.SCOPE, ledger=ledger) for module in MODULES],
                dependencies={"desk": _given(desk)},
            ),
            Router(
                PREFIX,
                route_handlers=list(messages.HANDLERS),
                dependencies={"desk": _given(desk), "signing": _given(signing)},
            ),
            Router(
                PREFIX,
                route_handlers=[_group(payment_files.HANDLERS, scope=payment_files.SCOPE, ledger=ledger)],
                dependencies={"desk": _given(desk), "filing": _given(filing)},
            ),
            api_pages(lambda: document),
        ],
        openapi_config=None,
        logging_config=None,
        request_class=StrictRequest,
        exception_handlers=problem_handlers(),
    )
    app: ASGIApp = BodyGate(
        litestar,  # type: ignore[arg-type]  # Litestar spells the same ASGI types as TypedDicts
        rules=[
            BodyRule(prefix="/v1/batches", bytes_max=BATCH_BODY_BYTES_MAX),
            BodyRule(prefix=PREFIX + payment_files.PATH, bytes_max=FILE_BYTES_MAX, content_types=(messages.XML,)),
            BodyRule(prefix=SIGNED_PATHS[0], content_types=(messages.XML,)),
            BodyRule(prefix="/v1/statements", bytes_max=STATEMENT_BODY_BYTES_MAX),
        ],
    )
    app = Authenticate(app, verifier=verifier, public_prefixes=(*OPEN_PATHS, *SIGNED_PATHS))
    app = MeasureRequests(app, registry=registry)
    return TraceRequests(app)


def _given(value: Any) -> Provide:
    """Hand the same thing to every handler that asks for it."""

    async def give() -> Any:
        return value

    return Provide(give, use_cache=True)


def _group(handlers: Sequence[HTTPRouteHandler], *, scope: str | None, ledger: str) -> Router:
    """The routes of one noun, behind the grant for this ledger and their scope (a batch names its own)."""
    guards = [require_ledger(ledger), *([require_scope(scope)] if scope is not None else [])]
    return Router("/", route_handlers=list(handlers), middleware=[Guarded(guards)])


def create_sequencer(
    settings: Settings, *, nats: NatsLink, clock: Clock, registry: CollectorRegistry, queue: SubmissionQueue
) -> Sequencer:
    """Give the sequencer its connections; after each commit it wakes the relay."""

    async def open_connection() -> asyncpg.Connection:
        return await connect(settings.database_url, application_name="bursar-command-api")

    async def wake_relay(position: int) -> None:
        client = nats.client()
        if client is None:
            return
        try:
            await client.publish(poke_subject(settings.ledger), b"%d" % position)
        except (NatsError, OSError) as fault:  # the relay polls; the poke only saves it some milliseconds
            log.debug("poke_failed", error=str(fault))

    return Sequencer(
        ledger=settings.ledger,
        connect=open_connection,
        clock=clock,
        render=render_refusal,
        committed=wake_relay,
        metrics=SequencerMetrics(registry),
        queue=queue,
    )


async def serve(settings: Settings) -> int:
    """Run the command API until it is told to stop; what was taken is decided and answered before it leaves."""
    configure_logging("command-api", settings.log_level)
    shutdown = Shutdown()
    shutdown.listen()
    clock = SystemClock()
    registry = create_registry()
    book = await create_pool(
        settings.database_url, application_name="bursar-command-api", size_max=BOOK_CONNECTIONS_MAX
    )
    async with book.acquire() as connection:
        await read_head(connection, ledger=settings.ledger)
    nats = NatsLink(settings.nats_url, name="bursar-command-api", shutdown=shutdown, registry=registry)
    queue = SubmissionQueue(commands_max=settings.commands_waiting_max)
    sequencer = create_sequencer(settings, nats=nats, clock=clock, registry=registry, queue=queue)
    inspectors = await create_inspectors(settings, book=book, clock=clock, registry=registry)
    assessor = Assessor(inspectors)
    reach = Reach(loopback=settings.webhooks_to_loopback)
    keys = await key_source(settings, clock=clock)
    verifier = TokenVerifier(keys, settings.token_issuer, settings.token_audience, clock)
    desk = Desk(sequencer=sequencer, clock=clock, assessor=assessor, reach=reach)
    app = create_app(
        desk=desk,
        filing=Filing(book=book, assessor=assessor, vault=inspectors.vault),
        verifier=verifier,
        registry=registry,
        ledger=settings.ledger,
        signing=read_rail_secrets(settings),
    )
    settle_memory()
    tasks = {
        "sequencer": sequencer.run(),
        "nats": nats.run(),
        "http": _serve_then_drain(
            ops_app(_health(book), registry, app=app), settings=settings, shutdown=shutdown, queue=queue
        ),
    }
    if isinstance(keys, UrlKeys):
        tasks["keys"] = keys.run(shutdown)
    if inspectors.head is not None:
        tasks["risk-head"] = inspectors.head.run(shutdown)
    if inspectors.vault is not None:
        tasks["erasures"] = Erasures(book, inspectors.vault, desk).run(shutdown)
    if inspectors.screener is not None:
        tasks["screening"] = ListWatcher(inspectors.screener, registry=registry).run(shutdown)
    try:
        return await supervise(tasks, shutdown)
    finally:
        await nats.close()
        await book.close()


async def create_inspectors(
    settings: Settings, *, book: asyncpg.Pool, clock: Clock, registry: CollectorRegistry
) -> Inspectors:
    """Put together whom the door asks about payments. Raises RingRefused, ListRefused, ShelfUnreadable."""
    vault = screener = scorer = head = None
    if settings.vault_keys_file is not None:
        ring_file = Path(settings.vault_keys_file)
        vault = Vault(
            book, read_ring(ring_file), ledger=settings.ledger, reread=lambda: read_ring(ring_file), clock=clock
        )
        await vault.check_ring()
    if settings.screening_folder is not None:
        screener = Screener.load([Path(settings.screening_folder)], terms=settings.screening_terms())
    if settings.redis_url is not None:
        source = RedisFigures(
            settings.redis_url, RiskKeys(settings.ledger), deadline_s=settings.risk_deadline_ms / 1000
        )
        shelf = Shelf(Path(settings.risk_folder or NO_SHELF))
        watch = head = HeadWatch(book, ledger=settings.ledger)
        await watch.look()
        scorer = Scorer(
            source,
            ActivePolicy(shelf, clock=clock),
            clock=clock,
            metrics=RiskMetrics(registry),
            head=lambda: watch.position,
        )
    return Inspectors(
        holders=AccountHolders(book),
        applicants=Applicants(book, vault=vault, screener=screener, clock=clock),
        vault=vault,
        screener=screener,
        scorer=scorer,
        head=head,
    )


def read_rail_secrets(settings: Settings) -> RailSecrets:
    """Read the secrets that rails sign their messages with. Raises SecretMalformed, OSError."""
    files = {messages.SCT_INST: settings.sct_inst_secret_file, messages.CARD_PSP: settings.card_psp_secret_file}
    return RailSecrets(
        {
            rail: tuple(check_secret(line) for line in Path(file).read_text(encoding="ascii").split())
            for rail, file in files.items()
            if file is not None
        }
    )


async def key_source(settings: Settings, *, clock: Clock) -> KeySource:
    """Choose where the issuer's public keys come from. Raises KeysUnavailable."""
    if settings.jwks_file is not None:
        return FileKeys(Path(settings.jwks_file))
    assert settings.jwks_url is not None
    keys = UrlKeys(settings.jwks_url, clock=clock)
    await keys.fetch()
    return keys


async def _serve_then_drain(app: ASGIApp, *, settings: Settings, shutdown: Shutdown, queue: SubmissionQueue) -> None:
    """Requests in flight need the sequencer, so the queue closes only after the last of them was answered."""
    try:
        await serve_http(app, host=settings.host, port=settings.port, shutdown=shutdown)
    finally:
        queue.close()


def _health(book: asyncpg.Pool) -> Health:
    health = Health()

    async def book_answers() -> str | None:
        await book.fetchval(QUERIES["read_head_position"])
        return None

    health.add_check("book", book_answers)
    return health

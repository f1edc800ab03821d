"""The relay process: settings, connections, health, loop."""

from typing import Annotated, Literal

import structlog
from msgspec import Meta, Struct

from contracts.subjects import LedgerName
from ledger.metrics import RelayMetrics
from ledger.relay.publishing import Relay
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.jetstream import connect_nats, require_synced_stream
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.postgres import create_pool
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

log = structlog.get_logger(__name__)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the relay (prefix RELAY_)."""

    database_url: Annotated[str, Meta(description="PostgreSQL URL of the book, as a reading role.")]
    nats_url: Annotated[str, Meta(description="NATS URL of a user that may write the stream.")]
    nats_monitor_url: Annotated[str, Meta(description="HTTP monitoring URL of the NATS server.")]
    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    allow_unsynced_stream: Annotated[
        bool, Meta(description="Run on a NATS server that acknowledges before it has synced to disk.")
    ] = False
    host: Annotated[str, Meta(description="Address of /metrics and /health.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port of /metrics and /health.")] = 8082
    log_level: Literal["debug", "info", "warning", "error"] = "info"


async def serve(settings: Settings) -> int:
    """Run the relay until it is told to stop. Raises UnsyncedStream when the server may lose what it acknowledged."""
    configure_logging("relay", settings.log_level)
    shutdown = Shutdown()
    shutdown.listen()
    await require_synced_stream(settings.nats_monitor_url, waived=settings.allow_unsynced_stream)
    registry = create_registry()
    book = await create_pool(settings.database_url, application_name="bursar-relay", size_max=2)
    nats = await connect_nats(settings.nats_url, name="bursar-relay", on_closed=lambda: shutdown.request("NATS closed"))
    relay = Relay(ledger=settings.ledger, book=book, nats=nats, clock=SystemClock(), metrics=RelayMetrics(registry))
    health = Health()

    async def publishing() -> str | None:
        return relay.halted

    health.add_check("publishing", publishing)
    settle_memory()
    try:
        return await supervise(
            {
                "relay": relay.run(shutdown),
                "ops": serve_http(ops_app(health, registry), host=settings.host, port=settings.port, shutdown=shutdown),
            },
            shutdown,
        )
    finally:
        await nats.close()
        await book.close()

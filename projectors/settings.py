"""What an operator can set, under the prefix PROJECTORS_."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.subjects import LedgerName

PREFIX = "PROJECTORS_"

FlushSeconds = Annotated[
    float, Meta(ge=0.05, le=10, description="How long the lake gathers new events before it writes them, in seconds.")
]
FlushEvents = Annotated[int, Meta(ge=1, le=100_000, description="Most events in one write of the lake.")]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the projectors."""

    database_url: Annotated[str, Meta(description="PostgreSQL of the book, as bursar_reader.")]
    nats_url: Annotated[str, Meta(description="NATS with JetStream; without it the book is polled.")]
    redis_url: Annotated[str, Meta(description="Redis or Valkey for the wallets model.")]
    lake_dir: Annotated[str, Meta(description="Folder of the lake's tables.")]
    control_database_url: (
        Annotated[str, Meta(description="PostgreSQL as bursar_projector; without it read models cannot be operated.")]
        | None
    ) = None
    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    host: Annotated[str, Meta(description="Address of the operations server: /metrics and /health.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8083
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    lake_flush_s: FlushSeconds = 0.5
    lake_flush_events_max: FlushEvents = 50_000

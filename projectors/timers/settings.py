"""What an operator can set, under the prefix TIMERS_."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.subjects import LedgerName
from projectors.timers.lease import LEASE_S

PREFIX = "TIMERS_"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the timers."""

    database_url: Annotated[str, Meta(description="PostgreSQL of the book, as bursar_reactor.")]
    command_api_url: Annotated[str, Meta(description="The command API, without a trailing slash.")]
    service_token_file: Annotated[
        str, Meta(description="File with the bearer token that commands are sent with; read again when it changes.")
    ]
    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    host: Annotated[str, Meta(description="Address of the operations server: /metrics and /health.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8085
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    redis_url: Annotated[str | None, Meta(description="Redis of the models, for the auditor.")] = None
    nats_url: Annotated[str | None, Meta(description="NATS of the stream, for the auditor.")] = None
    lake_dir: Annotated[str | None, Meta(description="Folder of the lake, for the auditor.")] = None
    audit_period_s: Annotated[
        float, Meta(ge=60, le=31_536_000, description="Seconds within which every position is compared again.")
    ] = 86_400.0
    audit_events_per_s: Annotated[
        int, Meta(ge=1, le=500, description="Most positions of each copy that are compared in a second.")
    ] = 200
    lease_s: Annotated[
        float,
        Meta(ge=1, le=60, description="Seconds after which another process takes over from one that fell silent."),
    ] = LEASE_S

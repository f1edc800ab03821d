"""What an operator may set; see runtime/settings.py for how."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contracts.subjects import LedgerName
from runtime.auth import refuse_development_issuer

PREFIX: Final = "QUERY_API_"

Port = Annotated[int, Meta(ge=0, le=65_535)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one query API."""

    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    database_url: Annotated[str, Meta(description="PostgreSQL, as the role bursar_reader.")]
    redis_url: Annotated[str, Meta(description="Redis or Valkey with the wallets read model.")]
    nats_url: Annotated[str, Meta(description="NATS, for announcements and the stream's state.")]
    lake_dir: Annotated[str, Meta(description="Folder of the lake; the ledger's tables are in a folder of its name.")]
    adhoc_database_url: (
        Annotated[str, Meta(description="The same, as the role bursar_asker; without it there is no ad-hoc SQL.")]
        | None
    ) = None
    risk_folder: (
        Annotated[str, Meta(description="Folder of the rulesets that the command API activates, for their words.")]
        | None
    ) = None
    host: str = "127.0.0.1"
    port: Port = 8081
    jwks_file: Annotated[str, Meta(description="Public keys of the identity provider, from a file.")] | None = None
    jwks_url: Annotated[str, Meta(description="Public keys of the identity provider, from its address.")] | None = None
    token_issuer: str
    token_audience: str
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    database_connections_max: Annotated[int, Meta(ge=1, le=100)] = 8
    lake_memory_mb: Annotated[int, Meta(ge=64, description="What all lake queries together may use.")] = 512
    lake_threads: Annotated[int, Meta(ge=1, le=64)] = 2
    lake_query_timeout_ms: Annotated[int, Meta(ge=100, le=60_000)] = 10_000
    sql_at_once_max: Annotated[int, Meta(ge=1, le=64, description="Ad-hoc questions that run at the same time.")] = 2
    sql_timeout_ms: Annotated[int, Meta(ge=100, le=60_000, description="What one ad-hoc question may take.")] = 3_000
    sql_memory_mb: Annotated[int, Meta(ge=64, description="What DuckDB may use for one ad-hoc question.")] = 256

    def __post_init__(self) -> None:
        """Require exactly one place for the keys, and no development tokens in production."""
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("set exactly one of jwks_file and jwks_url")
        refuse_development_issuer(self.token_issuer, environment=self.environment)

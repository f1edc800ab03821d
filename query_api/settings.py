"""What an operator may set; see runtime/settings.py for how."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contracts.subjects import LedgerName
from query_api.login.public_url import check_public_url
from runtime.auth import refuse_development_issuer

PREFIX: Final = "QUERY_API_"

_FOR_LOGINS: Final = ("public_url", "login_discovery_url", "login_client_id", "session_keys_file")

Port = Annotated[int, Meta(ge=0, le=65_535)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one query API."""

    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    database_url: Annotated[str, Meta(description="PostgreSQL, as the role bursar_reader.")]
    operations_database_url: (
        Annotated[str, Meta(description="PostgreSQL as bursar_operator; without it read models cannot be operated.")]
        | None
    ) = None
    adhoc_database_url: (
        Annotated[str, Meta(description="PostgreSQL as bursar_asker; without it there is no ad-hoc SQL.")] | None
    ) = None
    redis_url: Annotated[str, Meta(description="Redis or Valkey with the wallets read model.")]
    nats_url: Annotated[str, Meta(description="NATS, for announcements and the stream's state.")]
    lake_dir: Annotated[str, Meta(description="Folder of the lake; the ledger's tables are in a folder of its name.")]
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
    public_url: (
        Annotated[str, Meta(description="Where browsers reach this API, like https://bursar.example.com; for logins.")]
        | None
    ) = None
    login_discovery_url: (
        Annotated[str, Meta(description="The identity provider's .well-known/openid-configuration; for logins.")] | None
    ) = None
    login_client_id: Annotated[str, Meta(description="Who this API is at the identity provider.")] | None = None
    login_client_secret: (
        Annotated[str, Meta(description="Its secret there; without one it is a public client with PKCE.")] | None
    ) = None
    login_scope: Annotated[str, Meta(description="Scopes that a login asks for, with spaces between.")] = (
        "openid profile"
    )
    login_claims: Annotated[
        Literal["access_token", "id_token"],
        Meta(description="Which token says what a person may do, in the claims `scope`, `ledgers` and `tenant`."),
    ] = "access_token"
    session_keys_file: (
        Annotated[str, Meta(description="Keys of the session cookies: 64 hex digits a line, the newest first.")] | None
    ) = None
    session_minutes: Annotated[int, Meta(ge=1, le=720, description="How long a login lasts.")] = 60
    live_clients_max: Annotated[int, Meta(ge=1, le=10_000, description="Live streams open at once; then 503.")] = 800
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    database_connections_max: Annotated[int, Meta(ge=1, le=100)] = 8
    lake_memory_mb: Annotated[int, Meta(ge=64, description="What all lake queries together may use.")] = 512
    lake_threads: Annotated[int, Meta(ge=1, le=64)] = 2
    lake_query_timeout_ms: Annotated[int, Meta(ge=100, le=60_000)] = 10_000
    sql_at_once_max: Annotated[int, Meta(ge=1, le=64, description="Ad-hoc questions that run at the same time.")] = 2
    sql_timeout_ms: Annotated[int, Meta(ge=100, le=60_000, description="What one ad-hoc question may take.")] = 3_000
    sql_memory_mb: Annotated[int, Meta(ge=64, description="What DuckDB may use for one ad-hoc question.")] = 256
    exports_dir: (
        Annotated[str, Meta(description="Folder for exports of reports; without it there are none.")] | None
    ) = None
    exports_key_file: (
        Annotated[str, Meta(description="File with the key that signs links; made in exports_dir when not set.")] | None
    ) = None
    exports_mb: Annotated[int, Meta(ge=1, description="What all exports together may take on disk.")] = 1_024
    exports_hours: Annotated[int, Meta(ge=1, le=168, description="How long an export and its link last.")] = 24

    def __post_init__(self) -> None:
        """Require exactly one place for the keys, all or nothing for logins, and no development in production."""
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("set exactly one of jwks_file and jwks_url")
        refuse_development_issuer(self.token_issuer, environment=self.environment)
        given = [name for name in _FOR_LOGINS if getattr(self, name) is not None]
        if given and len(given) < len(_FOR_LOGINS):
            missing = ", ".join(name for name in _FOR_LOGINS if name not in given)
            raise ValueError(f"{given[0]} is set: for logins set {missing} as well")
        if self.public_url is not None:
            check_public_url(self.public_url, environment=self.environment)

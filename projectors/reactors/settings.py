"""What an operator can set, under the prefix REACTORS_."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.calendars import Calendar
from contracts.subjects import LedgerName
from projectors.reactors.worker import LEASE_S, TASKS_AT_ONCE
from runtime.outbound import refuse_loopback

PREFIX = "REACTORS_"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the reactors."""

    database_url: Annotated[str, Meta(description="PostgreSQL of the book, as bursar_reactor.")]
    nats_url: Annotated[str, Meta(description="NATS with JetStream; without it the book is polled.")]
    command_api_url: Annotated[str, Meta(description="The command API, without a trailing slash.")]
    service_token_file: Annotated[
        str, Meta(description="File with the bearer token that commands are sent with; read again when it changes.")
    ]
    vault_database_url: Annotated[
        str | None, Meta(description="PostgreSQL with the vault, as bursar_opener; needed to tell rails whom to pay.")
    ] = None
    vault_keys_file: Annotated[str | None, Meta(description="File with the vault's keys.")] = None
    sct_inst_url: Annotated[
        str | None, Meta(description="The bank of the rail sct_inst; without it, there is none.")
    ] = None
    card_psp_url: Annotated[str | None, Meta(description="The processor of the rail card_psp.")] = None
    card_psp_key_file: Annotated[str | None, Meta(description="File with the processor's API key.")] = None
    files_dir: Annotated[str | None, Meta(description="Folder of the rail file: batches out, answers in.")] = None
    file_cut_off_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="How often, on working days, a batch of the rail file is closed.")
    ] = 1440
    file_calendar: Annotated[
        Calendar, Meta(description="On whose working days batches of the rail file are closed; EVERY_DAY: on all days.")
    ] = "TARGET"
    institution_name: Annotated[str, Meta(description="In whose name money leaves.")] = "Bursar"
    institution_iban: Annotated[str, Meta(description="The account at the bank that pays for all customers.")] = ""
    institution_bic: Annotated[str, Meta(description="That bank.")] = ""
    webhooks_to_loopback: Annotated[
        bool, Meta(description="Deliver webhooks to this machine too, over http; for development alone.")
    ] = False
    ledger: LedgerName = "main"
    environment: Literal["production", "development"] = "production"
    host: Annotated[str, Meta(description="Address of the operations server: /metrics and /health.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8084
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    tasks_at_once: Annotated[int, Meta(ge=1, le=256, description="Tasks that one process performs at once.")] = (
        TASKS_AT_ONCE
    )
    lease_s: Annotated[
        float,
        Meta(ge=1, le=3600, description="Seconds after which a task of a process that fell silent is taken over."),
    ] = LEASE_S
    done_kept_days: Annotated[
        int, Meta(ge=1, le=400, description="Days for which finished tasks are kept to be looked at.")
    ] = 14

    def __post_init__(self) -> None:
        """Refuse to reach this machine by webhook in production."""
        refuse_loopback(self.webhooks_to_loopback, environment=self.environment)

"""Names that processes meet at: stream, subjects, Redis keys, lake folders. The only place where they are spelled."""

from typing import Annotated, Final

from msgspec import Meta

LEDGER_NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,23}\Z"
LedgerName = Annotated[str, Meta(pattern=LEDGER_NAME_PATTERN, description="Name of the ledger this process serves.")]


def stream_name(ledger: str) -> str:
    """JetStream stream of a ledger's book; stream sequence = position. Only the relay writes to it."""
    return f"LEDGER_{ledger.upper()}"


def events_subject(ledger: str) -> str:
    """Subject of the book's events."""
    return f"ledger.{ledger}.events"


def public_stream_name(ledger: str) -> str:
    """JetStream stream of a ledger's public events, for other systems. Only the projectors write to it."""
    return f"PUBLIC_{ledger.upper()}"


def public_subject(ledger: str, name: str) -> str:
    """Subject of one kind of public event, such as `public.main.payment.settled`; `>` stands for all of them."""
    return f"public.{ledger}.{name}"


def poke_subject(ledger: str) -> str:
    """Core-NATS subject on which a committing process wakes the relay; carries the new head position as ASCII."""
    return f"ledger.{ledger}.poke"


def applied_subject(ledger: str, read_model: str) -> str:
    """Core-NATS subject on which a projector announces its checkpoint as ASCII."""
    return f"ledger.{ledger}.applied.{read_model}"


def redis_prefix(ledger: str, read_model: str, version: int) -> str:
    """Prefix of one version of a read model; the braces keep a model in one cluster slot."""
    return f"rm:{{{ledger}:{read_model}:v{version}}}:"


def active_version_key(ledger: str, read_model: str) -> str:
    """Redis key naming the version that readers use."""
    return f"rm:{ledger}:{read_model}:active"


def projections_subject(ledger: str) -> str:
    """Core-NATS subject that wakes whoever keeps the read models: something was asked of them. The message is empty."""
    return f"ledger.{ledger}.projections"

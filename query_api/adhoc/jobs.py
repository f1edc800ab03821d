"""What goes into a child process and what comes out: length-prefixed MessagePack on its standard input and output."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, msgpack

from contracts.sql_views import ParameterValue
from contracts.views import AsOf

ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
LENGTH_BYTES: Final = 4


class Allowance(Struct, frozen=True, kw_only=True):
    """What one question may spend. ``memory_mb`` is DuckDB's; the process may take EXTRA_MEMORY_MB beside it."""

    memory_mb: int = 256
    timeout_s: float = 3.0


class Start(Struct, frozen=True, kw_only=True):
    """What a child is told when it begins: the only folder it will ever see, and the process it serves."""

    folder: str
    parent: int
    allowance: Allowance


class Job(Struct, frozen=True, kw_only=True):
    """One question. ``views``: names of the catalog; ``definitions``: statements that make them, files and all."""

    sql: str
    parameters: dict[str, ParameterValue]
    rows_max: int
    media_type: str
    views: tuple[str, ...]
    definitions: tuple[str, ...]
    as_of: AsOf


# not_allowed: no question, or one about something else; failed: the engine cannot answer it; over_limit: too large;
# lake_moved: its files are gone, ask again.
Outcome = Literal["answered", "not_allowed", "failed", "over_limit", "lake_moved"]


class Reply(Struct, frozen=True, kw_only=True):
    """What became of a job. ``spent``: something was executed, so the child is to be thrown away."""

    outcome: Outcome
    detail: str = ""
    body: bytes = b""
    rows: int = 0
    truncated: bool = False
    spent: bool = True


def frame(message: bytes) -> bytes:
    """Put the length in front."""
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


encode: Final = msgpack.Encoder().encode
decode_start: Final = msgpack.Decoder(Start).decode
decode_missing: Final = msgpack.Decoder(tuple[str, ...]).decode
decode_job: Final = msgpack.Decoder(Job).decode
decode_reply: Final = msgpack.Decoder(Reply).decode

"""W3C Trace Context: which story a line of work belongs to.

Parsing and formatting are pure; new identifiers come from `runtime.ids`. A malformed `traceparent` is not an error:
the specification asks the receiver to start a new trace, so `parse_traceparent` answers None.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

import msgspec

TRACEPARENT_BYTES_MAX: Final = 512  # longer headers of future versions are legal, unbounded ones are an attack

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


class TraceContext(msgspec.Struct, frozen=True):
    """One step of a trace: 32 hex digits for the story, 16 for the step, and whether it is sampled."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def child(self, span_id: str) -> TraceContext:
        """Return the next step of the same story."""
        return TraceContext(self.trace_id, span_id, self.sampled)

    @property
    def traceparent(self) -> str:
        """The header's text, version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


current_trace: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)
"""The trace of the work in progress; set by the HTTP middleware and by whoever handles one event."""


def parse_traceparent(header: str) -> TraceContext | None:
    """Read a `traceparent`; None where the specification says to start anew (W3C Trace Context §3.2)."""
    if len(header) > TRACEPARENT_BYTES_MAX:
        return None
    found = _TRACEPARENT.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    malformed = version == "ff" or (version == "00" and rest is not None)
    if malformed or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1))

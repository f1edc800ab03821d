"""Identifiers, keys and nonces that come from chance.

Only this module may ask the machine for randomness. Identifiers with a meaning (transfers, holds) derive from
positions and are not made here.
"""

from __future__ import annotations

import random
import re
import secrets
from base64 import b64encode
from typing import Final

from runtime.trace import TraceContext

SECRET_BYTES: Final = 32  # as long as the output of the hash that it keys
OPAQUE_BYTES: Final = 16  # 128 bits: two processes never draw the same one

_PREFIX: Final = re.compile(r"[a-z][a-z0-9]{0,15}")


def new_trace_id() -> str:
    """Return 32 hex digits for a new trace."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """Return 16 hex digits for one step of a trace."""
    return secrets.token_hex(8)


def new_trace_context() -> TraceContext:
    """Begin a new trace."""
    return TraceContext(new_trace_id(), new_span_id())


def next_step(parent: TraceContext) -> TraceContext:
    """Continue a trace with a step of its own."""
    return parent.child(new_span_id())


def new_opaque_id(prefix: str) -> str:
    """Return `<prefix>_<32 hex digits>`, for things that nobody needs to order or parse."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"an id prefix is 1 to 16 lower-case letters and digits, got {prefix!r}")
    return f"{prefix}_{secrets.token_hex(OPAQUE_BYTES)}"


def new_webhook_secret() -> str:
    """Return a signing secret as Standard Webhooks writes one: `whsec_` and base64 of 32 random bytes."""
    return "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_url_token() -> str:
    """Return 43 characters of base64url, 256 bits: a state, a nonce, a code verifier (RFC 7636), a CSRF token."""
    return secrets.token_urlsafe(SECRET_BYTES)


def random_bytes(count: int) -> bytes:
    """Return `count` bytes fit for keys and nonces, from the operating system."""
    return secrets.token_bytes(count)


def draw() -> float:
    """Return a number in [0, 1), for spreading retries; nothing that must stay secret may depend on it."""
    return random.random()

"""Where chance comes in: idempotency keys, and the jitter of pauses. Nothing else here is random."""

from __future__ import annotations

import random
import uuid


def new_key() -> str:
    """Return an idempotency key that nobody has used."""
    return str(uuid.uuid4())


def jitter() -> float:
    """Return a number from 0 up to 1."""
    return random.random()

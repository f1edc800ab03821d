"""What a process and its workers say to each other: a length of four bytes, and so many bytes of pickle.

Both ends are one program, started one by the other, and nobody else has the pipe.
"""

from __future__ import annotations

import asyncio
import pickle
from datetime import datetime
from typing import Any, Final, NamedTuple

LENGTH_BYTES: Final = 4


class Opening(NamedTuple):
    """The first message to a worker: whose book it reads, and where."""

    database_url: str
    ledger: str


class Order(NamedTuple):
    """One window to fold: the events ``first`` to ``last``. ``fold``: a WindowFold, pickled."""

    fold: bytes
    first: int
    last: int


class Folded(NamedTuple):
    """A window that was folded. ``recorded_at``: of its last event; ``payload``: what the model's fold made of it."""

    first: int
    last: int
    recorded_at: datetime
    payload: Any


class Trouble(NamedTuple):
    """A window that could not be folded, and why."""

    reason: str


def pack(message: Any) -> tuple[bytes, bytes]:
    """Encode a message: its length, and itself. Apart, since an answer is a hundred megabytes."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "big"), body


async def read_message(reader: asyncio.StreamReader) -> Any:
    """Read the next message. Raises asyncio.IncompleteReadError when the other end is gone."""
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    return pickle.loads(await reader.readexactly(length))

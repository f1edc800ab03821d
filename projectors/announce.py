"""Telling whoever waits how far a model is: its checkpoint, as ASCII, on core NATS.

A hint and no more: it may be lost, and after a failover of Redis a smaller position follows a greater one. Readers look
at the model itself before they answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from contracts.subjects import applied_subject

_log = structlog.get_logger(__name__)


def announcer(nats: Callable[[], Client | None], *, ledger: str, model: str) -> Callable[[int], Awaitable[None]]:
    """Return what announces the checkpoints of one model."""
    subject = applied_subject(ledger, model)

    async def announce(position: int) -> None:
        client = nats()
        if client is None or not client.is_connected:
            return  # the client would keep old positions and send them after reconnecting
        try:
            await client.publish(subject, str(position).encode())
        except NatsError as error:
            _log.warning("announce_failed", subject=subject, detail=str(error))

    return announce

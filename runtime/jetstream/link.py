"""A connection to NATS for a process that also has work to do without it.

The first connection is tried for as long as it takes, in the background; afterwards the client itself reconnects for
ever. Until then there is no client, and whoever wanted one goes on without.
"""

import asyncio
from typing import Final

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from prometheus_client import CollectorRegistry

from runtime.jetstream.connection import connect_nats
from runtime.metrics import nats_error_counter
from runtime.shutdown import Shutdown

RETRY_PAUSE_S: Final = 1.0

_log = structlog.get_logger(__name__)


class NatsLink:
    """The connection to NATS, once there is one."""

    def __init__(self, url: str, *, name: str, shutdown: Shutdown, registry: CollectorRegistry) -> None:
        self._url = url
        self._name = name
        self._shutdown = shutdown
        self._errors = nats_error_counter(registry)
        self._client: Client | None = None

    def client(self) -> Client | None:
        """Return the client, None as long as the first connection has not succeeded."""
        return self._client

    async def run(self) -> None:
        """Connect, however long that takes, then wait for the shutdown."""
        asked = asyncio.create_task(self._shutdown.wait())
        connecting = asyncio.create_task(self._connect())
        try:
            await asyncio.wait({asked, connecting}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
            await asked
        finally:
            connecting.cancel()
            asked.cancel()

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> None:
        while self._client is None:  # ends when NATS answers, or with the task
            try:
                self._client = await connect_nats(
                    self._url, name=self._name, on_closed=self._closed, errors=self._errors
                )
            except (TimeoutError, OSError, NatsError) as error:
                _log.warning("nats_unreachable", detail=str(error), retry_s=RETRY_PAUSE_S)
                await asyncio.sleep(RETRY_PAUSE_S)

    def _closed(self) -> None:
        if not self._shutdown.requested:
            self._shutdown.request("the NATS client closed its connection for good")

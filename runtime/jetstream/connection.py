"""One connection to NATS per process, which never gives up, and the check that makes its acks worth something.

By default a NATS server acknowledges first and syncs its disk up to two minutes later; after a power cut the
acknowledged tail is gone. `sync_interval: always` closes that hole, and 2.15 is the first release without known bugs in
that very setting (see `require_synced_stream`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

import httpx2
import msgspec
import structlog
from nats.aio.client import Client

CONNECT_WAIT_S: Final = 30.0
CONNECT_ATTEMPT_S: Final = 2
RECONNECT_PAUSE_S: Final = 0.25
RECONNECTS_UNLIMITED: Final = -1  # the library's default closes the connection for good after two minutes
PING_INTERVAL_S: Final = 5
UNANSWERED_PINGS_MAX: Final = 2  # a connection that died silently is noticed within 15 s
MONITOR_TIMEOUT_S: Final = 5.0
SERVER_VERSION_MIN: Final = (2, 15)

_log = structlog.get_logger(__name__)


class UnsyncedStream(RuntimeError):
    """The NATS server acknowledges what a power cut can still take away, or is too old; the text has the remedy."""


class ErrorCount(Protocol):
    """A counter of connection errors, e.g. `prometheus_client.Counter`."""

    def inc(self) -> None:
        """Count one."""
        ...


class _Closing(Client):
    """A client that closes also when its server goes away meanwhile.

    The library writes out what is pending first, and gives up half-way when that fails: subscriptions stay behind.
    """

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        try:
            await super()._close(status, do_cbs)
        except OSError as lost:
            _log.warning("nats_lost_while_closing", error=type(lost).__name__)
            self._status = Client.DISCONNECTED  # nothing is pending any more: the second time only tidies up
            await super()._close(status, do_cbs)


async def connect_nats(
    url: str, *, name: str, on_closed: Callable[[], None], errors: ErrorCount | None = None
) -> Client:
    """Connect within CONNECT_WAIT_S and reconnect for ever after.

    `on_closed` is called when the connection is closed for good, by the library or by our own `close()`: whoever did
    not ask for it stops the process then.
    Raises TimeoutError when no server answers, and the library's error when it refuses the credentials.
    """
    client = _Closing()

    async def log_error(error: Exception) -> None:
        # Lost messages (SlowConsumerError) and failed callbacks are only ever reported here.
        _log.warning("nats_error", error=type(error).__name__, detail=str(error))
        if errors is not None:
            errors.inc()

    async def log_disconnect() -> None:
        _log.warning("nats_disconnected", connection=name)

    async def log_reconnect() -> None:
        _log.info("nats_reconnected", connection=name, server=client.connected_url and client.connected_url.netloc)

    async def report_closed() -> None:
        on_closed()

    try:
        async with asyncio.timeout(CONNECT_WAIT_S):
            await client.connect(
                url,
                name=name,
                error_cb=log_error,
                disconnected_cb=log_disconnect,
                reconnected_cb=log_reconnect,
                closed_cb=report_closed,
                connect_timeout=CONNECT_ATTEMPT_S,
                reconnect_time_wait=RECONNECT_PAUSE_S,  # type: ignore[arg-type]  # any float works, the hint is too narrow
                max_reconnect_attempts=RECONNECTS_UNLIMITED,
                ping_interval=PING_INTERVAL_S,
                max_outstanding_pings=UNANSWERED_PINGS_MAX,
            )
    except TimeoutError as error:
        raise TimeoutError(f"no NATS server answered within {CONNECT_WAIT_S:.0f} s; is the NATS URL right?") from error
    return client


async def require_synced_stream(monitor_url: str, *, waived: bool) -> None:
    """Raise UnsyncedStream unless the server syncs every message to disk before it acknowledges.

    Reads `/varz` of the monitoring port. `waived` accepts a server that does not sync (never one that is too old),
    for operators whose replicas are what they rely on.
    """
    varz = await _read_varz(monitor_url)
    version = str(varz.get("version", "0"))
    if _version_of(version) < SERVER_VERSION_MIN:
        floor = ".".join(map(str, SERVER_VERSION_MIN))
        raise UnsyncedStream(f"nats-server {version} is too old: its disk syncs have known bugs; upgrade to {floor}")
    config = varz.get("jetstream", {}).get("config")
    if config is None:
        raise UnsyncedStream("JetStream is off on this server; add a `jetstream { store_dir: ... }` block")
    if config.get("sync_always") is True:
        return
    if not waived:
        raise UnsyncedStream(
            "JetStream acknowledges messages before they are on disk; set `sync_interval: always` in its "
            "`jetstream` block, or waive this check by name in the settings"
        )
    _log.warning("nats_unsynced_waived", detail="acknowledged messages can be lost; they are refilled from the book")


async def _read_varz(monitor_url: str) -> dict[str, Any]:
    try:
        async with httpx2.AsyncClient(timeout=MONITOR_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(f"{monitor_url.rstrip('/')}/varz")
            answer.raise_for_status()
            varz: dict[str, Any] = msgspec.json.decode(answer.content, type=dict[str, Any])
            return varz
    except (httpx2.HTTPError, httpx2.InvalidURL, msgspec.MsgspecError) as error:
        raise UnsyncedStream(f"cannot read {monitor_url}/varz ({error}); is the NATS monitor URL right?") from error


def _version_of(text: str) -> tuple[int, ...]:
    """Read `2.15.1-rc.2` as (2, 15): only major and minor matter here."""
    return tuple(int(part) if part.isdigit() else 0 for part in text.split(".")[:2])

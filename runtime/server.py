"""Serving HTTP inside a process that does more than that.

uvicorn runs as one of the process's tasks, on our event loop and under our signals. An open event stream must not keep
a stopping process alive, so connections get GRACE_S to finish and are cut then.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Final

import msgspec
import structlog
import uvicorn
from prometheus_client import CollectorRegistry

# Without httptools uvicorn would silently fall back to a parser with half the speed; named here, it must be there.
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.health import Health
from runtime.http.asgi import ASGIApp, Receive, Scope, Send
from runtime.http.problems import problem_of, send_problem
from runtime.metrics import metrics_payload
from runtime.shutdown import Shutdown

GRACE_S: Final = 5
KEEP_ALIVE_S: Final = 75  # longer than a load balancer's 60 s, so that the balancer closes first
BACKLOG_CONNECTIONS: Final = 2048

METRICS_PATH: Final = "/metrics"
LIVE_PATH: Final = "/health/live"
READY_PATH: Final = "/health/ready"

_log = structlog.get_logger(__name__)
_CONNECTION: Final = "bursar.connection"


class CannotServe(RuntimeError):
    """The address is taken or not ours, or the application failed to start; the text says which."""


class _Protocol(HttpToolsProtocol):
    """Puts the connection into the scope, for answers without an end: see `bound_send_buffer`, `abort_connection`."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope[_CONNECTION] = self.transport  # type: ignore[typeddict-unknown-key]


def abort_connection(scope: Scope) -> None:
    """Cut the connection of a request at once, with whatever waits to be sent; nothing where it is not ours to cut."""
    connection = scope.get(_CONNECTION)
    if connection is not None:
        connection.abort()


def bound_send_buffer(scope: Scope, bytes_max: int) -> None:
    """Bound what the kernel keeps for the other side of a request, which it else lets grow to megabytes.

    For answers without an end: a client that does not read is then noticed. Linux doubles the number.
    """
    connection = scope.get(_CONNECTION)
    own = None if connection is None else connection.get_extra_info("socket")
    if own is not None:
        with socket.fromfd(own.fileno(), own.family, own.type) as duplicate:
            duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bytes_max)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one `Shutdown` for everything."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the process's signal handlers alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so once connections are accepted."""
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            _log.info("http_started", host=host, port=port)


async def serve_http(app: ASGIApp, *, host: str, port: int, shutdown: Shutdown) -> None:
    """Serve `app` until a shutdown is requested, then let open requests finish for GRACE_S.

    Port 0 chooses a free one; the log line `http_started` names it. Raises CannotServe.
    """
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    listener = _listen(host, port)
    server = _Server(config)

    async def stop_when_asked() -> None:
        await shutdown.wait()
        server.should_exit = True

    stopping = asyncio.create_task(stop_when_asked())
    try:
        await server.serve(sockets=[listener])
    except SystemExit as left:  # uvicorn's way of saying that the application's start-up failed
        raise CannotServe("the application failed to start; the log has the reason") from left
    finally:
        stopping.cancel()
        listener.close()
    if not shutdown.requested:
        raise CannotServe("the application failed to start; the log has the reason")


def ops_app(health: Health, registry: CollectorRegistry, *, app: ASGIApp | None = None) -> ASGIApp:
    """Answer /metrics, /health/live and /health/ready; hand everything else to `app`, or say 404.

    These paths need no token: they are for the scraper and the orchestrator, and show no tenant's data.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else None
        if path == METRICS_PATH:
            body, content_type = metrics_payload(registry)
            await _send(send, 200, body, content_type)
        elif path == LIVE_PATH:
            alive = health.live()
            await _send(send, 200 if alive else 503, msgspec.json.encode({"live": alive}))
        elif path == READY_PATH:
            readiness = await health.ready()
            await _send(send, 200 if readiness.ready else 503, msgspec.json.encode(readiness))
        elif app is not None:
            await app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
        else:
            await send_problem(send, problem_of(404, "this port serves /metrics and /health/*", instance=path))

    return answer


def _listen(host: str, port: int) -> socket.socket:
    """Bind here and not in uvicorn, which would leave the process by itself when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise CannotServe(f"cannot listen on {host}:{port}: {error.strerror}; is the port taken?") from error
    return listener


async def _send(send: Send, status: int, body: bytes, content_type: str = "application/json") -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

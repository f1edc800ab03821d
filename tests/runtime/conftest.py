"""What the tests of `runtime` stand on: an own database, an own stream, own servers to kill, a served application."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest
import stamina
from nats.aio.client import Client

from cli.devstack import Servers, running_servers
from runtime.http.asgi import ASGIApp
from runtime.jetstream import StreamSpec, connect_nats, ensure_stream
from runtime.server import serve_http
from runtime.shutdown import Shutdown

START_WAIT_S = 5.0

_numbers = itertools.count(1)

Serve = Callable[[ASGIApp], Awaitable[httpx2.AsyncClient]]


@pytest.fixture(scope="session")
async def killable(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Servers that a test may kill without hurting a neighbour."""
    async with running_servers(tmp_path_factory.mktemp("killable") / "stack") as running:
        yield running


@pytest.fixture
async def owner_dsn(servers: Servers) -> AsyncIterator[str]:
    """An empty database of this test's own."""
    async with servers.database(f"runtime_{next(_numbers)}") as dsn_of:
        yield dsn_of("bursar_owner")


@asynccontextmanager
async def connected(servers: Servers) -> AsyncIterator[Client]:
    """A connection to NATS for as long as the block lasts."""
    client = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
    try:
        yield client
    finally:
        await client.close()


async def new_stream(nc: Client) -> str:
    """Create an empty stream; its one subject is `<name>.events`."""
    name = f"RUNTIME_{next(_numbers)}"
    await ensure_stream(nc, StreamSpec(name=name, subjects=(f"{name}.events",)))
    return name


@pytest.fixture
async def nc(servers: Servers) -> AsyncIterator[Client]:
    """A connection to NATS."""
    async with connected(servers) as client:
        yield client


@pytest.fixture
async def stream(nc: Client) -> str:
    """A new, empty stream."""
    return await new_stream(nc)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve an ASGI application over real HTTP for as long as the block lasts; yield a client of it."""
    port, shutdown = free_port(), Shutdown()
    serving = asyncio.create_task(serve_http(app, host="127.0.0.1", port=port, shutdown=shutdown))
    try:
        await _accepting(port)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        shutdown.request("the test is over")
        await serving


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve ASGI applications until the test is over; each call returns a client of one."""
    async with AsyncExitStack() as stack:

        async def start(app: ASGIApp) -> httpx2.AsyncClient:
            return await stack.enter_async_context(served(app))

        yield start


async def _accepting(port: int) -> None:
    """Return when the port accepts connections."""
    async for attempt in stamina.retry_context(on=OSError, attempts=None, timeout=START_WAIT_S, wait_initial=0.01):
        with attempt:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()

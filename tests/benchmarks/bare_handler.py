"""The baseline of the read benchmark: `python -m tests.benchmarks.bare_handler PORT` serves a constant balance."""

import sys
from typing import cast

import uvloop
from litestar import Litestar, get
from msgspec import Struct

from runtime.http.asgi import ASGIApp
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.server import serve_http
from runtime.shutdown import Shutdown


class Constant(Struct):
    """About what a balance answer weighs."""

    account_id: str = "bench:w1234:eur"
    currency: str = "EUR"
    posted_minor: int = 1_000_000
    held_minor: int = 0
    available_minor: int = 1_000_000


@get("/bare")
async def bare() -> Constant:
    """Answer without looking anything up."""
    return Constant()


async def serve(port: int) -> None:
    """Serve until told to stop."""
    configure_logging("bare-handler", "error")
    shutdown = Shutdown()
    shutdown.listen()
    app = cast(ASGIApp, Litestar([bare], openapi_config=None, logging_config=None))
    settle_memory()
    await serve_http(app, host="127.0.0.1", port=port, shutdown=shutdown)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

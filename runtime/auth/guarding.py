"""Guards as one middleware: Litestar copies the route handler for every guard of every request, which costs more than
all that the guards do.
"""

from collections.abc import Sequence
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from runtime.auth.middleware import Guard


class Guarded(ASGIMiddleware):
    """Lets a request through when every guard does."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = tuple(guards)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the guards in order, then the route."""
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        for guard in self._guards:
            await guard(connection, scope["route_handler"])
        await next_app(scope, receive, send)
